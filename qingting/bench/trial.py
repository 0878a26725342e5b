"""A home made for one measurement, with chosen roles running as they do under `up`."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import Retryable
from qingting.home import Home
from qingting.roles import ROLES
from qingting.starting_up import found
from qingting.supervisor import supervise
from qingting.wiring import House


@contextmanager
def running(roles: Sequence[str], settings: str = "") -> Iterator[tuple[House, str]]:
    """Yield a fresh home's house and its administrator's one-time password, the roles alive."""
    with tempfile.TemporaryDirectory(prefix="qingting-bench-") as folder:
        home = Home(Path(folder) / "home")
        _, password = found(home)
        if settings:
            home.settings_file.write_text(settings, "utf-8")
        stop = threading.Event()
        supervisor = threading.Thread(target=supervise, args=(home, roles, stop))
        supervisor.start()
        try:
            until(lambda: all(home.processes(role) for role in roles), "the roles to start")
            with House.at(home) as house:
                yield house, password
        finally:
            stop.set()
            supervisor.join()


@contextmanager
def up(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """Run `qingting up` on a home as an operator would, until the block ends."""
    program = subprocess.Popen(
        [sys.executable, "-m", "qingting", "--home", str(home.folder), "up"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with House.at(home) as house:
            shown = house.presence("bench")
            until(lambda: {process.role for process in shown.living()} >= set(ROLES), "all roles to start")
        yield program
    finally:
        program.terminate()
        program.wait()


def until(holds: Callable[[], bool], what: str, deadline_s: float = 120.0) -> None:
    """Poll until it holds. Raises Retryable after the deadline."""
    end = time.monotonic() + deadline_s
    while not holds():
        if time.monotonic() > end:
            raise Retryable(f"waited {deadline_s:.0f} s for {what}")
        time.sleep(0.02)
