"""信源: what is collected, how it fares by its own habit, what came in, and the wish to have it asked now."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response

from alerts import source_troubles
from alerts.source_troubles import Trouble
from contracts.diagnosis import TROUBLE_REMEDIES, TROUBLE_WORDS
from contracts.document import Query
from contracts.errors import Conflict, Rejected
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import SourceHealth
from contracts.zone import BEIJING
from desk import hot, links
from desk.app import SourceCard
from desk.visit import NotFound, Visit
from response import audit
from response.access import may

_DAYS_SHOWN: Final = 14


def sources(visit: Visit) -> Response:
    """Show every source with its health; the troubled ones first."""
    health = {one.source: one for one in visit.desk.health()}
    since = visit.now - timedelta(hours=24)
    counted = visit.desk.index.count(Query(since=since, until=visit.now), by="source")
    with visit.desk.database.reading() as connection:
        troubles = {one.source: one for one in source_troubles.unmended(connection)}
    configured = {one.id: one for one in visit.desk.sources()}
    cards = sorted(
        configured.values(),
        key=lambda one: (one.id not in troubles, not _troubled(one.id, health, troubles), not one.enabled, one.id),
    )
    return visit.page(
        "sources.html", cards=cards, health=health, counts={source: count for (source, _), count in counted.items()},
        troubles=troubles, trouble_words=TROUBLE_WORDS, may_try=may(visit.officer, "try_source"),
        troubled=[one.id for one in cards if one.enabled and _troubled(one.id, health, troubles)],
        imported=sorted(source for source, _ in counted if source not in configured),
        link_of=lambda source: links.search(source=source, since=since, until=visit.now),
    )  # fmt: skip


def source(visit: Visit) -> Response:
    """Show one source: the curve of its days, its funnel, its troubles, and the button to have it asked now."""
    card = _card(visit)
    today = visit.now.astimezone(BEIJING).date()
    known = {day.day: day for day in visit.desk.days(today - timedelta(days=_DAYS_SHOWN - 1), card.id)}
    shown = [today - timedelta(days=ago) for ago in reversed(range(_DAYS_SHOWN))]
    days = [known.get(day, SourceDay(source=card.id, day=day)) for day in shown]
    with visit.desk.database.reading() as connection:
        troubles = source_troubles.of_source(connection, card.id)
    health = next((one for one in visit.desk.health() if one.source == card.id), None)
    open_now = next((one for one in troubles if one.mended_at is None), None)
    if visit.wants_json:
        return visit.json(
            {"source": card, "health": health and _told(health), "trouble": open_now, "days": days, "csrf": visit.csrf}
        )
    return visit.page(
        "source.html", card=card, health=health, trouble=open_now, past=[one for one in troubles if one.mended_at],
        asked=_asked(visit, card, today), curve=_curve(days), days=[day for day in reversed(days) if day.crawls],
        gap_s=visit.desk.expected_gap_s(health) if health else None, entries=hot.rows(visit, card.id) if card.kind == "hotlist" else (),
        trouble_words=TROUBLE_WORDS, remedies=TROUBLE_REMEDIES, may_try=may(visit.officer, "try_source"),
        good=_sample(visit, open_now.sample if open_now else health.good_post if health else ""),
    )  # fmt: skip


def try_now(visit: Visit) -> Response:
    """Have the source asked now, or as soon as its site lets us; the crawlers notice within seconds."""
    card = _card(visit)
    if not card.enabled:
        raise Conflict("该信源已停用，不会采集。请先在 sources.yaml 里启用它。")
    if visit.desk.ask_now is None:
        raise Rejected("这个值班台没有连着采集程序，不能从这里采集。")
    with visit.desk.database.writing() as connection:
        audit.append(connection, by=visit.officer.id, act="try_source", subject=card.id, now=visit.now)
    due = visit.desk.ask_now(card.id, visit.now)
    return visit.done(f"/sources/{card.id}", "try_later" if due is not None and due > visit.now else "try_now")


def _card(visit: Visit) -> SourceCard:
    for card in visit.desk.sources():
        if card.id == visit.part("id"):
            return card
    raise NotFound(visit.part("id"))


def _asked(visit: Visit, card: SourceCard, today: date) -> tuple[str, int] | None:
    """Return the host of the source and its requests of today; None for a source that is not asked."""
    host = (urlsplit(card.url).hostname or "").lower()
    counted = {one.host: one.requests for one in visit.desk.requests(today) if one.day == today}
    return (host, counted.get(host, 0)) if host else None


def _curve(days: Sequence[SourceDay]) -> dict[str, Any]:
    return {
        "labels": [_label(day.day) for day in days],
        "series": [
            {"name": "取到网页", "values": [day.funnel.fetched + day.funnel.unchanged for day in days]},
            {"name": "新帖", "type": "line", "values": [day.funnel.new for day in days]},
        ],
    }


def _label(day: date) -> str:
    return f"{day.month}-{day.day}"


def _told(health: SourceHealth) -> dict[str, Any]:
    """Return the health without what the crawlers keep for themselves."""
    return {name: value for name, value in msgspec.structs.asdict(health).items() if name != "rhythm"}


def _sample(visit: Visit, post: str) -> tuple[str, str, datetime] | None:
    """Return id, title and time of the last good post, where it still exists and this officer may read it."""
    document = visit.desk.index.get([post]).get(post) if post and may(visit.officer, "search") else None
    if document is None or document.score.lane:
        return None
    return document.post.id, document.post.title or "（无标题）", document.post.published_at


def _troubled(source: str, health: Mapping[str, SourceHealth], troubles: Mapping[str, Trouble]) -> bool:
    return source in troubles or (source in health and bool(health[source].failure))
