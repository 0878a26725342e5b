"""待办: what this person must do now, until when and why, in the desk's fixed order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from alerts import store
from contracts.alert import Alert
from contracts.identity import task_id
from contracts.lane import BY_MODEL_WORDS, DANGEROUS, LANE_WORDS, LANES, Lane
from contracts.level import LEVEL_WORDS, LEVELS, level_word
from contracts.region import region_name, within
from contracts.task import HELP_WORDS, OUTCOME_WORDS, RESPONSE_WORDS, HelpTask, ResponseTask
from contracts.topic import TOPIC_WORDS
from response import answering, helping, hours, judging, shifts
from response.access import Officer, may

GROUPS: Final[tuple[tuple[str, str], ...]] = (
    ("critical", "危急"), ("suspected", "疑似危急"), ("help", "求助待转交/待签收"), ("levels", "红橙待定级"),
    ("deadlines", "超时与临期"), ("review", "待我审核"), ("mine", "我的任务"), ("judge", "待研判"), ("morning", "等 08:00 早报"),
)  # fmt: skip
"""Code and word of every group, in the order of the page; `morning` holds what need not be done before 08:00."""
_SOON: Final = timedelta(hours=1)
_WAKING: Final = DANGEROUS | {"red"}
_UNFINISHED: Final[tuple[tuple[str, str], ...]] = (("help", "求助"), ("judge", "预警"), ("task", "回应任务"))


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: its lane or level, one sentence, the deadline, the one main button."""

    kind: str
    """help · alert · task · call: somebody has to be called, since this officer may not see what it is about"""
    id: str
    word: str
    mark: str
    """Code of the lane or level, for its colour."""
    sentence: str
    due_at: datetime | None
    overdue: bool
    action: str
    link: str
    unit: str
    assignee: str = ""
    """Id of who has it in hand; "" while it is the shift's."""
    rung: bool = False
    """It went on to this officer because nobody signed it in time."""

    @property
    def rings(self) -> bool:
        """Whether it has to wake somebody."""
        return self.rung and self.mark in _WAKING


class InboxGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of the page with at least one row."""

    code: str
    word: str
    rows: tuple[InboxRow, ...]


def inbox(connection: Connection, officer: Officer, now: datetime) -> tuple[InboxGroup, ...]:
    """Return the groups that hold something for this officer, in their order; within a group the soonest first."""
    found: dict[str, list[InboxRow]] = {code: [] for code, _ in GROUPS}
    if may(officer, "see_pleas"):
        _pleas(connection, officer, found)
    if may(officer, "judge"):
        _alerts(connection, officer, found, now)
    _tasks(connection, officer, found, now)
    _rung(connection, officer, found, now)
    return _grouped(GROUPS, found, now)


def unfinished(connection: Connection, officer: Officer, now: datetime) -> tuple[InboxGroup, ...]:
    """Return all that is not finished in the officer's unit, whoever has it in hand: what one shift hands to the next."""
    found: dict[str, list[InboxRow]] = {code: [] for code, _ in _UNFINISHED}
    found["help"] = [_plea_row(task) for task in helping.listing(connection, officer=officer, open_only=True)]
    if may(officer, "see_alerts"):
        for alert in store.listing(connection, open_only=True, pleas=False, limit=500):
            judgement = judging.of_alert(connection, alert.id)
            if judgement and within(judgement.unit, officer.unit):
                word = "研判" if judgement.outcome is None else OUTCOME_WORDS[judgement.outcome]
                due_at = judgement.due_at if judgement.state == "open" else None
                found["judge"].append(_alert_row(alert, judgement.unit, due_at, word))
    if may(officer, "see_tasks"):
        found["task"] = [
            _task_row(task, store.get(connection, task.alert), "查看")
            for task in answering.listing(connection, open_only=True) if within(task.unit, officer.unit)
        ]  # fmt: skip
    return _grouped(_UNFINISHED, found, now)


def owners(connection: Connection, rows: Iterable[InboxRow], now: datetime) -> Mapping[str, str]:
    """Return whose each row is, by the row's id: who has it in hand, else who holds the shift of its unit; ids of officers."""
    held: dict[str, str] = {}
    found: dict[str, str] = {}
    for row in rows:
        if row.unit not in held:
            held[row.unit] = shifts.holder(connection, row.unit, now)
        found[row.id] = row.assignee or held[row.unit]
    return found


def _grouped(
    groups: Sequence[tuple[str, str]], found: Mapping[str, Sequence[InboxRow]], now: datetime
) -> tuple[InboxGroup, ...]:
    return tuple(
        InboxGroup(code=code, word=word, rows=tuple(sorted(found[code], key=lambda row: (row.due_at or now, row.id))))
        for code, word in groups
        if found[code]
    )


def _rung(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]], now: datetime) -> None:
    """Mark what went on to this officer; of a plea that this officer may not see, say only whom to call."""
    rung = store.rung_to(connection, officer.id)
    works = {alert.id if alert.lane is None else task_id(alert.id, "help") for alert in rung}
    for rows in found.values():
        rows[:] = [msgspec.structs.replace(row, rung=True) if row.id in works else row for row in rows]
    hidden = [alert for alert in rung if alert.lane and not may(officer, "see_pleas")]
    for lane in LANES:
        if waiting := [alert for alert in hidden if alert.lane == lane]:
            group = lane if lane in found else "help"
            found[group].append(_call_row(lane, len(waiting), min(alert.opened_at for alert in waiting), officer, now))


