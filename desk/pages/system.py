"""系统: which roles live, how far behind they are, what failed, and whether the audit holds."""

from datetime import timedelta

from starlette.responses import Response

from alerts import outbox
from contracts.events import STREAMS
from desk import names, sight, wording
from desk.visit import Visit
from response import audit
from response.access import may


def system(visit: Visit) -> Response:
    """Show the state of the program."""
    return _page(visit)


def verify_audit(visit: Visit) -> Response:
    """Walk the audit's chain."""
    with visit.desk.database.reading() as connection:
        verdict = audit.verify(connection)
    if visit.wants_json:
        return visit.json({"ok": verdict.ok, "rows": verdict.rows, "first_bad": verdict.first_bad})
    return _page(visit, verdict)


def _page(visit: Visit, verdict: audit.AuditVerdict | None = None) -> Response:
    ends = visit.desk.log.end_offsets(STREAMS)
    streams = {stream: sum(end for partition, end in ends.items() if partition.stream == stream) for stream in STREAMS}
    with visit.desk.database.reading() as connection:
        waiting, since = outbox.waiting(connection, visit.now)
        failed = sight.failed_messages(connection, visit.now - timedelta(days=1))
        rows = audit.listing(connection, limit=50) if may(visit.officer, "read_audit") else ()
        people = names.of(connection)
    return visit.page(
        "system.html", roles=visit.desk.roles(), role_words=wording.ROLES_OF_PROGRAM, streams=streams, waiting=waiting,
        waiting_since=since, failed=failed, verdict=verdict, rows=rows, people=people,
    )  # fmt: skip
