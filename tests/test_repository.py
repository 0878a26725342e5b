"""Promises of the repository itself: locks without addresses, no forbidden names, pages that hold true."""

import re
import subprocess
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "manager"}
LOCKS = ("requirements.lock", "package-lock.json", "tools/servers/spirit.lock")


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines() if (ROOT / line).is_file()]


def test_locks_carry_hashes_and_no_addresses() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"https?://", text), name
        assert "sha256:" in text or '"integrity": "sha512-' in text, name


def test_no_room_or_file_is_called_utils_or_the_like() -> None:
    assert not [path for path in committed() if FORBIDDEN_NAMES & {*path.parts, path.stem}]


def test_the_architecture_page_names_files_that_exist() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+/[\w/]*\.?\w*)`", page)
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_both_readmes_name_the_same_commands() -> None:
    both = [
        set(re.findall(r"`?make [a-z-]+`?", (ROOT / name).read_text("utf-8")))
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert {"make demo", "make test"} <= {found.strip("`") for found in both[0]}
    assert {found.strip("`") for found in both[0]} == {found.strip("`") for found in both[1]}


def test_both_readmes_name_every_package_that_is_installed() -> None:
    script = (ROOT / "tools/install_packages").read_text("utf-8")
    packages = re.findall(r"packages\+=\(([\w-]+)\)", script)
    assert packages
    for name in ("README.md", "README.zh-CN.md"):
        page = (ROOT / name).read_text("utf-8")
        assert [package for package in packages if f"`{package}`" not in page] == [], name


def test_the_wheel_carries_the_packages_and_no_encoder() -> None:
    carried = [Path(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()]
    assert {path.parts[0] for path in carried} == {
        "contracts", "text", "crawlers", "pipeline", "alerts", "response", "reports", "desk", "backends", "qingting",
    }  # fmt: skip
    assert Path("pipeline/models/ngram.npz") in carried
    assert not [path for path in carried if path.suffix == ".onnx"]


def test_no_data_set_is_committed() -> None:
    assert not [path for path in committed() if path.suffix in {".csv", ".db", ".sqlite"} and "tests" not in path.parts]
