"""What every long-running role of the program looks like to the process that runs it."""

from typing import Protocol


class Role(Protocol):
    """One turn at a time; everything between two turns is safe to kill."""

    @property
    def in_flight(self) -> int:
        """How many items are taken and not yet committed; may be asked from another thread."""
        ...

    def step(self, timeout_s: float) -> int:
        """Do one turn: wait up to `timeout_s` for work, finish what was taken, commit; return how many items were done.

        A role that must be alone returns 0 while another process holds its lease. Raises Retryable when a port is
        away: the runner waits and calls again.
        """
        ...

    def close(self) -> None:
        """Finish or give back what is in hand, release leases and files."""
        ...
