"""Alerts in the desk database: read, change and their history. Every change leaves a row and an event for the log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, select, update

from alerts import outbox
from alerts.stages import Episode, Opening
from alerts.tables import alert_changes, alerts, notifications, openings
from alerts.tables import deliveries as sent
from alerts.tables import historic_pleas as historic
from alerts.tables import positions as kept_positions
from contracts.alert import Alert, AlertState, Reason
from contracts.errors import Conflict, Rejected
from contracts.events import AlertChanged
from contracts.identity import digest
from contracts.level import LEVEL_WORDS, Level
from contracts.ports.log import Partition

OPEN_STATES: Final[tuple[AlertState, ...]] = ("open", "acknowledged")
STATE_WORDS: Final[dict[str, str]] = {
    "open": "待签收", "acknowledged": "已签收", "resolved": "已结束", "false_alarm": "误报", "merged": "已并入"
}  # fmt: skip

_reason: Final = msgspec.json.Decoder(Reason).decode
_past: Final = msgspec.json.Decoder(tuple[Episode, ...]).decode
_ALERT_FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Alert))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an alert's history; `kind` is opened · told · raised · state · level · event · escalated."""

    change: int
    kind: str
    state: str
    level: str | None
    by: str
    reason: str
    at: datetime


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """What an open alert shows of its posts from now on."""

    alert: str
    active_at: datetime
    reason: Reason
    posts: Sequence[str]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message about an alert through one channel; `at` is None until it was tried."""

    channel: str
    state: str
    kind: str
    text: str
    recipient: str
    attempts: int
    at: datetime | None
    detail: str


class HistoricPlea(msgspec.Struct, frozen=True, kw_only=True):
    """A plea that came too late for an alert (历史求助待核); `settled_by` is "" until somebody looked into it."""

    post: str
    lane: str
    region: str
    source: str
    published_at: datetime
    listed_at: datetime
    sample: bool
    settled_by: str
    settled_at: datetime | None
    settled_why: str


def get(connection: Connection, alert: str) -> Alert | None:
    """Return the alert of this id."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert)).first()
    return None if row is None else _alert(row)


def of(connection: Connection, ids: Collection[str]) -> Mapping[str, Alert]:
    """Return the alerts of these ids, by id."""
    if not ids:
        return {}
    return {row.id: _alert(row) for row in connection.execute(select(alerts).where(alerts.c.id.in_(ids)))}


def listing(
    connection: Connection, *, open_only: bool = False, pleas: bool | None = None, limit: int = 200,
    only: ColumnElement[bool] | None = None,
) -> tuple[Alert, ...]:  # fmt: skip
    """Return alerts, newest first; `pleas` True = pleas only, False = opinion only, None = both; `only` narrows them."""
    query = select(alerts).order_by(alerts.c.opened_at.desc(), alerts.c.id).limit(limit)
    if open_only:
        query = query.where(alerts.c.open_key.is_not(None))
    if pleas is not None:
        query = query.where(alerts.c.lane.is_not(None) if pleas else alerts.c.lane.is_(None))
    if only is not None:
        query = query.where(only)
    return tuple(_alert(row) for row in connection.execute(query))


def history(connection: Connection, alert: str) -> tuple[Change, ...]:
    """Return the alert's changes, oldest first."""
    rows = connection.execute(
        select(alert_changes).where(alert_changes.c.alert == alert).order_by(alert_changes.c.change)
    )
    return tuple(
        Change(
            change=row.change, kind=row.kind, state=row.state, level=row.level, by=row.by, reason=row.reason, at=row.at
        )
        for row in rows
    )  # fmt: skip


def deliveries(connection: Connection, alert: str) -> tuple[Delivery, ...]:
    """Return who is told about the alert, by which channel and with what outcome, oldest first."""
    rows = connection.execute(
        select(
            sent.c.channel, sent.c.state, sent.c.recipient, sent.c.attempts, sent.c.at,
            sent.c.detail, notifications.c.channel.label("wanted"), notifications.c.kind, notifications.c.text,
            notifications.c.muted,
        )
        .select_from(notifications.outerjoin(sent, sent.c.notification == notifications.c.id))
        .where(notifications.c.alert == alert)
        .order_by(notifications.c.created_at, notifications.c.id, sent.c.channel)
    )  # fmt: skip
    return tuple(
        Delivery(
            channel=row.channel or row.wanted or "all", state=row.state or ("muted" if row.muted else "pending"),
            kind=row.kind, text=row.text, recipient=row.recipient or "", attempts=row.attempts or 0, at=row.at,
            detail=row.detail or row.muted,
        )
        for row in rows
    )  # fmt: skip


