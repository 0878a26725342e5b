"""The crawl book port: what collecting brought, by source and day, and the wish to be crawled now."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from contracts.funnel import Funnel


class SourceDay(msgspec.Struct, frozen=True, kw_only=True):
    """One source on one day, Asia/Shanghai."""

    source: str
    day: date
    crawls: int = 0
    empty: int = 0
    """Crawls that went well and brought nothing new."""
    failed: int = 0
    funnel: Funnel = Funnel()


class CrawlBook(Protocol):
    """Durable; counts of a crawl that was killed before it ended are missing, none is counted twice."""

    def add(self, day: SourceDay) -> None:
        """Add the counts to those of the same source and day."""
        ...

    def days(self, since: date, source: str = "") -> Sequence[SourceDay]:
        """Return the days from `since` on, by source and day; of one source or of all."""
        ...

    def ask_now(self, source: str, at: datetime) -> datetime | None:
        """Let the source be due at `at`, or when its site lets us come again if that is later.

        Return when that is; None for a source that was never crawled, which is due anyway.
        """
        ...

    def retain(self, before: date) -> int:
        """Drop the days before; return how many."""
        ...
