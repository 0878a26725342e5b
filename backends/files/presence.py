"""Presence on one machine: a locked file for each process."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from backends.files.locks import open_lock, take
from contracts.ports.presence import Process

_WIDTH: Final = 12
"""Characters of the number in the file: always written at once, so that nobody reads half of it."""


class FilePresence:
    """Being seen by the other processes of one machine.

    needs: a folder that all roles can write · configuration: none · delivery: a dead process is gone at once · limits:
    processes of other machines are not seen.
    """

    def __init__(self, folder: Path, role: str) -> None:
        self._folder = folder
        self._role = role
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._handle: int | None = None

    @property
    def name(self) -> str:
        return self._name

    def show(self, in_flight: int = 0) -> None:
        number = f"{in_flight:{_WIDTH}}".encode()
        if self._handle is not None:
            os.pwrite(self._handle, number, 0)
            return
        # locked before it gets its name: whoever looks for the living must never find it unlocked and sweep it away
        unnamed = self._path.with_suffix(".new")
        handle = open_lock(unnamed)
        take(handle)
        os.pwrite(handle, number, 0)
        unnamed.rename(self._path)
        self._handle = handle

    def leave(self) -> None:
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def living(self) -> Sequence[Process]:
        found = [_process(path) for path in sorted(self._folder.glob("role-*.lock"))]
        return tuple(process for process in found if process)

    @property
    def _path(self) -> Path:
        return self._folder / f"role-{self._role}.{self._name}.lock"


def _process(path: Path) -> Process | None:
    """Return whose file it is; sweeps what the dead left."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if take(handle):
            path.unlink(missing_ok=True)
            return None
        number = os.pread(handle, _WIDTH, 0)
    finally:
        os.close(handle)
    role, _, name = path.stem.removeprefix("role-").partition(".")
    return Process(role=role, name=name, in_flight=int(number))
