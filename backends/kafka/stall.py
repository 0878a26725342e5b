"""The watchdog: a consumer that reads nothing although there is something is thrown away and opened anew."""

import logging
import time
from typing import Final

from kafka import KafkaConsumer

STALL_S: Final = 60.0

_logger = logging.getLogger(__name__)


class StallWatch:
    """Remembers when something was last read."""

    def __init__(self) -> None:
        self._read_s = time.monotonic()

    def read(self) -> None:
        self._read_s = time.monotonic()

    def is_stalled(self, consumer: KafkaConsumer) -> bool:
        """Whether nothing was read for a minute although records wait; asks the broker at most once a minute."""
        if time.monotonic() - self._read_s < STALL_S:
            return False
        self._read_s = time.monotonic()
        ours = consumer.assignment()
        ends = consumer.end_offsets(list(ours)) if ours else {}
        lag: int = sum(max(0, end - (consumer.position(place) or 0)) for place, end in ends.items())
        if lag:
            _logger.error("nothing read for %.0f s although %d records wait: opening a new consumer", STALL_S, lag)
        return lag > 0
