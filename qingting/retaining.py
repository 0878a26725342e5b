"""`retain`: both ends of the log's promise, that text is not kept longer than `log.keep_days`."""

from datetime import timedelta

from contracts.events import STREAMS
from qingting.wiring import House


def retain(house: House) -> int:
    """Drop what is older than the setting from every stream; return the number of records."""
    before = house.clock.now() - timedelta(days=house.settings.log.keep_days)
    return sum(house.log.retain(stream, before) for stream in STREAMS)
