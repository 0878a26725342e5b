"""What happens to open alerts as time passes: ringing the next on duty, and ending what has gone quiet."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, or_, select

from alerts import outbox, store, wording
from alerts.settings import AlertSettings
from alerts.tables import alerts
from contracts.alert import Alert
from contracts.lane import DANGEROUS
from contracts.notification import Notification

Awaited = Callable[[Connection], Collection[str]]
"""Names the alerts about which somebody still has to decide."""
_BY: Final = "notify"


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an unacknowledged alert goes on to."""

    person: str
    """Id of the officer."""
    duty: str
    """副班 · 带班领导"""


Roster = Callable[[Connection, Alert, datetime], Sequence[Next]]
"""Returns who is rung after 主班 about an alert, in turn; empty where nobody is rostered."""


def escalate(connection: Connection, settings: AlertSettings, now: datetime, roster: Roster) -> int:
    """Ring the next on the roster about alerts that nobody acknowledged in time, `escalations_max` times; return how many.

    Where nobody is rostered the message is for everybody and says so.
    """
    due = connection.execute(
        select(alerts.c.id, alerts.c.escalations, alerts.c.escalate_at, alerts.c.opened_at).where(
            alerts.c.state == "open", alerts.c.escalate_at <= now
        )
    ).all()
    for row in due:
        ordinal = row.escalations + 1
        standing = store.get(connection, row.id)
        assert standing is not None
        again = now + _wait(standing, settings) if ordinal < settings.escalations_max else None
        minutes = int((now - row.opened_at).total_seconds()) // 60
        on_duty = roster(connection, standing, now)
        rung = on_duty[min(ordinal, len(on_duty)) - 1] if on_duty else Next(person="", duty="")
        to = rung.duty or "全体，现在无人排班"
        alert = store.note(
            connection, store.row_of(connection, row.id), "escalated", by=_BY,
            reason=f"{minutes} 分钟无人签收，第 {ordinal} 次升级：{to}", now=now, escalations=ordinal, escalate_at=again,
        )  # fmt: skip
        text = wording.escalated_text(alert, minutes, rung.duty)
        _tell(connection, alert, "escalated", ordinal, text, now, urgent=True, recipient=rung.person)
    return len(due)


def resolve_stale(connection: Connection, settings: AlertSettings, awaited: Awaited, now: datetime) -> int:
    """End opinion alerts whose condition has not held for `resolve_after_minutes`; return how many.

    What still awaits a person's answer stays: pleas, an unsigned red, and what `awaited` names.
    """
    quiet = now - timedelta(minutes=settings.resolve_after_minutes)
    stale = connection.execute(
        select(alerts.c.id).where(
            alerts.c.open_key.is_not(None), alerts.c.lane.is_(None), alerts.c.active_at < quiet, alerts.c.opened_at < quiet,
            or_(alerts.c.level != "red", alerts.c.state != "open"),
        )
    ).all()  # fmt: skip
    kept = awaited(connection) if stale else frozenset()
    ended = [row for row in stale if row.id not in kept]
    for row in ended:
        alert = store.change(
            connection, row.id, "resolved", by=_BY, reason=f"{settings.resolve_after_minutes} 分钟未再达到条件，自动结束",
            now=now,
        )  # fmt: skip
        _tell(connection, alert, "resolved", 1, wording.resolved_text(alert), now, urgent=False)
    return len(ended)


def _wait(alert: Alert, settings: AlertSettings) -> timedelta:
    is_pressing = alert.level == "red" or alert.lane in DANGEROUS
    return timedelta(minutes=settings.escalate_red_minutes if is_pressing else settings.escalate_orange_minutes)


def _tell(
    connection: Connection, alert: Alert, kind: str, ordinal: int, text: str, now: datetime, *, urgent: bool,
    recipient: str = "",
) -> None:  # fmt: skip
    message = Notification(
        id=outbox.notification_id(alert.id, kind, ordinal), alert=alert.id, channel="", kind=kind, text=text,
        link=wording.link(alert), created_at=now, urgent=urgent, recipient=recipient,
    )  # fmt: skip
    outbox.notify(connection, message)
