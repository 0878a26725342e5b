"""Help tasks: a plea on its way to people who can help, until they have received it. No name, no case file."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update

from alerts import store
from alerts.store import names_a_post
from alerts.tables import alerts
from contracts.errors import Conflict, Rejected
from contracts.identity import task_id
from contracts.lane import DANGEROUS
from contracts.task import HELP_WORDS, HelpTask
from contracts.zone import BEIJING
from response import audit, hours
from response.access import Denied, Officer, require, sees_plea
from response.opening import announce, changes
from response.settings import ResponseSettings
from response.tables import hand_overs, help_tasks

_FIELDS: Final = HelpTask.__struct_fields__
_NEXT: Final[dict[str, tuple[str, ...]]] = {
    "pending": ("handed_over", "closed"), "handed_over": ("received", "pending"), "received": ("answered", "closed"),
    "answered": ("closed",), "closed": (),
}  # fmt: skip
"""State → the states that may follow; `pending` again is a hand-over that nobody received."""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """What went to the other side: link, place, time and the words of danger; no author."""

    id: str
    task: str
    handed_to: str
    link: str
    place: str
    said_at: datetime | None
    marks: tuple[str, ...]
    handed_by: str
    handed_at: datetime
    receive_by: datetime | None
    received_by: str
    received_at: datetime | None
    returned_at: datetime | None


def get(connection: Connection, task: str) -> HelpTask | None:
    """Return one task; callers decide by `access.sees_plea` who may look."""
    row = _row(connection, task)
    return _task(row) if row else None


def of_alert(connection: Connection, alert: str) -> HelpTask | None:
    """Return the task of a plea's alert."""
    row = connection.execute(select(help_tasks).where(help_tasks.c.alert == alert)).first()
    return _task(row) if row else None


def listing(
    connection: Connection, *, officer: Officer | None = None, open_only: bool = False, limit: int = 500
) -> tuple[HelpTask, ...]:
    """Return tasks, newest first; with an officer only what this officer may see."""
    asked = select(help_tasks).order_by(help_tasks.c.opened_at.desc(), help_tasks.c.id)
    if open_only:
        asked = asked.where(help_tasks.c.state != "closed")
    found = (_task(row) for row in connection.execute(asked))
    return tuple([task for task in found if officer is None or sees_plea(officer, task.unit)][:limit])


def open_post(connection: Connection, officer: Officer, task: str, *, now: datetime) -> HelpTask:
    """Return the task to somebody who opens its post; every opening is audited. Raises Denied."""
    found = _seen(connection, officer, task)
    audit.append(connection, by=officer.id, act="open plea", subject=task, now=now)
    return found


def hand_over(
    connection: Connection, officer: Officer, task: str, *, to: str, link: str = "", said_at: datetime | None = None,
    now: datetime, settings: ResponseSettings | None = None,
) -> HelpTask:  # fmt: skip
    """转交: to whom; it comes back unless received in time (danger 10 min, else 1 h of opening hours)."""
    require(officer, "hand_over")
    found = _moved(connection, officer, task, "handed_over")
    if not to.strip():
        raise Rejected("请写明转交给谁，如“12338 值班坐席”。")
    settings = settings or ResponseSettings()
    receive_by = _receive_by(found, now, settings)
    connection.execute(
        insert(hand_overs),
        {
            "id": secrets.token_hex(8), "task": task, "handed_to": to.strip(), "link": link, "place": found.place,
            "said_at": said_at, "marks": msgspec.json.encode(found.marks).decode(), "handed_by": officer.id,
            "handed_at": now, "receive_by": receive_by, "received_by": "", "received_at": None, "returned_at": None,
        },
    )  # fmt: skip
    if (alert := store.get(connection, found.alert)) and alert.state == "open":
        store.change(connection, alert.id, "acknowledged", by=officer.id, reason="已转交", now=now)
    return _set(
        connection,
        officer,
        task,
        "handed_over",
        now,
        f"to {to.strip()}",
        handed_to=to.strip(),
        due_at=receive_by,
        overdue=False,
    )


