"""历史求助待核: pleas that came too late for an alert, listed until somebody has looked into each."""

from datetime import datetime

from sqlalchemy import Connection

from alerts import store
from alerts.store import HistoricPlea
from contracts.errors import Conflict, Rejected
from response import audit
from response.access import Denied, Officer, require, sees_plea, unit_of


def waiting(connection: Connection, officer: Officer) -> tuple[HistoricPlea, ...]:
    """Return what this officer may see and nobody has settled, newest first."""
    return tuple(plea for plea in store.historic_pleas(connection) if not plea.settled_by and _sees(officer, plea))


def settle(connection: Connection, officer: Officer, post: str, *, reason: str, now: datetime) -> None:
    """已核: say what came of looking into it. Raises Denied, Rejected without a reason, Conflict when it was settled before."""
    require(officer, "close_help")
    plea = store.historic_plea(connection, post)
    if plea is None or not _sees(officer, plea):
        raise Denied("没有这条求助。")
    if not reason.strip():
        raise Rejected("记为已核要写核对的结果，如“原帖已删，无法联系”“已由当地妇联跟进”。")
    if plea.settled_by:
        raise Conflict("这条历史求助已经核过。")
    store.settle_historic(connection, post, by=officer.id, reason=reason.strip(), now=now)
    audit.append(connection, by=officer.id, act="settle historic plea", subject=post, detail=reason.strip(), now=now)


def _sees(officer: Officer, plea: HistoricPlea) -> bool:
    return sees_plea(officer, unit_of(plea.region))
