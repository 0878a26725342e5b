"""待办: what this person must do now, until when and why, in the desk's fixed order."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from alerts import store
from contracts.alert import Alert
from contracts.lane import LANE_WORDS, LANES
from contracts.level import LEVEL_WORDS, LEVELS
from contracts.region import region_name, within
from contracts.task import HELP_WORDS, RESPONSE_WORDS, HelpTask, ResponseTask
from contracts.topic import TOPIC_WORDS
from response import answering, helping, judging
from response.access import Officer, may

GROUPS: Final[tuple[tuple[str, str], ...]] = (
    ("critical", "危急"), ("suspected", "疑似危急"), ("help", "求助待转交/待签收"), ("levels", "红橙待定级"),
    ("deadlines", "超时与临期"), ("review", "待我审核"), ("mine", "我的任务"), ("judge", "待研判"),
)  # fmt: skip
"""Code and word of every group, in the order of the page."""
_SOON: Final = timedelta(hours=1)


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: its lane or level, one sentence, the deadline, the one main button."""

    kind: str
    """help · alert · task"""
    id: str
    word: str
    mark: str
    """Code of the lane or level, for its colour."""
    sentence: str
    due_at: datetime | None
    overdue: bool
    action: str
    link: str


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
        _alerts(connection, officer, found)
    _tasks(connection, officer, found, now)
    return tuple(
        InboxGroup(code=code, word=word, rows=tuple(sorted(found[code], key=lambda row: (row.due_at or now, row.id))))
        for code, word in GROUPS
        if found[code]
    )


def _pleas(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]]) -> None:
    tasks = [task for task in helping.listing(connection, officer=officer, open_only=True) if task.state != "answered"]
    for task in sorted(tasks, key=lambda task: LANES.index(task.lane)):
        waiting = task.state == "pending"
        group = task.lane if waiting and task.lane in ("critical", "suspected") else "help"
        if task.state in {"pending", "handed_over"} or "hotline" in officer.roles:
            found[group].append(_plea_row(task))


def _plea_row(task: HelpTask) -> InboxRow:
    late = f"（迟到 {task.late_days} 天）" if task.late_days else ""
    action = {"pending": "转交", "handed_over": "签收", "received": "反馈"}.get(task.state, "查看")
    words = "、".join(f"“{mark}”" for mark in task.marks[:3])
    return InboxRow(
        kind="help", id=task.id, word=LANE_WORDS[task.lane], mark=task.lane,
        sentence=f"{region_name(task.place)}{late}：{HELP_WORDS[task.state]}{f'，帖中说到{words}' if words else ''}",
        due_at=task.due_at, overdue=task.overdue, action=action, link=f"/help/{task.id}",
    )  # fmt: skip


def _alerts(connection: Connection, officer: Officer, found: dict[str, list[InboxRow]]) -> None:
    for judgement in judging.awaiting(connection):
        alert = store.get(connection, judgement.alert)
        if alert is None or not within(judgement.unit, officer.unit):
            continue
        pressing = alert.level in {"red", "orange"} and not alert.level_confirmed
        found["levels" if pressing else "judge"].append(
            _alert_row(alert, judgement.due_at, "定级" if pressing else "研判")
        )


def _alert_row(alert: Alert, due_at: datetime | None, action: str) -> InboxRow:
    level = alert.level or LEVELS[0]
    word = LEVEL_WORDS[level] if alert.level_confirmed else f"建议{LEVEL_WORDS[level]}"
    topic = TOPIC_WORDS.get(alert.topic, "")
    place = region_name(alert.region) if alert.region else "全省"
    return InboxRow(
        kind="alert", id=alert.id, word=word, mark=level,
        sentence=f"{place}{f' · {topic}' if topic else ''}：{alert.reason.sentence}", due_at=due_at, overdue=False,
        action=action, link=f"/alerts/{alert.id}",
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
        action=action, link=f"/tasks/{task.id}",
    )  # fmt: skip
