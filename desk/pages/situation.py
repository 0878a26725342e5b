"""态势: today against the same hours of the last weeks; every figure opens its posts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from starlette.responses import Response

from contracts.document import Query
from contracts.region import region_name
from contracts.topic import TOPIC_WORDS
from desk import curves, links
from desk.visit import Visit
from reports import pleas
from response.access import may

SPANS: Final[dict[str, tuple[str, int]]] = {
    "24": ("过去 24 小时", 24),
    "72": ("过去 3 天", 72),
    "168": ("过去 7 天", 168),
}
WEEKS: Final = 2
_ROWS: Final = 12
_NAMING_WORDS: Final = 4


def situation(visit: Visit) -> Response:
    """Show volume and sentiment by hour, topics, regions and events of the time asked for."""
    wanted = visit.asked("hours") or "24"
    word, length = SPANS.get(wanted, SPANS["24"])
    until = visit.now
    since = (until - timedelta(hours=length - 1)).replace(minute=0, second=0, microsecond=0)
    topic, region = visit.asked("topic"), visit.asked("region")
    query = Query(
        since=since, until=until, topics=(topic,) if topic in TOPIC_WORDS else (), regions=(region,) if region else ()
    )
    index = visit.desk.index
    starts = curves.hours(since, until)
    volume = curves.volume(index, query, since, until)
    usual = _usual(visit, query, len(starts))
    volume["series"].append(curves.against(usual, f"前 {WEEKS} 周同时段平均"))
    total = sum(index.count(query).values())
    negative = sum(index.count(msgspec.structs.replace(query, sentiments=(-1,))).values())
    topics = _rows(query, index.count(query, by="topic"), "topic")
    regions = _rows(query, _prefectures(index.count(query, by="region")), "region")
    events = _events(visit, query)
    figures: dict[str, int | None] = {"total": total, "negative": negative, "usual": round(sum(usual))}
    if may(visit.officer, "see_pleas"):
        figures["pleas"] = _pleas(visit, since, until)
    if visit.wants_json:
        return visit.json({**figures, "volume": volume, "topics": topics, "regions": regions, "events": events})
    return visit.page(
        "situation.html", spans=SPANS, wanted=wanted if wanted in SPANS else "24", word=word, volume=volume,
        topics=topics, topic_chart=curves.lying("帖", topics), regions=regions, region_chart=curves.lying("帖", regions),
        events=events, figures=figures, topic=topic, region=region,
        all_link=links.search(since=since, until=until, topic=topic, region=region),
        negative_link=links.search(since=since, until=until, topic=topic, region=region, sentiment=-1),
    )  # fmt: skip


def _pleas(visit: Visit, since: datetime, until: datetime) -> int | None:
    """Return the unit's pleas of the time, whatever else is filtered; None where the number is too small to be told."""
    unit = visit.officer.unit
    return pleas.tell(visit.desk.index, pleas.question(unit, since, until), unit, "lane").total


def _usual(visit: Visit, query: Query, length: int) -> list[float]:
    """Return the mean of the same hours of the last weeks, hour by hour."""
    sums = [0.0] * length
    for week in range(1, WEEKS + 1):
        earlier = curves.shifted(query, timedelta(weeks=week))
        counted = visit.desk.index.count(earlier, interval="hour")
        assert earlier.since is not None
        assert earlier.until is not None
        for at, start in enumerate(curves.hours(earlier.since, earlier.until)[:length]):
            sums[at] += counted.get(("", start.isoformat()), 0)
    return [one / WEEKS for one in sums]


def _rows(query: Query, counted: Mapping[tuple[str, str], int], field: str) -> list[tuple[str, int, str]]:
    words = TOPIC_WORDS if field == "topic" else {}
    rows = []
    for (value, _), count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_ROWS]:
        given: dict[str, Any] = {
            "topic": query.topics[0] if query.topics else "", "region": query.regions[0] if query.regions else "",
        } | {field: value}  # fmt: skip
        rows.append(
            (words.get(value) or region_name(value), count, links.search(since=query.since, until=query.until, **given))
        )
    return rows


def _prefectures(counted: Mapping[tuple[str, str], int]) -> Mapping[tuple[str, str], int]:
    """Return the counts of cities and provinces; a county's posts are its city's already where the text names both."""
    sums: dict[tuple[str, str], int] = {}
    for (code, start), count in counted.items():
        if not code:
            continue
        city = code if code.endswith("00") else f"{code[:4]}00"
        sums[city, start] = max(sums.get((city, start), 0), count)
    return sums


def _events(visit: Visit, query: Query) -> list[dict[str, Any]]:
    """Return the largest events with their first and newest post."""
    counted = visit.desk.index.count(query, by="event")
    largest = sorted(((count, event) for (event, _), count in counted.items() if event and count > 1), reverse=True)[:8]
    rows = []
    for count, event in largest:
        asked = Query(events=(event,), limit=1)
        newest = visit.desk.index.search(asked).hits
        first = visit.desk.index.search(msgspec.structs.replace(asked, oldest_first=True)).hits
        if first and newest:
            post = first[0].document.post
            rows.append({
                "event": event, "count": count, "words": post.title or _name(visit, asked),
                "first_at": post.published_at, "newest_at": newest[0].document.post.published_at,
                "link": links.search(event=event, since=query.since, until=query.until),
            })  # fmt: skip
    return rows


def _name(visit: Visit, event: Query) -> str:
    """Return the words that most of an event's posts share; a plea is in no event, so none of them is a plea's."""
    counted = visit.desk.index.count(event, by="keyword")
    most = sorted(counted.items(), key=lambda found: (-found[1], found[0]))[:_NAMING_WORDS]
    return "、".join(word for (word, _), _ in most)