def rung_to(connection: Connection, officer: str) -> tuple[Alert, ...]:
    """Return the alerts that went on to this officer and that nobody has acknowledged yet, oldest first."""
    rung = select(notifications.c.alert).where(
        notifications.c.kind == "escalated", notifications.c.recipient == officer
    )
    waiting = select(alerts).where(alerts.c.state == "open", alerts.c.id.in_(rung))
    return tuple(_alert(row) for row in connection.execute(waiting.order_by(alerts.c.opened_at, alerts.c.id)))


def historic_pleas(connection: Connection) -> tuple[HistoricPlea, ...]:
    """Return the pleas that came too late for an alert, newest first."""
    rows = connection.execute(select(historic).order_by(historic.c.published_at.desc(), historic.c.post))
    return tuple(HistoricPlea(**row) for row in rows.mappings())


def historic_plea(connection: Connection, post: str) -> HistoricPlea | None:
    """Return the entry of one post."""
    row = connection.execute(select(historic).where(historic.c.post == post)).mappings().first()
    return HistoricPlea(**row) if row else None


def settle_historic(connection: Connection, post: str, *, by: str, reason: str, now: datetime) -> None:
    """Keep who looked into a plea that came too late, and what came of it."""
    connection.execute(
        update(historic).where(historic.c.post == post).values(settled_by=by, settled_at=now, settled_why=reason)
    )


def plea_posts(connection: Connection) -> Mapping[str, str]:
    """Return the post of every plea that has not been forgotten, by the plea's alert."""
    rows = connection.execute(select(alerts.c.id, alerts.c.posts).where(alerts.c.lane.is_not(None), names_a_post()))
    return {row.id: msgspec.json.decode(row.posts, type=tuple[str, ...])[0] for row in rows}


def names_a_post() -> ColumnElement[bool]:
    """Return the condition that an alert still names a post."""
    return alerts.c.posts != _json(())


def forget_plea(connection: Connection, alert: str) -> None:
    """Take from a plea's alert all that leads to its post: its id, its place, its words; lane, times and counts stay."""
    reason = _reason(row_of(connection, alert).reason)
    wordless = msgspec.structs.replace(reason, marks=())
    connection.execute(
        update(alerts).where(alerts.c.id == alert).values(key="", region="", posts=_json(()), reason=_json(wordless))
    )


def forget_historic(connection: Connection, post: str) -> None:
    """Take a plea that came too late from its list."""
    connection.execute(delete(historic).where(historic.c.post == post))


def positions(connection: Connection) -> Mapping[Partition, int]:
    """Return the next offset that the watch role reads, by partition."""
    return {Partition(row.stream, row.number): row.offset for row in connection.execute(select(kept_positions))}


def change(
    connection: Connection, alert: str, state: AlertState, *, by: str, reason: str, now: datetime, into: str = ""
) -> Alert:
    """Move an open alert on: acknowledged, resolved, false_alarm, or merged (`into` names the other alert).

    The same state again changes nothing. Raises Rejected for an unknown alert or target and without a reason where one
    is owed, Conflict for an alert that is closed already.
    """
    row = row_of(connection, alert)
    if row.state == state:
        return _alert(row)
    if row.state not in OPEN_STATES:
        raise Conflict(f"这条预警{STATE_WORDS[row.state]}，不能再改。")
    if state == "open":
        raise Rejected("已签收的预警不能退回待签收。")
    if state != "acknowledged" and not reason.strip():
        raise Rejected("结束预警要写原因。")
    if state == "merged" and (not into or into == alert or get(connection, into) is None):
        raise Rejected("要并入的预警不存在。")
    values: dict[str, Any] = {"state": state, "escalate_at": None, "merged_into": into}
    if state not in OPEN_STATES:
        values["open_key"] = None
    return note(connection, row, "state", by=by, reason=reason, now=now, **values)


def confirm_level(
    connection: Connection, alert: str, level: Level, *, by: str, reason: str, now: datetime
) -> Alert:  # fmt: skip
    """Confirm or change the level (定级); from then on the engine no longer raises it. Raises Rejected, Conflict."""
    row = row_of(connection, alert)
    if row.lane is not None:
        raise Rejected("求助不定级，只分通道。")
    if level not in LEVEL_WORDS:
        raise Rejected(f"没有叫 {level} 的级别；可用：{'、'.join(LEVEL_WORDS)}。")
    if not reason.strip():
        raise Rejected("定级要写理由。")
    if row.state not in OPEN_STATES:
        raise Conflict(f"这条预警{STATE_WORDS[row.state]}，不能再定级。")
    if row.level_confirmed and row.level == level:
        return _alert(row)
    return note(connection, row, "level", by=by, reason=reason, now=now, level=level, level_confirmed=True)


def open_key(rule: str, key: str) -> str:
    """Return what is unique while an alert of this rule and key is open."""
    return digest("open", rule, key)


