"""A crawl book in memory: the model that the durable one is held against."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from contracts.ports.crawl_book import SourceDay
from contracts.testing.memory_crawl_state import MemoryCrawlState


class MemoryCrawlBook:
    """Everything is gone with the process. `state` is the crawl state whose sources are asked for."""

    def __init__(self, state: MemoryCrawlState) -> None:
        self._state = state
        self._days: dict[tuple[str, date], SourceDay] = {}

    def add(self, day: SourceDay) -> None:
        known = self._days.get((day.source, day.day), SourceDay(source=day.source, day=day.day))
        self._days[day.source, day.day] = SourceDay(
            source=day.source, day=day.day, crawls=known.crawls + day.crawls, empty=known.empty + day.empty,
            failed=known.failed + day.failed, funnel=known.funnel + day.funnel,
        )  # fmt: skip

    def days(self, since: date, source: str = "") -> Sequence[SourceDay]:
        return tuple(
            day for (name, at), day in sorted(self._days.items()) if at >= since and (not source or name == source)
        )

    def ask_now(self, source: str, at: datetime) -> datetime | None:
        for health in self._state.health([source]):
            due = max(at, health.not_before or at)
            self._state.keep_health(msgspec.structs.replace(health, next_due_at=due))
            return due
        return None

    def retain(self, before: date) -> int:
        old = [key for key in self._days if key[1] < before]
        for key in old:
            del self._days[key]
        return len(old)