def receive(connection: Connection, officer: Officer, task: str, *, receipt: str, now: datetime) -> HelpTask:
    """对方已签收: the other side has it; `receipt` is its number (凭证编号), never a name."""
    require(officer, "receive")
    _moved(connection, officer, task, "received")
    if not receipt.strip():
        raise Rejected("请填写凭证编号（工单号或接警回执号）。")
    _update_last(connection, task, received_by=officer.id, received_at=now)
    return _set(
        connection, officer, task, "received", now, receipt.strip(), receipt=receipt.strip(), due_at=None, overdue=False
    )


def answer(connection: Connection, officer: Officer, task: str, *, outcome: str, now: datetime) -> HelpTask:
    """已反馈: what the other side says came of it, without names."""
    require(officer, "receive")
    _moved(connection, officer, task, "answered")
    if not outcome.strip():
        raise Rejected("请写反馈结果。")
    return _set(connection, officer, task, "answered", now, "", outcome=outcome.strip())


def close(connection: Connection, officer: Officer, task: str, *, outcome: str, now: datetime) -> HelpTask:
    """办结: a plea that was none may be closed at once, with the reason; everything else after it was received."""
    require(officer, "close_help")
    found = _moved(connection, officer, task, "closed")
    outcome = outcome.strip() or found.outcome
    if not outcome:
        raise Rejected("办结要写结果；不是求助的，写明理由。")
    alert = store.get(connection, found.alert)
    if alert and alert.state in store.OPEN_STATES:
        store.change(connection, alert.id, "resolved", by=officer.id, reason=f"求助办结：{outcome}", now=now)
    return _set(
        connection, officer, task, "closed", now, outcome, outcome=outcome, closed_at=now, due_at=None, overdue=False
    )


def forget(connection: Connection, posts: Iterable[str], *, now: datetime) -> int:
    """Drop everything of these posts from help tasks, their alerts and the late pleas; receipts and outcomes stay.

    Return how many help tasks lost their post.
    """
    gone = frozenset(posts)
    stripped = 0
    for alert, post in store.plea_posts(connection).items():
        if post in gone:
            store.forget_plea(connection, alert)
            task = task_id(alert, "help")
            _strip(connection, task)
            audit.append(connection, by="-", act="forget plea", subject=task, now=now)
            stripped += 1
    for plea in store.historic_pleas(connection):
        if plea.post in gone:
            store.forget_historic(connection, plea.post)
    return stripped


def held_posts(connection: Connection) -> frozenset[str]:
    """Return the posts of all pleas that the desk still knows."""
    historic = (plea.post for plea in store.historic_pleas(connection))
    return frozenset((*store.plea_posts(connection).values(), *historic))


def past_keeping(connection: Connection, now: datetime, settings: ResponseSettings) -> frozenset[str]:
    """Return the posts of which only receipt number and outcome may remain: closed so long ago, or half forgotten."""
    before = now - timedelta(days=settings.help_kept_days)
    over = select(help_tasks.c.alert).where(
        or_(help_tasks.c.closed_at <= before, help_tasks.c.post == ""),
        help_tasks.c.alert == alerts.c.id,
        names_a_post(),
    )
    due = set(connection.execute(over).scalars())
    return frozenset(post for alert, post in store.plea_posts(connection).items() if alert in due)


def return_unreceived(connection: Connection, now: datetime) -> tuple[HelpTask, ...]:
    """Take back the hand-overs that nobody received in time; return their tasks, pending again."""
    rows = connection.execute(
        select(help_tasks).where(help_tasks.c.state == "handed_over", help_tasks.c.due_at <= now)
    ).all()
    for row in rows:
        _update_last(connection, row.id, returned_at=now)
        connection.execute(update(help_tasks).where(help_tasks.c.id == row.id).values(state="pending", overdue=True))
        audit.append(connection, by="-", act="help: returned", subject=row.id, detail=row.handed_to, now=now)
        announce(connection, row.id, "help", "pending", changes(connection, row.id, "help"), now)
    return tuple(_task(row) for row in rows)