def open_alert(
    connection: Connection, alert: Alert, *, opening: int, active_at: datetime, escalate_at: datetime | None,
    now: datetime, told: str = "",
) -> None:  # fmt: skip
    """Insert a new alert with its first history row and event; `told` is the second row, where it is known already.

    Raises IntegrityError if the id exists.
    """
    row = msgspec.structs.asdict(alert) | {
        "open_key": open_key(alert.rule, alert.key), "opening": opening, "active_at": active_at,
        "escalate_at": escalate_at, "escalations": 0, "changes": 2 if told else 1, "merged_into": "",
        "reason": _json(alert.reason), "posts": _json(alert.posts),
    }  # fmt: skip
    connection.execute(insert(alerts), row)
    _append(connection, alert.id, 1, "opened", alert.state, alert.level, "watch", alert.reason.sentence, now)
    if told:
        _append(connection, alert.id, 2, "told", alert.state, alert.level, "watch", told, now)
    _announce(connection, alert, 1, now)


def last_openings(connection: Connection, *only: ColumnElement[bool]) -> Mapping[tuple[str, str], Opening]:
    """Return what is remembered of the last openings, by rule and key; `only` narrows them."""
    return {
        (row.rule, row.key): Opening(
            opening=row.opening, level=row.level, held_until=row.held_until, past=_past(row.past)
        )
        for row in connection.execute(select(openings).where(*only))
    }  # fmt: skip


def pasts(connection: Connection) -> Mapping[tuple[str, str], Sequence[Episode]]:
    """Return the earlier episodes of every rule and key."""
    return {at: opening.past for at, opening in last_openings(connection).items()}


def opening_values(opening: Opening) -> dict[str, object]:
    """Return the columns of what is remembered."""
    return msgspec.structs.asdict(opening) | {"past": _json(opening.past)}


def standing(connection: Connection, open_keys: Collection[str]) -> Mapping[str, Alert]:
    """Return the open alerts of these open keys, by open key."""
    rows = connection.execute(select(alerts).where(alerts.c.open_key.in_(open_keys)))
    return {row.open_key: _alert(row) for row in rows}


def refresh(connection: Connection, grown: Sequence[Grown]) -> None:
    """Bring figures and posts of open alerts up to date, silently."""
    rows = [
        {
            "b_alert": one.alert, "active_at": one.active_at, "count": one.reason.count,
            "baseline": one.reason.expected, "reason": _json(one.reason), "posts": _json(one.posts),
        }
        for one in grown
    ]  # fmt: skip
    if rows:
        connection.execute(update(alerts).where(alerts.c.id == bindparam("b_alert")), rows)


def note(
    connection: Connection, row: Row[Any], kind: str, *, by: str, reason: str, now: datetime, **values: Any
) -> Alert:
    """Write `values` to the alert, with one history row and one event for the log."""
    ordinal = row.changes + 1
    connection.execute(update(alerts).where(alerts.c.id == row.id).values(changes=ordinal, **values))
    changed = row_of(connection, row.id)
    _append(connection, row.id, ordinal, kind, changed.state, changed.level, by, reason, now)
    alert = _alert(changed)
    _announce(connection, alert, ordinal, now)
    return alert


def remember(connection: Connection, alert: str, kind: str, *, by: str, reason: str, now: datetime) -> None:
    """Add a history row that changes nothing else: a decision of the engine with its reason."""
    row = row_of(connection, alert)
    ordinal = row.changes + 1
    connection.execute(update(alerts).where(alerts.c.id == alert).values(changes=ordinal))
    _append(connection, alert, ordinal, kind, row.state, row.level, by, reason, now)


def row_of(connection: Connection, alert: str) -> Row[Any]:
    """Return the alert's row. Raises Rejected if there is none."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert)).first()
    if row is None:
        raise Rejected("没有这条预警。")
    return row


def _append(
    connection: Connection, alert: str, ordinal: int, kind: str, state: str, level: str | None, by: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    values = {
        "alert": alert, "change": ordinal, "kind": kind, "state": state, "level": level, "by": by, "reason": reason,
        "at": now,
    }  # fmt: skip
    connection.execute(insert(alert_changes), values)


def _announce(connection: Connection, alert: Alert, ordinal: int, now: datetime) -> None:
    outbox.announce(
        connection,
        AlertChanged(
            id=alert.id, alert_key=f"{alert.rule}|{alert.key}", state=alert.state, changed_at=now, change=ordinal,
            lane=alert.lane, level=alert.level,
        ),
    )  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _alert(row: Row[Any]) -> Alert:
    values = dict(row._mapping)  # noqa: SLF001 - the documented way; `row.count` is a method of tuples
    fields = {name: values[name] for name in _ALERT_FIELDS}
    fields["reason"] = _reason(row.reason)
    fields["posts"] = msgspec.json.decode(row.posts, type=tuple[str, ...])
    return Alert(**fields)
