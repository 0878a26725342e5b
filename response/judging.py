"""研判: the officer's decision on an opinion alert, and what may be done to an alert before it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from alerts import silences, store
from alerts.tables import alerts
from contracts.alert import Alert
from contracts.errors import Conflict, Rejected
from contracts.identity import task_id
from contracts.level import Level
from contracts.task import OUTCOME_WORDS, Judgement, Outcome
from response import answering, audit
from response.access import Officer, require, require_unit, unit_of, unit_of_alert
from response.opening import announce
from response.settings import ResponseSettings
from response.tables import judgements, response_tasks


def acknowledge(connection: Connection, officer: Officer, alert: str, *, now: datetime) -> Alert:
    """签收: I have seen it. A plea is acknowledged by those who may see it."""
    found = _alert(connection, alert)
    require(officer, "see_pleas" if found.lane else "judge")
    require_unit(officer, unit_of_alert(connection, found))
    audit.append(connection, by=officer.id, act="acknowledge", subject=alert, now=now)
    return store.change(connection, alert, "acknowledged", by=officer.id, reason="", now=now)


def confirm_level(
    connection: Connection, officer: Officer, alert: str, *, level: Level, reason: str, now: datetime,
    settings: ResponseSettings | None = None,
) -> Alert:  # fmt: skip
    """定级: the suggested level becomes the officer's, with a reason; an answer that is under way follows it."""
    require(officer, "judge")
    _own(connection, officer, alert)
    audit.append(connection, by=officer.id, act="confirm level", subject=alert, detail=f"{level}: {reason}", now=now)
    confirmed = store.confirm_level(connection, alert, level, by=officer.id, reason=reason, now=now)
    answering.change_level(
        connection, officer, alert, level=level, within=(settings or ResponseSettings()).publish_within(level), now=now
    )
    return confirmed


def decide(
    connection: Connection, officer: Officer, judgement: str, *, outcome: Outcome, reason: str,
    level: Level | None = None, now: datetime, settings: ResponseSettings | None = None,
) -> Judgement:  # fmt: skip
    """Decide, with a reason; only 回应 makes a response task, with its deadline from the confirmed level.

    持续关注 may be decided anew later; the other outcomes stand. Raises Denied, Rejected for a gap, Conflict when it was
    decided by somebody else meanwhile or the level is not confirmed.
    """
    require(officer, "judge")
    current = get(connection, judgement)
    if current is None:
        raise Rejected("没有这条研判。")
    require_unit(officer, current.unit)
    if outcome not in OUTCOME_WORDS:
        raise Rejected(f"没有叫 {outcome} 的研判结论；可用：{'、'.join(OUTCOME_WORDS)}。")
    if not reason.strip():
        raise Rejected("研判要写理由。")
    if current.state == "decided" and current.outcome != "watch":
        raise Conflict(f"这条预警已研判为“{OUTCOME_WORDS[current.outcome or 'watch']}”，不能再改。")
    if level:
        confirm_level(connection, officer, current.alert, level=level, reason=reason, now=now, settings=settings)
    alert = _alert(connection, current.alert)
    if outcome == "respond":
        if not alert.level_confirmed or alert.level is None:
            raise Conflict("请先定级：回应的时限由确认的级别决定。")
        _open_response(connection, current, alert.level, reason, now, settings or ResponseSettings())
    connection.execute(
        update(judgements)
        .where(judgements.c.id == judgement)
        .values(state="decided", outcome=outcome, reason=reason.strip(), decided_by=officer.id, decided_at=now)
    )
    audit.append(connection, by=officer.id, act=f"judge: {outcome}", subject=judgement, detail=reason, now=now)
    announce(connection, judgement, "judgement", "decided", 2 if current.state == "open" else 3, now)
    if outcome == "false_alarm":
        store.change(connection, alert.id, "false_alarm", by=officer.id, reason=reason, now=now)
    elif outcome == "no_response":
        store.change(connection, alert.id, "resolved", by=officer.id, reason=f"不回应：{reason}", now=now)
    elif alert.state == "open":
        store.change(connection, alert.id, "acknowledged", by=officer.id, reason="", now=now)
    decided = get(connection, judgement)
    assert decided is not None
    return decided


