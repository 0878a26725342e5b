"""待办: what this officer must do now, until when and why; the first screen."""

from datetime import timedelta

import msgspec
from starlette.responses import Response

from contracts.document import Query
from contracts.lane import LANES
from desk import names
from desk.owed import owed
from desk.visit import Visit
from response import inbox as todo
from response import shifts
from response.access import may


def inbox(visit: Visit) -> Response:
    """Show the groups in their fixed order."""
    with visit.desk.database.reading() as connection:
        groups = todo.inbox(connection, visit.officer, visit.now)
        shift = shifts.covering(connection, visit.officer.unit, visit.now)
        after = shifts.next_after(connection, visit.officer.unit, visit.now)
        people = names.of(connection)
        keepers = shifts.keepers(connection, visit.officer.unit)
    if visit.wants_json:
        officer = msgspec.to_builtins(visit.officer)
        return visit.json({"groups": msgspec.to_builtins(groups), "officer": officer, "csrf": visit.csrf})
    count = sum(len(group.rows) for group in groups if group.code != "morning")
    return visit.page(
        "inbox.html", groups=groups, count=count, shift=shift, after=after, people=people, keepers=keepers, lanes=LANES,
        rung=sum(row.rings for group in groups for row in group.rows), roster_is_mine=may(visit.officer, "see_shift"), last_hour=0 if count else _last_hour(visit),
        advice=owed(visit) if may(visit.officer, "answer_advice") else None,
    )  # fmt: skip


def _last_hour(visit: Visit) -> int:
    asked = Query(since=visit.now - timedelta(hours=1), until=visit.now)
    return sum(visit.desk.index.count(asked).values())
