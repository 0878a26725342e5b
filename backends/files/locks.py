"""Lock files: a lock dies with its holder, even by kill -9."""

import fcntl
import os
from pathlib import Path

from contracts.errors import Retryable, reason_of


def open_lock(path: Path) -> int:
    """Return a descriptor of the file, made where missing. Raises Retryable where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failed:
        raise Retryable(f"写不了 {path}（{reason_of(failed)}）。请检查磁盘空间和权限。") from failed


def take(handle: int) -> bool:
    """Lock it; False while another process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
