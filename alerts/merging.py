"""When two events become one, the alerts of the absorbed one go on as the other's; all within the caller's transaction.

An alert keeps its id, its work and its history, so that every link still leads to it. Where an alert of the same rule is
open for either event, one of the two goes on: the one that people have taken up, else the higher, else the earlier.
Two that people have taken up both stay, since only people can know whose work goes on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from alerts import store
from alerts.matching import event_of, under
from alerts.stages import joined
from alerts.tables import alerts, openings, silences
from contracts.events import PostIndexed
from contracts.level import LEVELS

_BY: Final = "watch"
_TOGETHER: Final = "两个事件经判断是同一件事"


def merges(posts: Iterable[PostIndexed]) -> list[tuple[str, str]]:
    """Return (absorbed event, the event that it is part of) of the posts that merge two, in their order."""
    return [(post.absorbed, post.event) for post in posts if post.absorbed and post.event and post.lane is None]


def follow(connection: Connection, moved: Mapping[str, str], now: datetime) -> None:
    """Let alerts, what is remembered of their openings, and silences follow the events that moved."""
    _move_openings(connection, moved)
    for event, standing in moved.items():
        rows = connection.execute(select(alerts).where(alerts.c.open_key.is_not(None), alerts.c.event == event))
        for row in rows.all():
            _move(connection, row, standing, now)
        connection.execute(
            update(silences).where(silences.c.event == event, silences.c.until > now).values(event=standing)
        )


def _move(connection: Connection, row: Row[Any], event: str, now: datetime) -> None:
    """Bring an open alert under another event, together with the one that is open there."""
    key = under(row.key, event)
    open_key = store.open_key(row.rule, key)
    other = connection.execute(select(alerts).where(alerts.c.open_key == open_key)).first()
    if other is not None:
        if _is_taken_up(row) and _is_taken_up(other):
            store.remember(
                connection,
                row.id,
                "event",
                by=_BY,
                reason=f"{_TOGETHER}；两条预警都已有人办理，请决定是否并入。",
                now=now,
            )
            return
        stays, goes = sorted((row, other), key=_precedence)
        store.change(connection, goes.id, "merged", by=_BY, reason=f"{_TOGETHER}。", now=now, into=stays.id)
        if stays.id == other.id:
            return
    store.note(
        connection, store.row_of(connection, row.id), "event", by=_BY, reason=f"{_TOGETHER}，以后的帖子一并计入。", now=now,
        key=key, event=event, open_key=open_key,
    )  # fmt: skip


def _is_taken_up(row: Row[Any]) -> bool:
    return row.state == "acknowledged" or bool(row.level_confirmed)


def _precedence(row: Row[Any]) -> tuple[bool, int, datetime, str]:
    return not _is_taken_up(row), -LEVELS.index(row.level), row.opened_at, row.id


def _move_openings(connection: Connection, moved: Mapping[str, str]) -> None:
    """Remember the openings of either key as those of one."""
    kept = dict(store.last_openings(connection, openings.c.key.contains("event=", autoescape=True)))
    for (rule, key), opening in [*kept.items()]:
        event = event_of(key)
        if event not in moved:
            continue
        standing = under(key, moved[event])
        other = kept.get((rule, standing))
        stays = kept[rule, standing] = joined(opening, other) if other else opening
        both = openings.c.key.in_((key, standing))
        connection.execute(delete(openings).where(openings.c.rule == rule, both))
        connection.execute(insert(openings), {"rule": rule, "key": standing} | store.opening_values(stays))
