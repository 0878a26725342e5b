"""Embedded mode needs no server's driver: it runs where none can be imported, and never imports one that is there."""

import os
import subprocess
import sys
from pathlib import Path

DRIVERS = ("kafka", "elasticsearch", "elastic_transport", "psycopg", "redis", "lz4")
BARE = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {DRIVERS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
from qingting.cli import main
main()
"""


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QINGTING")}
    return subprocess.run(
        [sys.executable, "-c", BARE, "--home", str(home), *arguments],
        capture_output=True, text=True, check=False, timeout=120, env=environment,
    )  # fmt: skip


def test_everything_embedded_runs_without_the_drivers(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"id": "1", "text": "怀孕被公司辞退，求助，应该找哪里"}\n', "utf-8")
    home = tmp_path / "home"
    for arguments in (
        ("init",), ("import", str(posts), "--source", "s", "--map", "text=text", "--map", "id=id"), ("drain",),
        ("search", "怀孕"), ("status",), ("alerts",), ("report", "weekly"),
    ):  # fmt: skip
        answer = run(home, *arguments)
        assert answer.returncode == 0, (arguments, answer.stderr)


def test_a_missing_driver_is_named_with_its_remedy(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home, "init").returncode == 0
    for section, backend in (("log", "kafka"), ("index", "elasticsearch")):
        (home / "qingting.toml").write_text(f'[{section}]\nbackend = "{backend}"\n')
        answer = run(home, "status")
        assert answer.returncode == 1
        assert answer.stderr.startswith("错误："), answer.stderr
        assert 'pip install "qingting[cluster]"' in answer.stderr
        assert len(answer.stderr.strip().splitlines()) == 1
