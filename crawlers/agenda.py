"""Which source is asked next: the schedule of all sources of the house, kept in the crawl state and read from it.

The crawl state is the only memory: after a crash, or in another process, the agenda goes on where it was. Before a source
is asked, it is put off by a little while there, so that a crash during its crawl (even one that the source itself causes
at every start) makes us ask again once, not at every restart.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from contracts.ports.clock import Clock
from contracts.ports.crawl_state import CrawlState, SourceHealth
from crawlers import schedule
from crawlers.schedule import FLAT, Day, Rhythm
from crawlers.source import Source

AFTER_CRASH_S: Final = 300.0
"""A crawl that was broken off by a crash is repeated after so long, or after the source's interval if that is shorter."""
_LOOKED_EVERY: Final = timedelta(seconds=5)
"""How soon the wish of somebody at the desk, or the crawl of another process, is noticed."""
_PRICED_EVERY: Final = timedelta(minutes=10)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_decoder: Final = msgspec.json.Decoder(Rhythm)


def rhythm_of(health: SourceHealth | None) -> Rhythm | None:
    """Return what is known of a source's arrivals; None for nothing, or what an older program wrote in another way."""
    if health is None or not health.rhythm:
        return None
    try:
        rhythm = _decoder.decode(health.rhythm)
    except msgspec.MsgspecError:
        return None
    return rhythm if len(rhythm.posts) == len(rhythm.hours) == 24 else None


def written(rhythm: Rhythm) -> str:
    """Return the rhythm as it is kept; its figures are rounded, they are estimates."""
    rounded = msgspec.structs.replace(
        rhythm, posts=tuple(round(one, 4) for one in rhythm.posts), hours=tuple(round(one, 4) for one in rhythm.hours)
    )
    return msgspec.json.encode(rounded).decode()


class Agenda:
    """The sources and their turns. Not for threads."""

    def __init__(self, sources: Sequence[Source], crawl_state: CrawlState, clock: Clock, *, polls_a_day: float) -> None:
        self._sources = {source.id: source for source in sources}
        self._crawl_state = crawl_state
        self._clock = clock
        self._polls_a_day = polls_a_day
        self._known: dict[str, SourceHealth] = {}
        self._put_off: dict[str, datetime] = {}
        self._looked_at = self._priced_at = _LONG_AGO
        self._cost = 1.0
        self._day: Day = FLAT

    def ready(self, *, busy: Collection[str]) -> Sequence[Source]:
        """Return the sources that are due and not `busy`, the longest overdue first: so nobody starves. Raises Retryable."""
        now = self._clock.now()
        self.look(now)
        due: list[tuple[datetime, str]] = []
        for source in self._sources:
            if source in busy or self._put_off.get(source, now) > now:
                continue
            at = self._due_at(source)
            if at <= now:
                due.append((at, source))
        return [self._sources[source] for _, source in sorted(due)]

    def put_off(self, source: Source, seconds: float) -> None:
        """Leave the source alone for a moment: it is not ours now, or its state cannot be asked."""
        self._put_off[source.id] = self._clock.now() + timedelta(seconds=seconds)

    def begin(self, source: Source) -> bool:
        """Return whether the source still is due, and if so keep that it is being asked. Raises Retryable."""
        now = self._clock.now()
        (health,) = self._crawl_state.health([source.id]) or (None,)
        self._keep(source.id, health)
        if self._due_at(source.id) > now:
            return False
        wait_s = min(AFTER_CRASH_S, self.usual_s(source, rhythm_of(health), now))
        marked = health or SourceHealth(source=source.id, checked_at=now)
        self._crawl_state.keep_health(msgspec.structs.replace(marked, next_due_at=now + timedelta(seconds=wait_s)))
        return True

    def ended(self, source: Source) -> None:
        """Read what the crawl kept. Raises Retryable."""
        (health,) = self._crawl_state.health([source.id]) or (None,)
        self._keep(source.id, health)

    def health(self, source: str) -> SourceHealth | None:
        """Return what is known of a source as of the last look."""
        return self._known.get(source)

    def due_after(self, source: Source, rhythm: Rhythm | None, failures: int, now: datetime) -> datetime:
        """Return when to ask the source after a crawl that ended at `now`, its `failures`-th failed one in a row."""
        if failures:
            return schedule.due_after_failure(now, self.usual_s(source, rhythm, now), failures)
        if rhythm is None:
            return now + timedelta(seconds=self.usual_s(source, None, now))
        limits = _bounds(source, rhythm)
        by_hour = schedule.rates(rhythm, self._day)
        return schedule.due_after(now, by_hour, limits, self._cost, rhythm.hints.skip_hours)

    def usual_s(self, source: Source, rhythm: Rhythm | None, now: datetime) -> float:
        """Return the source's interval as of now, in seconds."""
        limits = _bounds(source, rhythm)
        if rhythm is None:
            return min(max(schedule.DAY_S / self._polls_a_day, limits.shortest_s), limits.longest_s)
        due = schedule.due_after(now, schedule.rates(rhythm, self._day), limits, self._cost)
        return (due - now).total_seconds()

    def look(self, now: datetime) -> None:
        """Read the state of all sources when it is time to, and now and then set the price anew. Raises Retryable."""
        if now - self._looked_at >= _LOOKED_EVERY:
            self._known = {health.source: health for health in self._crawl_state.health()}
            self._looked_at = now
        if now - self._priced_at >= _PRICED_EVERY:
            self._price()
            self._priced_at = now

    def _price(self) -> None:
        """Share the budget among the sources that are switched on; those in other processes count too."""
        rhythms = {source: rhythm_of(self._known.get(source)) for source in self._sources}
        known = {source: rhythm for source, rhythm in rhythms.items() if rhythm is not None}
        self._day = schedule.pooled(known.values())
        self._cost = schedule.price(
            [schedule.mean_root(schedule.rates(rhythm, self._day)) for rhythm in known.values()],
            [_bounds(self._sources[source], rhythm) for source, rhythm in known.items()],
            self._polls_a_day,
        )

    def _due_at(self, source: str) -> datetime:
        health = self._known.get(source)
        return (health.next_due_at if health else None) or _LONG_AGO

    def _keep(self, source: str, health: SourceHealth | None) -> None:
        if health is not None:
            self._known[source] = health


def _bounds(source: Source, rhythm: Rhythm | None) -> schedule.Bounds:
    return schedule.bounds(rhythm, shortest_s=source.interval_min_s, longest_s=source.interval_s)
