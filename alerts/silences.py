"""Silences: for a while nobody is told about alerts that match; they still open, count and stand in the reports."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, insert, select, update

from alerts.tables import silences
from contracts.alert import Alert
from contracts.errors import Rejected
from contracts.identity import digest
from contracts.region import prefix

LONGEST = timedelta(days=7)
"""A silence that outlives a week of shifts is a rule that needs changing."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """An empty field matches everything; a region matches what lies within it. Pleas are never silenced."""

    id: str
    rule: str
    topic: str
    region: str
    event: str
    by: str
    reason: str
    created_at: datetime
    until: datetime
    ended_by: str = ""

    def covers(self, alert: Alert) -> bool:
        """Whether the alert matches; a plea never does."""
        return (
            alert.lane is None
            and self.rule in ("", alert.rule)
            and self.topic in ("", alert.topic)
            and self.event in ("", alert.event)
            and alert.region.startswith(prefix(self.region))
        )


def add(
    connection: Connection, *, rule: str = "", topic: str = "", region: str = "", event: str = "", until: datetime,
    by: str, reason: str, now: datetime,
) -> Silence:  # fmt: skip
    """Begin a silence. Raises Rejected without a reason or a filter, or for an end that is past or over 7 days away."""
    if not reason.strip():
        raise Rejected("静默要写原因。")
    if not (rule or topic or region or event):
        raise Rejected("静默至少要选规则、话题、地区或事件中的一项，不能静默全部预警。")
    if not now < until <= now + LONGEST:
        raise Rejected("静默的结束时间要在现在之后、7 天之内。")
    identity = digest("silence", rule, topic, region, event, by, now.isoformat(), until.isoformat())
    silence = Silence(
        id=identity, rule=rule, topic=topic, region=region, event=event, by=by, reason=reason.strip(), created_at=now,
        until=until,
    )  # fmt: skip
    if connection.execute(select(silences.c.id).where(silences.c.id == identity)).first() is None:
        connection.execute(insert(silences), msgspec.structs.asdict(silence))
    return silence


def end(connection: Connection, silence: str, *, by: str, now: datetime) -> None:
    """End a silence early. Raises Rejected if there is none of this id in force."""
    changed = connection.execute(
        update(silences).where(silences.c.id == silence, silences.c.until > now).values(until=now, ended_by=by)
    )
    if changed.rowcount == 0:
        raise Rejected("这条静默不存在或已经结束。")


def active(connection: Connection, now: datetime) -> Sequence[Silence]:
    """Return the silences in force, the one that ends first first."""
    rows = connection.execute(select(silences).where(silences.c.until > now).order_by(silences.c.until, silences.c.id))
    return tuple(Silence(**row) for row in rows.mappings())