def _call_row(lane: Lane, count: int, since: datetime, officer: Officer, now: datetime) -> InboxRow:
    minutes = int((now - since).total_seconds()) // 60
    return InboxRow(
        kind="call", id=f"call-{lane}", word=LANE_WORDS[lane], mark=lane, due_at=None, overdue=True, action="看谁当班",
        sentence=f"{count} 条求助无人签收，最久 {minutes} 分钟：内容只有值班员和坐席能看，请立即电话催办主班、副班",
        link="/shift", unit=officer.unit, rung=True,
    )  # fmt: skip


def _pleas(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]]) -> None:
    tasks = [task for task in helping.listing(connection, officer=officer, open_only=True) if task.state != "answered"]
    for task in sorted(tasks, key=lambda task: LANES.index(task.lane)):
        waiting = task.state == "pending"
        group = task.lane if waiting and task.lane in DANGEROUS else "help"
        if task.state in {"pending", "handed_over"} or "hotline" in officer.roles:
            found[group].append(_plea_row(task))


def _plea_row(task: HelpTask) -> InboxRow:
    late = f"（迟到 {task.late_days} 天）" if task.late_days else ""
    action = {"pending": "转交", "handed_over": "签收", "received": "反馈"}.get(task.state, "查看")
    words = "、".join(f"“{word}”" for word in task.words[:3])
    why = f"{f'，{BY_MODEL_WORDS}' if task.by_model else ''}{f'，帖中说到{words}' if words else ''}"
    return InboxRow(
        kind="help", id=task.id, word=LANE_WORDS[task.lane], mark=task.lane,
        sentence=f"{region_name(task.place)}{late}：{HELP_WORDS[task.state]}{why}",
        due_at=task.due_at, overdue=task.overdue, action=action, link=f"/help/{task.id}",
        unit=task.unit,
    )  # fmt: skip


def _alerts(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]], now: datetime) -> None:
    for judgement in judging.awaiting(connection):
        alert = store.get(connection, judgement.alert)
        if alert is None or not within(judgement.unit, officer.unit):
            continue
        pressing = alert.level in {"red", "orange"} and not alert.level_confirmed
        sleeps = alert.level in {"yellow", "blue"} and now < hours.taken_up(judgement.opened_at)
        found["levels" if pressing else "morning" if sleeps else "judge"].append(
            _alert_row(alert, judgement.unit, judgement.due_at, "定级" if pressing else "研判")
        )


def _alert_row(alert: Alert, unit: str, due_at: datetime | None, action: str) -> InboxRow:
    level = alert.level or LEVELS[0]
    topic = TOPIC_WORDS.get(alert.topic, "")
    place = region_name(alert.region) if alert.region else "全省"
    return InboxRow(
        kind="alert", id=alert.id, word=level_word(level, confirmed=alert.level_confirmed), mark=level,
        sentence=f"{place}{f' · {topic}' if topic else ''}：{alert.reason.sentence}", due_at=due_at, overdue=False,
        action=action, link=f"/alerts/{alert.id}", unit=unit,
    )  # fmt: skip


def _tasks(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]], now: datetime) -> None:
    for task in answering.listing(connection, officer=officer, open_only=True):
        alert = store.get(connection, task.alert)
        mine = task.assignee == officer.id
        if task.state == "open" and may(officer, "claim"):
            found["mine"].append(_task_row(task, alert, "认领"))
        elif mine and task.state not in {"in_review", "effect"}:
            action = {"approved": "发布", "published": "看效果", "returned": "修改"}.get(task.state, "起草")
            found["mine"].append(_task_row(task, alert, action))
        if (
            task.state == "in_review"
            and may(officer, "review")
            and not mine
            and not _reviewed(connection, officer, task)
        ):
            found["review"].append(_task_row(task, alert, "审核"))
        elif may(officer, "judge") and _is_pressing(task, now):
            found["deadlines"].append(_task_row(task, alert, "查看"))


def _is_pressing(task: ResponseTask, now: datetime) -> bool:
    return task.state not in {"published", "effect"} and (task.overdue or task.due_at - now < _SOON)


def _reviewed(connection: Connection, officer: Officer, task: ResponseTask) -> bool:
    newest = answering.draft(connection, task.id)
    return any(
        review.reviewer == officer.id and newest is not None and review.text_hash == newest.text_hash
        for review in answering.reviews_of(connection, task.id)
        if not review.void_reason
    )


def _task_row(task: ResponseTask, alert: Alert | None, action: str) -> InboxRow:
    what = alert.reason.sentence if alert else "预警已不在库中"
    place = region_name(alert.region) if alert and alert.region else "全省"
    return InboxRow(
        kind="task", id=task.id, word=LEVEL_WORDS[task.level], mark=task.level,
        sentence=f"{place}：{what}（{RESPONSE_WORDS[task.state]}）", due_at=task.due_at, overdue=task.overdue,
        action=action, link=f"/tasks/{task.id}", unit=task.unit, assignee=task.assignee,
    )  # fmt: skip
