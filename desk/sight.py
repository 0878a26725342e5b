"""Who may see an alert, a task or an event of either: pleas are the officers' and the hotline's of the area alone."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from alerts import store
from alerts.tables import deliveries
from contracts.events import AlertChanged, TaskChanged
from response import answering, helping, judging
from response.access import Officer, sees, unit_of_alert

if TYPE_CHECKING:
    from desk.app import Desk


def of_alert_event(desk: "Desk", event: AlertChanged) -> Callable[[Officer], bool]:
    """Return who may be told that the alert changed."""
    act = "see_pleas" if event.lane else "see_alerts"
    with desk.database.reading() as connection:
        alert = store.get(connection, event.id)
        unit = unit_of_alert(connection, alert) if alert else ""
    return lambda officer: sees(officer, act, unit)


def of_task_event(desk: "Desk", event: TaskChanged) -> Callable[[Officer], bool]:
    """Return who may be told that the task changed."""
    act = "see_pleas" if event.kind == "help" else "see_tasks"
    kept = {"help": helping.get, "judgement": judging.get, "response": answering.get}[event.kind]
    with desk.database.reading() as connection:
        task = kept(connection, event.id)
    unit = task.unit if task else ""
    return lambda officer: sees(officer, act, unit)


def failed_messages(connection: Connection, since: datetime) -> int:
    """Return how many messages no channel could deliver since then."""
    failed = select(func.count()).where(deliveries.c.state == "failed", deliveries.c.at >= since)
    return connection.execute(failed).scalar_one()
