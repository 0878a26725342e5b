"""The week of a report: ISO weeks, Monday to Sunday by the clock of Beijing."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from contracts.errors import Rejected

CHINA: Final = ZoneInfo("Asia/Shanghai")
DAYS: Final = 7
WEEK: Final = timedelta(days=DAYS)


def bounds(week: str) -> tuple[datetime, datetime]:
    """Return beginning (inclusive) and end (exclusive) of `2026-W47`, aware UTC. Raises Rejected for no such week."""
    try:
        year, number = week.split("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError as unreadable:
        raise Rejected(f"{week} 不是周次，请写成 2026-W47。") from unreadable
    since = datetime.combine(monday, time(), CHINA).astimezone(UTC)
    return since, since + WEEK


def days(since: datetime) -> list[tuple[str, datetime, datetime]]:
    """Return (date, beginning, end) of the seven days; Beijing has no summer time."""
    starts = [since + timedelta(days=day) for day in range(DAYS)]
    return [(start.astimezone(CHINA).date().isoformat(), start, start + timedelta(days=1)) for start in starts]
