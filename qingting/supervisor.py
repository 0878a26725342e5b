"""`up`: every role as a child process; one that dies is started again."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from qingting.home import Home

CALM_S: Final = 10.0
"""A child that lived this long earns a prompt restart again."""
_LONGEST_PAUSE_S: Final = 5.0
_FINISH_S: Final = 20.0

_logger = logging.getLogger(__name__)


@dataclass
class _Child:
    role: str
    process: subprocess.Popen[bytes]
    started_s: float
    failures: int = 0
    restart_at_s: float | None = field(default=None)


def supervise(
    home: Home,
    roles: Sequence[str],
    stop: threading.Event,
    *,
    on_start: Callable[[], None] | None = None,
    quiet: bool = False,
) -> None:
    """Run the roles until `stop`; then let each finish its batch, and kill what does not end within 20 s.

    A child reads end-of-file on its standard input when this process dies, even by kill -9, and stops by itself.
    """
    children = [_Child(role, _start(home, role, quiet=quiet), time.monotonic()) for role in roles]
    if on_start:
        on_start()
    try:
        while not stop.wait(0.05):
            for child in children:
                _keep_alive(home, child, quiet=quiet)
    finally:
        _end(children)


def _start(home: Home, role: str, *, quiet: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "qingting", "--home", str(home.folder), "run", "--supervised", role]
    if quiet:
        command.append("--quiet")
    # what a child says is for the log: standard output is the answer of the command that started it
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )


def _keep_alive(home: Home, child: _Child, *, quiet: bool) -> None:
    now = time.monotonic()
    if child.restart_at_s is not None:
        if now >= child.restart_at_s:
            child.process, child.started_s, child.restart_at_s = _start(home, child.role, quiet=quiet), now, None
        return
    code = child.process.poll()
    if code is None:
        return
    child.failures = 0 if now - child.started_s > CALM_S or code < 0 else child.failures + 1
    pause_s = min(_LONGEST_PAUSE_S, 0.1 * 2**child.failures) if child.failures else 0.0
    _logger.warning("role %s ended with %s; starting it again in %.1f s", child.role, code, pause_s)
    if child.process.stdin:
        child.process.stdin.close()
    child.restart_at_s = now + pause_s


def _end(children: Sequence[_Child]) -> None:
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _FINISH_S
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _logger.warning("role %s did not finish within %.0f s; killing it", child.role, _FINISH_S)
            child.process.kill()
            child.process.wait()
        if child.process.stdin:
            child.process.stdin.close()
