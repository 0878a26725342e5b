"""`retain`: both ends of the log's promise, that text is not kept longer than `log.keep_days`."""

from datetime import timedelta
from typing import Final

from contracts.events import STREAMS
from qingting.wiring import House

_COUNTS_DAYS: Final = 400
"""Counts of what collecting brought, without any text: this month beside that of the year before."""


def retain(house: House) -> int:
    """Drop what is older than the setting from every stream; return the number of records."""
    before = house.clock.now() - timedelta(days=house.settings.log.keep_days)
    house.crawl_book.retain((house.clock.now() - timedelta(days=_COUNTS_DAYS)).date())
    return sum(house.log.retain(stream, before) for stream in STREAMS)
