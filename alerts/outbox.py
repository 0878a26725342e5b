"""The outbox: what the house means to tell people and the log, written in the transaction that decided it.

Delivery is at least once. A notification with channel "" goes to every configured channel; each channel gets a
delivery of its own, so that one which fails is tried again without troubling the others.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update

from alerts.tables import alerts, deliveries, notifications, outbox_events
from contracts.events import (
    ALERTS_CHANGED,
    REPORTS_PUBLISHED,
    TASKS_CHANGED,
    AlertChanged,
    Event,
    ReportPublished,
    TaskChanged,
    decode,
    encode,
)
from contracts.identity import digest
from contracts.notification import Notification, NotificationState

_STREAMS: Final[dict[type[Event], str]] = {
    AlertChanged: ALERTS_CHANGED, TaskChanged: TASKS_CHANGED, ReportPublished: REPORTS_PUBLISHED,
}  # fmt: skip


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One message to send to one channel now."""

    id: str
    attempts: int
    created_at: datetime
    notification: Notification


def notification_id(alert: str, kind: str, ordinal: int = 1, channel: str = "") -> str:
    """Return the id of the ordinal-th notification of this kind about an alert, or about anything else with an id."""
    return digest("notification", alert, kind, str(ordinal), channel)


def notify(
    connection: Connection, notification: Notification, *, not_before: datetime | None = None, muted: str = ""
) -> None:
    """Keep the notification for sending; a second one of the same id changes nothing.

    `not_before` holds it back (quiet hours); `muted`, a Chinese reason, keeps it for the record without sending.
    """
    known = select(notifications.c.id).where(notifications.c.id == notification.id)
    if connection.execute(known).first() is None:
        row = msgspec.structs.asdict(notification)
        row |= {"muted": muted, "not_before": not_before or notification.created_at, "spread": False}
        connection.execute(insert(notifications), row)


def announce(connection: Connection, event: AlertChanged | TaskChanged | ReportPublished) -> None:
    """Keep the event for its stream; the notify role appends it within a fraction of a second."""
    connection.execute(insert(outbox_events), {"stream": _STREAMS[type(event)], "event": encode(event)})


def waiting(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    """Return how many messages and events are due and not yet out, and since when the oldest message is due."""
    unspread = connection.execute(
        select(func.count(), func.min(notifications.c.not_before)).where(
            notifications.c.spread.is_(False), notifications.c.not_before <= now
        )
    ).one()
    unsent = connection.execute(
        select(func.count(), func.min(deliveries.c.due_at)).where(
            deliveries.c.state == "pending", deliveries.c.due_at <= now
        )
    ).one()
    unpublished = connection.execute(select(func.count()).select_from(outbox_events)).scalar_one()
    oldest = min((since for since in (unspread[1], unsent[1]) if since is not None), default=None)
    return unspread[0] + unsent[0] + unpublished, oldest


def is_empty(connection: Connection, now: datetime) -> bool:
    """Whether there is nothing to publish, spread or send: one question, asked many times a second."""
    waiting = or_(
        exists(select(outbox_events.c.number)),
        exists().where(notifications.c.spread.is_(False), notifications.c.not_before <= now),
        exists().where(deliveries.c.state == "pending", deliveries.c.due_at <= now),
    )
    return not connection.execute(select(waiting)).scalar_one()


def unpublished(connection: Connection, limit: int) -> Sequence[tuple[int, str, Event]]:
    """Return (number, stream, event) of the oldest events that still have to reach the log."""
    rows = connection.execute(select(outbox_events).order_by(outbox_events.c.number).limit(limit))
    return [(row.number, row.stream, decode(row.event)) for row in rows]


def mark_published(connection: Connection, numbers: Iterable[int]) -> None:
    """Forget the events that reached the log."""
    connection.execute(delete(outbox_events).where(outbox_events.c.number.in_(list(numbers))))


def has_unspread(connection: Connection, now: datetime) -> bool:
    """Whether `spread` has something to do."""
    found = select(notifications.c.id).where(notifications.c.spread.is_(False), notifications.c.not_before <= now)
    return connection.execute(found.limit(1)).first() is not None


def spread(connection: Connection, channels: Sequence[str], now: datetime) -> int:
    """Make one delivery per channel of every notification whose time has come; return how many notifications."""
    ready = connection.execute(
        select(notifications).where(notifications.c.spread.is_(False), notifications.c.not_before <= now)
    ).all()
    for row in ready:
        for channel in (row.channel,) if row.channel else channels:
            state: NotificationState = "pending"
            detail = ""
            if row.muted:
                state, detail = "muted", row.muted
            elif channel not in channels:
                state, detail = "failed", f"没有配置通道 {channel}。"
            connection.execute(
                insert(deliveries),
                {
                    "id": digest("delivery", row.id, channel, ""), "notification": row.id, "channel": channel,
                    "recipient": row.recipient, "state": state, "attempts": 0, "due_at": now,
                    "at": None if state == "pending" else now, "detail": detail,
                },
            )  # fmt: skip
        connection.execute(update(notifications).where(notifications.c.id == row.id).values(spread=True))
    return len(ready)


def due(connection: Connection, now: datetime, limit: int) -> Sequence[Due]:
    """Return deliveries to make now: those about pleas of any lane first, then urgent ones, then the oldest."""
    rows = connection.execute(
        select(deliveries, notifications.c.alert, notifications.c.kind, notifications.c.text, notifications.c.link,
               notifications.c.urgent, notifications.c.recipient, notifications.c.created_at, notifications.c.id.label("message"))
        .join(notifications, deliveries.c.notification == notifications.c.id)
        .outerjoin(alerts, alerts.c.id == notifications.c.alert)
        .where(deliveries.c.state == "pending", deliveries.c.due_at <= now)
        .order_by(alerts.c.lane.is_(None), notifications.c.urgent.desc(), notifications.c.created_at, deliveries.c.id)
        .limit(limit)
    )  # fmt: skip
    return [
        Due(
            id=row.id, attempts=row.attempts, created_at=row.created_at,
            notification=Notification(
                id=row.message, alert=row.alert, channel=row.channel, kind=row.kind, text=row.text, link=row.link,
                created_at=row.created_at, urgent=row.urgent, recipient=row.recipient,
            ),
        )
        for row in rows
    ]  # fmt: skip


def record(
    connection: Connection, delivery: str, state: NotificationState, *, detail: str, now: datetime,
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    """Keep the outcome of one attempt; a delivery that stays `pending` is tried again at `due_at`."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery, deliveries.c.state == "pending")
        .values(state=state, attempts=deliveries.c.attempts + 1, at=now, detail=detail[:500], due_at=due_at or now)
    )
