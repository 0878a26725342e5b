"""What a week's response work was, asked of the desk database by the time of each act.

Help tasks are not counted here: beside the number of pleas their number would tell the difference.
"""

from collections.abc import Callable
from datetime import datetime
from statistics import median
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from alerts.tables import alerts
from contracts.errors import Rejected
from contracts.level import LEVEL_WORDS, LEVELS
from contracts.region import prefix
from contracts.task import OUTCOME_WORDS
from response.tables import effects, judgements, response_tasks, reviews

Answer = Callable[[Connection, str, datetime, datetime], float]


def _within(column: ColumnElement[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return (column >= since) & (column < until)


def _of(unit: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.startswith(prefix(unit), autoescape=True)


def _number(connection: Connection, asked: Select[Any]) -> float:
    return float(connection.execute(select(func.count()).select_from(asked.subquery())).scalar_one())


def _alerts(level: str = "") -> Answer:
    def answer(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
        asked = (
            select(alerts.c.id)
            .join(judgements, judgements.c.alert == alerts.c.id)
            .where(alerts.c.lane.is_(None), _of(unit, judgements.c.unit), _within(alerts.c.opened_at, since, until))
        )
        return _number(connection, asked.where(alerts.c.level == level) if level else asked)

    return answer


def _judged(outcome: str = "") -> Answer:
    def answer(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
        asked = select(judgements.c.id).where(
            _of(unit, judgements.c.unit), _within(judgements.c.decided_at, since, until)
        )
        return _number(connection, asked.where(judgements.c.outcome == outcome) if outcome else asked)

    return answer


def _opened(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    return _number(connection, _tasks(unit, _within(response_tasks.c.opened_at, since, until)))


def _returned(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    asked = (
        select(reviews.c.id)
        .join(response_tasks, response_tasks.c.id == reviews.c.task)
        .where(
            _of(unit, response_tasks.c.unit),
            _within(reviews.c.reviewed_at, since, until),
            reviews.c.verdict == "return",
        )
    )
    return _number(connection, asked)


def _published(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    return _number(connection, _tasks(unit, _within(response_tasks.c.published_at, since, until)))


def _late(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    late = response_tasks.c.published_at > response_tasks.c.due_at
    return _number(connection, _tasks(unit, _within(response_tasks.c.published_at, since, until), late))


def _assessed(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    return _number(connection, _effects(unit, since, until))


def _answered(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    return _number(connection, _effects(unit, since, until).where(effects.c.answered.is_(True)))


def _corrected(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    return _number(connection, _effects(unit, since, until).where(effects.c.corrected != ""))


def _minutes(connection: Connection, unit: str, since: datetime, until: datetime) -> float:
    asked = (
        select(response_tasks.c.published_at, alerts.c.opened_at)
        .join(alerts, alerts.c.id == response_tasks.c.alert)
        .where(_of(unit, response_tasks.c.unit), _within(response_tasks.c.published_at, since, until))
    )
    taken = [(row.published_at - row.opened_at).total_seconds() / 60 for row in connection.execute(asked)]
    return round(median(taken), 1) if taken else 0.0


def _tasks(unit: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(response_tasks.c.id).where(_of(unit, response_tasks.c.unit), *conditions)


def _effects(unit: str, since: datetime, until: datetime) -> Select[Any]:
    return (
        select(effects.c.task)
        .join(response_tasks, response_tasks.c.id == effects.c.task)
        .where(_of(unit, response_tasks.c.unit), _within(effects.c.recorded_at, since, until))
    )


class Question(NamedTuple):
    """Label, unit of the number, and how it is asked."""

    label: str
    unit: str
    answer: Answer


QUESTIONS: Final[dict[str, Question]] = {
    "alerts": Question("预警", "起", _alerts()),
    **{f"alerts_{level}": Question(LEVEL_WORDS[level], "起", _alerts(level)) for level in reversed(LEVELS)},
    "judged": Question("完成研判", "件", _judged()),
    **{f"judged_{outcome}": Question(word, "件", _judged(outcome)) for outcome, word in OUTCOME_WORDS.items()},
    "opened": Question("新建回应任务", "件", _opened),
    "returned": Question("审核退回", "次", _returned),
    "published": Question("发布回应", "件", _published),
    "late": Question("其中超过时限", "件", _late),
    "minutes": Question("从预警到发布（中位数）", "分钟", _minutes),
    "assessed": Question("登记效果", "件", _assessed),
    "answered": Question("问题得到答复", "件", _answered),
    "corrected": Question("有更正", "件", _corrected),
}  # fmt: skip
"""Name of a question → label, unit of its number, and the asking."""


def source(name: str, unit: str, since: datetime, until: datetime) -> str:
    """Return how a figure names its question, so that it can be asked again."""
    return f"desk {name} {unit} {since.isoformat()} {until.isoformat()}"


def ask(connection: Connection, asked: str) -> float:
    """Answer a `source`. Raises Rejected for one that nobody knows."""
    try:
        _, name, unit, since, until = asked.split(" ")
        answer = QUESTIONS[name].answer
        return answer(connection, unit, datetime.fromisoformat(since), datetime.fromisoformat(until))
    except (ValueError, KeyError) as unknown:
        raise Rejected(f"周报里的数字写着不认识的来源 {asked[:40]}；请用现在的版本重新生成这份周报草稿。") from unknown
