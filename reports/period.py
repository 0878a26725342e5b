"""The week of a report: ISO weeks, Monday to Sunday by the clock of Beijing."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from contracts.errors import Rejected
from contracts.zone import BEIJING

DAYS: Final = 7
WEEK: Final = timedelta(days=DAYS)
_WRITTEN: Final = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


def week_of(at: datetime, back: int = 0) -> str:
    """Return the ISO week that lies so many weeks before the one of `at`, as `2026-W47`."""
    return (at.astimezone(BEIJING) - back * WEEK).strftime("%G-W%V")


def bounds(week: str) -> tuple[datetime, datetime]:
    """Return beginning (inclusive) and end (exclusive) of `2026-W47`, aware UTC. Raises Rejected for no such week."""
    read = _WRITTEN.fullmatch(week)
    try:
        monday = date.fromisocalendar(int(read[1]), int(read[2]), 1) if read else None
    except ValueError:  # a year without a week 53
        monday = None
    if monday is None:
        raise Rejected(f"{week} 不是周次，请写成 2026-W47。")
    since = datetime.combine(monday, time(), BEIJING).astimezone(UTC)
    return since, since + WEEK


def days(since: datetime) -> list[tuple[str, datetime, datetime]]:
    """Return (date, beginning, end) of the seven days; Beijing has no summer time."""
    starts = [since + timedelta(days=day) for day in range(DAYS)]
    return [(start.astimezone(BEIJING).date().isoformat(), start, start + timedelta(days=1)) for start in starts]
