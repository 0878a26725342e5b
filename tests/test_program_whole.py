"""The whole program once: the demo plays itself to the end, and a short run of faults loses nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parent.parent


def test_the_demo_takes_an_alert_and_a_plea_the_whole_way() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qingting", "demo", "--check", "--json"], capture_output=True, check=False, timeout=300
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 0, (answer, done.stderr.decode()[-2000:])
    assert answer["ok"]
    assert 0 < answer["first_post_s"] <= answer["first_alert_s"] <= 60
    assert 0 < answer["help_task_s"] <= 60
    assert answer["answered_s"] > 0
    assert answer["posts_indexed"] >= 10  # what the first alert needs; a quick desk answers before the town has spoken
    assert b"Traceback" not in done.stderr


def test_a_short_run_of_faults_loses_and_doubles_nothing() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/faults.py"), "--posts", "1500", "--kills", "5"],
        capture_output=True, check=False, timeout=800, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()[-2000:]
