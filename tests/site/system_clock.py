"""The real time, for crawls whose pauses are real; a test may set it ahead to come back days later."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """A clock that nobody has to advance."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead
