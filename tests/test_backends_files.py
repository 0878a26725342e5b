"""Presence in files of one machine passes the suite, and sees nobody who is dead and everybody who is just born."""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from backends.files.presence import FilePresence
from contracts.ports.presence import Presence
from contracts.testing.presence_suite import PresenceSuite


class TestFilePresence(PresenceSuite):
    def make_place(self) -> object:
        return Path(tempfile.mkdtemp())

    def presence(self, place: object, role: str) -> Presence:
        assert isinstance(place, Path)
        return FilePresence(place, role)


def test_a_killed_process_is_gone_at_once(tmp_path: Path) -> None:
    code = f"""
import os, sys
from pathlib import Path
from backends.files.presence import FilePresence
FilePresence(Path({str(tmp_path)!r}), "score").show(3)
print("shown", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        (seen,) = FilePresence(tmp_path, "desk").living()
        assert (seen.role, seen.in_flight) == ("score", 3)
        process.kill()
        process.wait()
        assert FilePresence(tmp_path, "desk").living() == ()


def test_a_look_for_the_living_never_sweeps_one_that_is_just_born(tmp_path: Path) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            FilePresence(tmp_path, "desk").living()

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for _ in range(300):
            born = FilePresence(tmp_path, "score")
            born.show()
            assert [process.name for process in born.living()] == [born.name]
            born.leave()
    finally:
        stop.set()
        looker.join()
    assert FilePresence(tmp_path, "desk").living() == ()
