"""What `search`, `alerts` and `tasks` show: the promised JSON shapes, seen as a provincial duty officer."""

from datetime import datetime
from typing import Final

import msgspec

from contracts.document import Hit, Query
from contracts.level import Level
from contracts.provenance import DateSource
from qingting.wiring import House

_NO_LIMIT: Final = 1_000_000


class FoundPost(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    url: str
    source: str
    title: str
    text: str
    published_at: datetime
    fetched_at: datetime
    sentiment: int
    topics: tuple[str, ...]
    regions: tuple[str, ...]
    copies: int
    event: str
    time_is_doubtful: bool
    target: str
    """federation · institution · "" for neither."""
    is_advice: bool
    date_source: DateSource
    language: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    total: int
    posts: tuple[FoundPost, ...]


class ShownNotification(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    state: str
    at: datetime | None


class ShownAlert(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    rule: str
    lane: str | None
    level: Level | None
    level_confirmed: bool
    state: str
    opened_at: datetime
    reason: str
    count: int
    baseline: float
    posts: tuple[str, ...]
    notifications: tuple[ShownNotification, ...]


class ShownTask(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    alert: str
    state: str
    due_at: datetime | None
    assignee: str
    account: str
    overdue: bool


def search(house: House, query: Query) -> Found:
    """Search as a provincial officer: pleas included, and the look is audited. Raises Rejected for a broken query."""
    from response import access, audit, units

    officer = access.Officer(id="cli", name="cli", unit=units.PROVINCE, roles=("officer",))
    page = house.index.search(access.narrowed(officer, query))
    with house.database.writing() as connection:
        audit.append(
            connection, by="cli", act="cli search", subject=query.text, detail=f"{page.total} posts",
            now=house.clock.now(),
        )  # fmt: skip
    return Found(total=page.total, posts=tuple(map(_found, page.hits)))


def _found(hit: Hit) -> FoundPost:
    post, score = hit.document.post, hit.document.score
    return FoundPost(
        id=post.id, url=post.url, source=post.source, title=post.title, text=post.text,
        published_at=post.published_at, fetched_at=post.fetched_at, sentiment=score.sentiment, topics=score.topics,
        regions=score.regions, copies=hit.copies, event=hit.document.event, time_is_doubtful=post.time_is_doubtful,
        target=score.target, is_advice=score.is_advice,
        date_source=post.date_source, language=post.language,
    )  # fmt: skip


def alerts(house: House, *, open_only: bool) -> tuple[ShownAlert, ...]:
    """Return the alerts, newest first, with what was sent about each."""
    from alerts import store

    with house.database.reading() as connection:
        return tuple(
            ShownAlert(
                id=alert.id, rule=alert.rule, lane=alert.lane, level=alert.level,
                level_confirmed=alert.level_confirmed, state=alert.state, opened_at=alert.opened_at,
                reason=alert.reason.sentence, count=alert.count, baseline=alert.baseline, posts=alert.posts,
                notifications=tuple(
                    ShownNotification(channel=sent.channel, state=sent.state, at=sent.at)
                    for sent in store.deliveries(connection, alert.id)
                ),
            )
            for alert in store.listing(connection, open_only=open_only, limit=_NO_LIMIT)
        )  # fmt: skip


def tasks(house: House, *, open_only: bool) -> tuple[ShownTask, ...]:
    """Return response and help tasks, newest first."""
    from response import answering, helping

    with house.database.reading() as connection:
        responses = answering.listing(connection, open_only=open_only, limit=_NO_LIMIT)
        pleas = helping.listing(connection, open_only=open_only, limit=_NO_LIMIT)
    shown = [
        ShownTask(
            id=task.id, kind="response", alert=task.alert, state=task.state, due_at=task.due_at,
            assignee=task.assignee, account=task.account, overdue=task.overdue,
        )
        for task in responses
    ]  # fmt: skip
    shown += [
        ShownTask(
            id=task.id, kind="help", alert=task.alert, state=task.state, due_at=task.due_at, assignee="",
            account="", overdue=task.overdue,
        )
        for task in pleas
    ]  # fmt: skip
    return tuple(shown)
