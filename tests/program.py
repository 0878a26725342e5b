"""Calls the real command line in a process of its own, as an operator would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def call(home: Path, *arguments: str, given: bytes = b"", timeout_s: float = 120) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QINGTING")}
    return subprocess.run(
        [sys.executable, "-m", "qingting", "--home", str(home), *arguments],
        input=given, capture_output=True, check=False, timeout=timeout_s, env=environment,
    )  # fmt: skip


def done(home: Path, *arguments: str, given: bytes = b"") -> str:
    """Call and expect success; return standard output."""
    answer = call(home, *arguments, given=given)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout.decode()


def answered(home: Path, *arguments: str, given: bytes = b"") -> Any:
    """Call with --json and expect success; return the parsed answer."""
    return json.loads(done(home, *arguments, "--json", given=given))


def refused(home: Path, *arguments: str, given: bytes = b"") -> tuple[int, str]:
    """Call and expect one clear sentence, no traceback; return exit code and the sentence."""
    answer = call(home, *arguments, given=given)
    said = answer.stderr.decode().strip()
    assert answer.returncode in {1, 2}, (answer.returncode, said)
    assert "Traceback" not in said
    assert said.startswith("错误："), said
    return answer.returncode, said
