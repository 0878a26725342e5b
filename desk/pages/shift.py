"""交接班: what is open when one shift hands over to the next, a note, and the signature that takes over."""

from starlette.responses import Response

from alerts import silences
from contracts.errors import Rejected
from desk import names
from desk.visit import Visit
from response import inbox, shifts


def shift(visit: Visit) -> Response:
    """Show what the next officer must know, filled in by itself, and the last notes."""
    unit = visit.officer.unit
    with visit.desk.database.reading() as connection:
        groups = inbox.inbox(connection, visit.officer, visit.now)
        current = shifts.current(connection, unit, visit.now)
        after = shifts.next_after(connection, unit, visit.now)
        notes = shifts.notes(connection, unit)
        quiet = silences.active(connection, visit.now)
        people = names.of(connection)
    sources = {one.id: one.name or one.id for one in visit.desk.sources()}
    troubled = [one for one in visit.desk.health() if one.failure]
    return visit.page(
        "shift.html", groups=groups, current=current, after=after, notes=notes, silences=quiet, people=people,
        sources=sources, troubled=troubled,
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
