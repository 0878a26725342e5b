"""Make `.venv` from requirements.lock with hashes, then the project itself; needs only Python and its pip."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".venv"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file alone may meet an older Python
        sys.exit(f"Qingting needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    python = PLACE / "bin" / "python"
    if not python.exists():
        venv.create(PLACE, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # the lock names everything; pip 23 trips over a distribution that is asked for with one extra in two spellings
    subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True)


if __name__ == "__main__":
    main()