def merge(connection: Connection, officer: Officer, alert: str, *, into: str, reason: str, now: datetime) -> None:
    """并入已有事件: this alert is part of another that is open."""
    require(officer, "judge")
    if _own(connection, officer, alert).lane or _own(connection, officer, into).lane:
        raise Rejected("求助不能并入别的预警。")
    store.change(connection, alert, "merged", by=officer.id, reason=reason, now=now, into=into)
    audit.append(connection, by=officer.id, act="merge", subject=alert, detail=f"into {into}: {reason}", now=now)


def silence(connection: Connection, officer: Officer, alert: str, *, hours: float, reason: str, now: datetime) -> None:
    """静默: nobody is told of this rule and key for a while; it ends by itself and stands on the 交接班 page."""
    require(officer, "silence")
    found = _own(connection, officer, alert)
    if found.lane:
        raise Rejected("求助不能静默。")
    silences.add(
        connection, rule=found.rule, topic=found.topic, region=found.region, event=found.event,
        until=now + timedelta(hours=hours), by=officer.id, reason=reason, now=now,
    )  # fmt: skip
    audit.append(connection, by=officer.id, act="silence", subject=alert, detail=f"{hours} h: {reason}", now=now)


def end_silence(connection: Connection, officer: Officer, silence: str, *, now: datetime) -> None:
    """End a silence early; one of no place is the province's."""
    require(officer, "silence")
    found = next((one for one in silences.active(connection, now) if one.id == silence), None)
    if found:
        require_unit(officer, unit_of(found.region))
    silences.end(connection, silence, by=officer.id, now=now)
    audit.append(connection, by=officer.id, act="end silence", subject=silence, now=now)


def get(connection: Connection, judgement: str) -> Judgement | None:
    """Return one judgement."""
    row = connection.execute(select(judgements).where(judgements.c.id == judgement)).first()
    return Judgement(**row._mapping) if row else None  # noqa: SLF001 - the documented way to a mapping


def of_alert(connection: Connection, alert: str) -> Judgement | None:
    """Return the judgement of an alert."""
    row = connection.execute(select(judgements).where(judgements.c.alert == alert)).first()
    return Judgement(**row._mapping) if row else None  # noqa: SLF001


def awaiting(connection: Connection) -> tuple[Judgement, ...]:
    """Return what still has to be judged, all of it: no number of newer alerts pushes an older one out of sight."""
    asked = (
        select(judgements)
        .join(alerts, alerts.c.id == judgements.c.alert)
        .where(judgements.c.state == "open", alerts.c.open_key.is_not(None))
        .order_by(judgements.c.due_at, judgements.c.id)
    )
    return tuple(Judgement(**row._mapping) for row in connection.execute(asked))  # noqa: SLF001


def _open_response(
    connection: Connection, judgement: Judgement, level: Level, why: str, now: datetime, settings: ResponseSettings
) -> None:
    identity = task_id(judgement.alert, "response")
    if connection.execute(select(response_tasks.c.id).where(response_tasks.c.id == identity)).first():
        return
    connection.execute(
        insert(response_tasks),
        {
            "id": identity, "alert": judgement.alert, "unit": judgement.unit, "state": "open", "level": level,
            "opened_at": now, "due_at": now + settings.publish_within(level), "assignee": "", "account": "", "draft": "",
            "published_url": "", "published_at": None, "overdue": False, "why": why.strip(),
        },
    )  # fmt: skip
    announce(connection, identity, "response", "open", 1, now)


def _alert(connection: Connection, alert: str) -> Alert:
    found = store.get(connection, alert)
    if found is None:
        raise Rejected("没有这条预警。")
    return found


def _own(connection: Connection, officer: Officer, alert: str) -> Alert:
    found = _alert(connection, alert)
    require_unit(officer, unit_of_alert(connection, found))
    return found
