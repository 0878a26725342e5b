"""交接班: what is open when one shift hands over to the next and whose it is, a note, the signature, and the 值班表."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.responses import Response

from alerts import silences, source_troubles
from contracts.errors import Rejected
from contracts.zone import BEIJING
from desk import names
from desk.visit import Visit
from response import inbox, shifts
from response.access import may

_DAYS_MAX: Final = 31


def shift(visit: Visit) -> Response:
    """Show what the next officer must know, filled in by itself, the last notes, and who is rostered."""
    unit = visit.officer.unit
    with visit.desk.database.reading() as connection:
        groups = inbox.unfinished(connection, visit.officer, visit.now)
        owners = inbox.owners(connection, (row for group in groups for row in group.rows), visit.now)
        current = shifts.covering(connection, unit, visit.now)
        after = shifts.next_after(connection, unit, visit.now)
        upcoming = shifts.upcoming(connection, unit, visit.now)
        candidates = {duty: shifts.candidates(connection, unit, duty) for duty in shifts.DUTIES}
        notes = shifts.notes(connection, unit) if may(visit.officer, "hand_shift") else ()
        quiet = silences.active(connection, visit.now)
        known = names.of(connection)
        keepers = shifts.keepers(connection, unit)
        troubles = source_troubles.unmended(connection)
    sources = {one.id: one.name or one.id for one in visit.desk.sources()}
    told = {one.source: one.reason for one in troubles}
    troubled = told | {one.source: one.failure for one in visit.desk.health() if one.failure and one.source not in told}
    return visit.page(
        "shift.html", groups=groups, owners=owners, current=current, after=after, upcoming=upcoming,
        candidates=candidates, duties=shifts.DUTIES, today=visit.now.astimezone(BEIJING).date(), notes=notes,
        silences=quiet, people=known, keepers=keepers, sources=sources, troubled=troubled,
    )  # fmt: skip


def write(visit: Visit) -> Response:
    """Leave a note for the next shift."""
    if not visit.text("note"):
        raise Rejected("请写几句交给下一班的话；没有特别的事就写「无」。")
    with visit.desk.database.writing() as connection:
        shifts.leave_note(connection, visit.officer, note=visit.text("note"), now=visit.now)
    return visit.done("/shift", "shift")


def take_over(visit: Visit) -> Response:
    """接班签收."""
    with visit.desk.database.writing() as connection:
        shifts.sign(connection, visit.officer, visit.part("id"), now=visit.now)
    return visit.done("/shift", "taken_over")


def roster(visit: Visit) -> Response:
    """Put the same shift on the roster for a number of days; all of them or none."""
    days = visit.field("days") or "1"
    if not (days.isascii() and days.isdigit() and 1 <= int(days) <= _DAYS_MAX):
        raise Rejected(f"连排天数应是 1 到 {_DAYS_MAX} 之间的整数。")
    with visit.desk.database.writing() as connection:
        for starts_at, ends_at in _spans(visit.field("day"), visit.field("starts"), visit.field("ends"), int(days)):
            shifts.roster(
                connection, visit.officer, starts_at=starts_at, ends_at=ends_at, main=visit.field("main"),
                deputy=visit.field("deputy"), leader=visit.field("leader"), now=visit.now,
            )  # fmt: skip
    return visit.done("/shift", "rostered")


def strike(visit: Visit) -> Response:
    """Take one shift off the roster."""
    with visit.desk.database.writing() as connection:
        shifts.strike(connection, visit.officer, visit.part("id"), now=visit.now)
    return visit.done("/shift", "struck")


def _spans(day: str, starts: str, ends: str, days: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield begin and end of the shift on each day, UTC; an end that is not after the begin lies on the next day."""
    try:
        first = date.fromisoformat(day)
        begin, end = (time.fromisoformat(text).replace(tzinfo=None) for text in (starts, ends))
        for number in range(days):
            at = datetime.combine(first + timedelta(days=number), begin, BEIJING)
            until = datetime.combine(at.date() + timedelta(days=end <= begin), end, BEIJING)
            yield at.astimezone(UTC), until.astimezone(UTC)
    except (ValueError, OverflowError) as broken:
        raise Rejected("班次的日期或时间读不懂。请写成 2026-11-24、08:00 这样。") from broken
