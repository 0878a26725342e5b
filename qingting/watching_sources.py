"""Judges every source by what collecting brought, and has its troubles told until they are mended."""

from collections import defaultdict
from datetime import datetime, timedelta

from contracts.diagnosis import Diagnosis
from contracts.ports.crawl_book import SourceDay
from contracts.zone import BEIJING
from qingting.wiring import House


def watch_sources(house: House) -> int:
    """Bring the open troubles in line with what is found now; return how many there are. Safe to repeat."""
    from alerts import source_troubles

    now = house.clock.now()
    found = diagnoses(house, now)
    names = {
        source.id: f"{'样例·' if source.sample else ''}{source.name or source.id}"
        for source in house.sources
        if source.enabled
    }
    with house.database.writing() as connection:
        return len(source_troubles.settle(connection, found, names, now))


def diagnoses(house: House, now: datetime) -> tuple[Diagnosis, ...]:
    """Return what is wrong with the sources that are switched on."""
    from crawlers.agenda import rhythm_of
    from crawlers.health import DAYS_OF_HABIT, History, diagnose

    days: dict[str, list[SourceDay]] = defaultdict(list)
    for day in house.crawl_book.days((now - timedelta(days=DAYS_OF_HABIT)).astimezone(BEIJING).date()):
        days[day.source].append(day)
    health = {one.source: one for one in house.crawl_state.health()}
    histories = [
        History(health=health[source.id], days=days[source.id], rhythm=rhythm_of(health[source.id]))
        for source in house.sources
        if source.enabled and source.id in health
    ]
    return tuple(found for history in histories if (found := diagnose(history, now)))
