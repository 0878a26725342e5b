"""Hours of the hotline and of the desk: pure questions to a calendar. A unit without hotline hours is closed, and nobody guesses."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from contracts.region import parent
from contracts.zone import BEIJING
from response.settings import HotlineHours, ResponseSettings

_LOOK_AHEAD_DAYS: Final = 31
_DAY_BEGINS: Final = time(8)
_DAY_ENDS: Final = time(20)


def taken_up(at: datetime) -> datetime:
    """Return when an alert below orange is taken up: with the 08:00 早报 if it came in the night, by day at once."""
    local = at.astimezone(BEIJING)
    if _DAY_BEGINS <= local.time() < _DAY_ENDS:
        return at
    day = local.date() + timedelta(days=local.time() >= _DAY_ENDS)
    return datetime.combine(day, _DAY_BEGINS, BEIJING).astimezone(UTC)


def of_unit(settings: ResponseSettings, unit: str) -> HotlineHours | None:
    """Return the hours of a unit, else of the unit above it; None when nobody set any."""
    while unit:
        if unit in settings.hotline:
            return settings.hotline[unit]
        unit = parent(unit)
    return None


def is_open(hours: HotlineHours | None, at: datetime) -> bool:
    """Whether the hotline answers at a time."""
    if hours is None:
        return False
    local = at.astimezone(BEIJING)
    opens, closes = _window(hours, local.date())
    return _works(hours, local.date()) and opens <= local < closes


def next_opening(hours: HotlineHours | None, at: datetime) -> datetime | None:
    """Return when it opens next after `at`; None when no hours are set or it stays closed for a month."""
    if hours is None:
        return None
    day = at.astimezone(BEIJING).date()
    for ahead in range(_LOOK_AHEAD_DAYS + 1):
        opens, _ = _window(hours, day + timedelta(days=ahead))
        if opens > at and _works(hours, day + timedelta(days=ahead)):
            return opens
    return None


def after_open_time(hours: HotlineHours | None, start: datetime, span: timedelta) -> datetime | None:
    """Return when `span` of opening time has passed since `start`; None when that never comes."""
    at = start
    for _ in range(_LOOK_AHEAD_DAYS * 2):
        if not is_open(hours, at):
            opening = next_opening(hours, at)
            if opening is None:
                return None
            at = opening
        assert hours is not None
        closes = _window(hours, at.astimezone(BEIJING).date())[1]
        if at + span <= closes:
            return at + span
        span -= closes - at
        at = closes
    return None


def _works(hours: HotlineHours, day: date) -> bool:
    if day.isoformat() in hours.workdays:
        return True
    return day.isoweekday() in hours.days and day.isoformat() not in hours.holidays


def _window(hours: HotlineHours, day: date) -> tuple[datetime, datetime]:
    opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
    return datetime.combine(day, opens, BEIJING), datetime.combine(day, closes, BEIJING)