def hand_overs_of(connection: Connection, task: str) -> tuple[HandOver, ...]:
    """Return a task's hand-overs, newest first."""
    rows = connection.execute(
        select(hand_overs).where(hand_overs.c.task == task).order_by(hand_overs.c.handed_at.desc())
    )
    return tuple(
        HandOver(**{**row._mapping, "marks": msgspec.json.decode(row.marks, type=tuple[str, ...])})  # noqa: SLF001
        for row in rows
    )


def instructions(task: HelpTask, now: datetime, settings: ResponseSettings) -> tuple[str, ...]:
    """Return what to do now, by the clock, most urgent first."""
    calendar = hours.of_unit(settings, task.unit)
    lines = []
    if task.lane == "critical":
        lines.append("危急请先拨 110，并记录：时间／接警单位／回执号。")
    elif task.lane == "suspected":
        lines.append("请立即核看原帖；有现实危险的先拨 110，并记录：时间／接警单位／回执号。")
    if hours.is_open(calendar, now):
        lines.append("现在是 12338 工作时间：转 12338 值班坐席，对方签收后填凭证编号。")
    else:
        opening = hours.next_opening(calendar, now)
        when = (
            f"下次 {opening.astimezone(BEIJING):%m 月 %d 日 %H:%M}"
            if opening
            else "本单位没有设置工作时间，按未开放处理"
        )
        lines.append(f"12338 非工作时间（{when}）。可先转 12348（法律援助）或心理援助热线 12356；有危险拨 110。")
    lines.append("默认不公开回复求助帖：公开回复可能惊动施害人。")
    if any("岁" in mark or "孩子" in mark or "女儿" in mark or "儿子" in mark for mark in task.marks):
        lines.append("涉及未成年人：请按强制报告规定核对。")
    return tuple(lines)


def _receive_by(task: HelpTask, now: datetime, settings: ResponseSettings) -> datetime | None:
    if task.lane in DANGEROUS:
        return now + timedelta(minutes=settings.receive_critical_minutes)
    span = timedelta(minutes=settings.receive_other_minutes)
    calendar = hours.of_unit(settings, task.unit)
    # without hours the hotline counts as closed: the officer hears of it again after the plain time
    return hours.after_open_time(calendar, now, span) or now + span


def _seen(connection: Connection, officer: Officer, task: str) -> HelpTask:
    found = get(connection, task)
    if found is None or not sees_plea(officer, found.unit):
        raise Denied("没有这条求助。")
    return found


def _moved(connection: Connection, officer: Officer, task: str, to: str) -> HelpTask:
    found = _seen(connection, officer, task)
    if to not in _NEXT[found.state]:
        raise Conflict(f"这条求助现在是“{HELP_WORDS[found.state]}”，不能改为“{HELP_WORDS[to]}”。请刷新后再看。")
    return found


def _set(
    connection: Connection, officer: Officer, task: str, state: str, now: datetime, detail: str, **values: Any
) -> HelpTask:
    connection.execute(update(help_tasks).where(help_tasks.c.id == task).values(state=state, **values))
    audit.append(connection, by=officer.id, act=f"help: {state}", subject=task, detail=detail, now=now)
    announce(connection, task, "help", state, changes(connection, task, "help"), now)
    found = get(connection, task)
    assert found is not None
    return found


def _update_last(connection: Connection, task: str, **values: Any) -> None:
    last = connection.execute(
        select(hand_overs.c.id).where(hand_overs.c.task == task).order_by(hand_overs.c.handed_at.desc()).limit(1)
    ).scalar()
    if last:
        connection.execute(update(hand_overs).where(hand_overs.c.id == last).values(**values))


def _strip(connection: Connection, task: str) -> None:
    connection.execute(update(help_tasks).where(help_tasks.c.id == task).values(post="", marks="[]", place=""))
    connection.execute(
        update(hand_overs).where(hand_overs.c.task == task).values(link="", place="", marks="[]", said_at=None)
    )


def _row(connection: Connection, task: str) -> Row[Any] | None:
    return connection.execute(select(help_tasks).where(help_tasks.c.id == task)).first()


def _task(row: Row[Any]) -> HelpTask:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["marks"] = msgspec.json.decode(row.marks, type=tuple[str, ...])
    return HelpTask(**values)
