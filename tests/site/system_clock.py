"""The real time, for crawls whose pauses are real."""

from datetime import UTC, datetime


class SystemClock:
    """A clock that nobody has to advance."""

    def now(self) -> datetime:
        return datetime.now(UTC)
