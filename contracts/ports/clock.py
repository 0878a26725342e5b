"""The clock port."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; injected everywhere, so that tests own it."""

    def now(self) -> datetime:
        """Return the present as aware UTC; never goes backwards within one process."""
        ...
