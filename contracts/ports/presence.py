"""The presence port: which processes of the program live, and how much each has in hand."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One living process in one role."""

    role: str
    name: str
    """Unlike that of any other process, living or dead."""
    in_flight: int = 0
    """Items taken and not yet committed."""


class Presence(Protocol):
    """One process in one role, and a view of all others; a dead process is gone from it within 10 s."""

    @property
    def name(self) -> str:
        """This process's name among the living."""
        ...

    def show(self, in_flight: int = 0) -> None:
        """Be seen from now on; to be called again at least every 3 s. Raises Retryable where it cannot be told now."""
        ...

    def leave(self) -> None:
        """Be seen no longer; without effect where it never was."""
        ...

    def living(self) -> Sequence[Process]:
        """Return all processes that live, of every role."""
        ...
