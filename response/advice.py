"""意见建议: criticism of the federation is owed an answer, and stays on the list until one is out.

What counts as answered: a published response task that covers the post, or an answer that somebody published elsewhere
and recorded here. Nothing here sends anything. Officers' corrections take a post off the list, or put one on it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from alerts import store
from contracts.errors import Conflict, Rejected
from response import answering, audit, correcting
from response.access import Officer, require
from response.tables import advice_answers, answered_posts, response_tasks
from text.mask import mask

_LONGEST: Final = 300
_AT_ONCE: Final = 500
_OUT: Final = ("published", "effect", "closed")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is out: where it stands and since when; `task` is "" for one that was recorded by hand."""

    place: str
    """A link, or in words: 省妇联信箱回复."""
    at: datetime
    by: str
    task: str = ""

    @property
    def is_link(self) -> bool:
        return self.place.startswith(("http://", "https://"))


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """What officers' corrections say beside the model: posts that are no advice, and posts that are."""

    away: frozenset[str]
    added: frozenset[str]


def record(
    connection: Connection, officer: Officer, posts: Sequence[str], *, place: str, now: datetime
) -> None:  # fmt: skip
    """Note that an answer to these posts is out. Raises Denied, Rejected without a place, Conflict where one is noted."""
    require(officer, "answer_advice")
    wanted, place = tuple(dict.fromkeys(posts)), place.strip()
    if not wanted:
        raise Rejected("请先勾选已经答复的意见。")
    if not place:
        raise Rejected("请写明答复在哪里：答复的链接，或“省妇联信箱回复”这样一句话。")
    if len(place) > _LONGEST:
        raise Rejected(f"“答复在哪里”最多 {_LONGEST} 字，现在 {len(place)} 字。")
    if mask(place).text != place:
        raise Rejected("“答复在哪里”不要写电话、姓名等个人信息，写链接或渠道即可。")
    if answers(connection, wanted):
        raise Conflict("其中有已经答复过的意见。请刷新页面后重新勾选。")
    connection.execute(
        insert(advice_answers),
        [{"post": post, "place": place, "answered_by": officer.id, "answered_at": now} for post in wanted],
    )
    for post in wanted:
        audit.append(connection, by=officer.id, act="answer advice", subject=post, detail=place, now=now)


def answers(connection: Connection, posts: Sequence[str]) -> Mapping[str, Answer]:
    """Return by post the answers that are out: those of published tasks before those recorded by hand."""
    found: dict[str, Answer] = {}
    for start in range(0, len(posts), _AT_ONCE):
        portion = posts[start : start + _AT_ONCE]
        for row in connection.execute(select(advice_answers).where(advice_answers.c.post.in_(portion))):
            found[row.post] = Answer(place=row.place, at=row.answered_at, by=row.answered_by)
        published = (
            select(answered_posts.c.post, response_tasks)
            .join(response_tasks, response_tasks.c.id == answered_posts.c.task)
            .where(answered_posts.c.post.in_(portion), response_tasks.c.state.in_(_OUT))
        )
        for row in connection.execute(published):
            found[row.post] = Answer(place=row.published_url, at=row.published_at, by=row.assignee, task=row.id)
    return found


def under_way(connection: Connection) -> Mapping[str, str]:
    """Return by post the response task that is to answer it and is not out yet."""
    found: dict[str, str] = {}
    for task in answering.listing(connection, open_only=True):
        if task.state in answering.RUNNING and (alert := store.get(connection, task.alert)):
            found |= dict.fromkeys(alert.posts, task.id)
    return found


def corrected(connection: Connection) -> Corrected:
    """Return what the newest correction of each corrected post says of it."""
    given = correcting.latest(connection)
    added = frozenset(one.post for one in given if is_advice(one.labels))
    return Corrected(away=frozenset(one.post for one in given) - added, added=added)


def is_advice(labels: correcting.Labels) -> bool:
    """Whether these labels make a post 意见建议, as `contracts.score.Score.is_advice` says it of a score."""
    attacks = labels.attack and not labels.counter
    return labels.target == "federation" and labels.sentiment == -1 and not labels.help and not attacks


def forget(connection: Connection, posts: Collection[str]) -> None:
    """Remove what was noted of posts that are forgotten."""
    gone = sorted(posts)
    for start in range(0, len(gone), _AT_ONCE):
        connection.execute(delete(advice_answers).where(advice_answers.c.post.in_(gone[start : start + _AT_ONCE])))
