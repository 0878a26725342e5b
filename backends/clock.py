"""The system's clock."""

from datetime import UTC, datetime
from threading import Lock


class SystemClock:
    """Tells the machine's time.

    needs: nothing · limits: when the machine's clock is set back, it stands still until the old time is reached again.
    """

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last
