"""Who may see an alert, a task or an event of either: pleas are the officers' and the hotline's of the area alone."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from alerts import store
from alerts.tables import deliveries
from contracts.alert import Alert
from contracts.events import AlertChanged, TaskChanged
from response import helping
from response.access import Officer, may, sees_plea

if TYPE_CHECKING:
    from desk.app import Desk


def sees_alert(officer: Officer, alert: Alert) -> bool:
    """Whether the officer may know of the alert."""
    if alert.lane is not None:
        return sees_plea(officer, (alert.region,) if alert.region else ())
    return may(officer, "see_alerts")


def of_alert_event(desk: "Desk", event: AlertChanged) -> Callable[[Officer], bool]:
    """Return who may be told that the alert changed."""
    if event.lane is None:
        return lambda officer: may(officer, "see_alerts")
    with desk.database.reading() as connection:
        alert = store.get(connection, event.id)
    return lambda officer: alert is not None and sees_alert(officer, alert)


def of_task_event(desk: "Desk", event: TaskChanged) -> Callable[[Officer], bool]:
    """Return who may be told that the task changed."""
    if event.kind != "help":
        return lambda officer: may(officer, "see_tasks")
    with desk.database.reading() as connection:
        task = helping.get(connection, event.id)
    return lambda officer: task is not None and helping.sees(officer, task)


def failed_messages(connection: Connection, since: datetime) -> int:
    """Return how many messages no channel could deliver since then."""
    failed = select(func.count()).where(deliveries.c.state == "failed", deliveries.c.at >= since)
    return connection.execute(failed).scalar_one()
