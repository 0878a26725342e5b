"""The work that an alert opens, in the transaction that opens the alert."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, insert, select

from alerts import outbox
from contracts.alert import Alert
from contracts.events import TaskChanged
from contracts.identity import task_id
from response import hours, units
from response.settings import ResponseSettings
from response.tables import help_tasks, judgements


def open_work(connection: Connection, alert: Alert, now: datetime, settings: ResponseSettings | None = None) -> None:
    """Open the 研判 of an opinion alert or the help task of a plea; doing it twice changes nothing."""
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
            "id": identity, "alert": alert.id, "unit": units.unit_for(connection, alert.region), "state": "open",
            "opened_at": now, "due_at": begins + timedelta(minutes=minutes), "outcome": None, "reason": "",
            "decided_by": "", "decided_at": None,
        },
    )  # fmt: skip
    announce(connection, identity, "judgement", "open", 1, now)


def _open_help(connection: Connection, alert: Alert, now: datetime, settings: ResponseSettings) -> None:
    identity = task_id(alert.id, "help")
    if connection.execute(select(help_tasks.c.id).where(help_tasks.c.id == identity)).first():
        return
    critical = alert.lane in {"critical", "suspected"}
    minutes = settings.receive_critical_minutes if critical else settings.receive_other_minutes
    connection.execute(
        insert(help_tasks),
        {
            "id": identity, "alert": alert.id, "post": alert.posts[0] if alert.posts else "",
            "unit": units.unit_for(connection, alert.region), "lane": alert.lane, "state": "pending",
            "opened_at": now, "due_at": now + timedelta(minutes=minutes), "handed_to": "", "receipt": "",
            "outcome": "", "late_days": alert.late_days, "overdue": False, "place": alert.region,
            "marks": msgspec.json.encode(alert.reason.marks).decode(), "closed_at": None,
        },
    )  # fmt: skip
    announce(connection, identity, "help", "pending", 1, now)


def announce(connection: Connection, task: str, kind: str, state: str, change: int, now: datetime) -> None:
    """Tell the log that a task changed state; `change` rises within a task."""
    outbox.announce(connection, TaskChanged(id=task, kind=kind, state=state, changed_at=now, change=change))
