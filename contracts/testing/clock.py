"""A clock that a test advances by hand."""

from datetime import datetime, timedelta

from contracts.testing.builders import NOON


class FakeClock:
    """Stands still until told otherwise."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> None:
        if step < timedelta():
            raise ValueError("a clock never goes backwards")
        self._now += step
