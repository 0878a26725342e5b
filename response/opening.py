"""The work that an alert opens, in the transaction that opens the alert."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from alerts import outbox
from contracts.alert import Alert
from contracts.events import TaskChanged
from contracts.identity import task_id
from contracts.lane import DANGEROUS, LANES
from response import audit, hours
from response.access import unit_of
from response.settings import ResponseSettings
from response.tables import help_tasks, judgements


def open_work(connection: Connection, alert: Alert, now: datetime, settings: ResponseSettings | None = None) -> None:
    """Open the 研判 of an opinion alert or the help task of a plea; doing it twice changes nothing.

    The open task of a plea that has become more pressing follows it.
    """
    settings = settings or ResponseSettings()
    if alert.lane:
        _open_help(connection, alert, now, settings)
    else:
        _open_judgement(connection, alert, now, settings)


def _open_judgement(connection: Connection, alert: Alert, now: datetime, settings: ResponseSettings) -> None:
    identity = task_id(alert.id, "judgement")
    if connection.execute(select(judgements.c.id).where(judgements.c.id == identity)).first():
        return
    pressing = {"red": settings.judge_red_minutes, "orange": settings.judge_orange_minutes}
    minutes = pressing.get(alert.level or "", settings.judge_other_minutes)
    begins = now if alert.level in pressing else hours.taken_up(now)
    connection.execute(
        insert(judgements),
        {
            "id": identity, "alert": alert.id, "unit": unit_of(alert.region), "state": "open",
            "opened_at": now, "due_at": begins + timedelta(minutes=minutes), "outcome": None, "reason": "",
            "decided_by": "", "decided_at": None,
        },
    )  # fmt: skip
    announce(connection, identity, "judgement", "open", 1, now)


def _open_help(connection: Connection, alert: Alert, now: datetime, settings: ResponseSettings) -> None:
    identity = task_id(alert.id, "help")
    standing = connection.execute(select(help_tasks).where(help_tasks.c.id == identity)).first()
    if standing:
        _press(connection, standing, alert, now, settings)
        return
    critical = alert.lane in DANGEROUS
    minutes = settings.receive_critical_minutes if critical else settings.receive_other_minutes
    connection.execute(
        insert(help_tasks),
        {
            "id": identity, "alert": alert.id, "post": alert.posts[0] if alert.posts else "",
            "unit": unit_of(alert.region), "lane": alert.lane, "state": "pending",
            "opened_at": now, "due_at": now + timedelta(minutes=minutes), "handed_to": "", "receipt": "",
            "outcome": "", "late_days": alert.late_days, "overdue": False, "place": alert.region,
            "marks": msgspec.json.encode(alert.reason.marks).decode(), "closed_at": None,
        },
    )  # fmt: skip
    announce(connection, identity, "help", "pending", 1, now)


def _press(connection: Connection, standing: Row[Any], alert: Alert, now: datetime, settings: ResponseSettings) -> None:
    assert alert.lane is not None
    if standing.state == "closed" or LANES.index(alert.lane) >= LANES.index(standing.lane):
        return
    due_at = standing.due_at
    if alert.lane in DANGEROUS and standing.state in ("pending", "handed_over"):
        soon = now + timedelta(minutes=settings.receive_critical_minutes)
        due_at = min(due_at, soon) if due_at else soon
    connection.execute(
        update(help_tasks)
        .where(help_tasks.c.id == standing.id)
        .values(lane=alert.lane, marks=msgspec.json.encode(alert.reason.marks).decode(), due_at=due_at)
    )
    audit.append(connection, by="-", act="help: pressed", subject=standing.id, detail=alert.lane, now=now)
    announce(connection, standing.id, "help", standing.state, changes(connection, standing.id, "help"), now)


def changes(connection: Connection, task: str, kind: str) -> int:
    """Return the ordinal of the change just audited: opening was the first."""
    return 1 + sum(row.act.startswith(f"{kind}:") for row in audit.listing(connection, subject=task, limit=1000))


def announce(connection: Connection, task: str, kind: str, state: str, change: int, now: datetime) -> None:
    """Tell the log that a task changed state; `change` rises within a task."""
    outbox.announce(connection, TaskChanged(id=task, kind=kind, state=state, changed_at=now, change=change))
