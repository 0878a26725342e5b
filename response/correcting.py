"""改正: an officer says how a post should have been judged. Labels by the post's id; its text stays where it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from contracts.errors import Rejected
from contracts.identity import digest
from contracts.score import Target
from contracts.topic import TOPICS, Topic
from response import audit
from response.access import Officer, require
from response.tables import corrections

TOPICS_MOST: Final = 3
_TARGETS: Final = ("federation", "institution", "")
_AT_ONCE: Final = 500


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """How a post should be judged, as the label guideline says."""

    sentiment: int
    topics: tuple[Topic, ...] = ()
    """At most three, most central first."""
    help: bool = False
    attack: bool = False
    counter: bool = False
    danger: bool = False
    target: Target = ""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """Labels of one post, and who gave them when; `scorer` is what had judged it otherwise."""

    post: str
    labels: Labels
    scorer: str
    by: str
    at: datetime


def correct(connection: Connection, officer: Officer, post: str, labels: Labels, *, scorer: str, now: datetime) -> None:
    """Record the correction and its trace. Raises Denied, or Rejected for labels that cannot be."""
    require(officer, "correct")
    if labels.sentiment not in {-1, 0, 1}:
        raise Rejected("情感只能是负面、中性或正面，请选一个。")
    if unknown := [topic for topic in labels.topics if topic not in TOPICS]:
        raise Rejected(f"没有叫 {unknown[0][:30]} 的话题。请在页面上选。")
    if len(set(labels.topics)) > TOPICS_MOST:
        raise Rejected(f"话题最多选 {TOPICS_MOST} 个，请只留最要紧的。")
    if labels.target not in _TARGETS:
        raise Rejected("对象只能是妇联、其他单位或都不是。")
    if labels.danger and not labels.help:
        raise Rejected("有人正处在危险中的帖子同时也是求助，请一并勾选求助。")
    row = {
        "post": post, "sentiment": labels.sentiment, "topics": ",".join(dict.fromkeys(labels.topics)), "help": labels.help,
        "attack": labels.attack, "counter": labels.counter, "danger": labels.danger, "target": labels.target,
        "scorer": scorer[:64], "corrected_by": officer.id, "corrected_at": now,
    }  # fmt: skip
    identity = digest("correction", post, officer.id, now.isoformat())
    connection.execute(insert(corrections), row | {"id": identity})
    audit.append(connection, by=officer.id, act="correct", subject=post, detail=_said(labels), now=now)


def of_post(connection: Connection, post: str) -> tuple[Correction, ...]:
    """Return the post's corrections, newest first: the first one counts."""
    return _read(connection, (post,))


def latest(connection: Connection) -> tuple[Correction, ...]:
    """Return of each corrected post the correction that counts, oldest first."""
    counting: dict[str, Correction] = {}
    for one in _read(connection, None):
        counting.setdefault(one.post, one)
    return tuple(sorted(counting.values(), key=lambda one: (one.at, one.post)))


def forget(connection: Connection, posts: Collection[str]) -> None:
    """Remove what was said of posts that are forgotten."""
    gone = sorted(posts)
    for start in range(0, len(gone), _AT_ONCE):
        connection.execute(delete(corrections).where(corrections.c.post.in_(gone[start : start + _AT_ONCE])))


def _read(connection: Connection, posts: Sequence[str] | None) -> tuple[Correction, ...]:
    asked = select(corrections).order_by(corrections.c.corrected_at.desc(), corrections.c.id)
    if posts is not None:
        asked = asked.where(corrections.c.post.in_(posts))
    return tuple(
        Correction(
            post=row.post,
            labels=Labels(
                sentiment=row.sentiment, topics=tuple(row.topics.split(",")) if row.topics else (), help=row.help,
                attack=row.attack, counter=row.counter, danger=row.danger, target=row.target,
            ),
            scorer=row.scorer, by=row.corrected_by, at=row.corrected_at,
        )
        for row in connection.execute(asked)
    )  # fmt: skip


def _said(labels: Labels) -> str:
    marks = [mark for mark in ("help", "attack", "counter", "danger") if getattr(labels, mark)]
    return " ".join(
        [f"sentiment {labels.sentiment}", *labels.topics, *marks, *([labels.target] if labels.target else [])]
    )
