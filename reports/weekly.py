"""Gathers the week from index and desk database."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from contracts.document import Field, Query
from contracts.errors import Rejected
from contracts.identity import digest
from contracts.lane import LANE_WORDS
from contracts.ports.database import Database
from contracts.ports.index import Index
from contracts.region import HUNAN, names, region_name
from contracts.report import Figure, Report
from contracts.topic import TOPIC_WORDS
from reports import pleas, readings, resolving, work
from reports.period import bounds, days
from reports.suppression import Told

EVENTS_MAX: Final = 5
EVENT_POSTS_MIN: Final = 3
"""Fewer posts are no event to report, and could point at a person."""
NAME_WORDS: Final = 3


def report_id(week: str, unit: str) -> str:
    """Return the id of the one report of a week and unit."""
    return digest("report", week, unit)


def build(week: str, unit: str, *, index: Index, database: Database, now: datetime, sample: bool = False) -> Report:
    """Return the draft of an ISO week for a unit; in a running week the figures end at `now`.

    Raises Rejected for a week that is none or lies ahead, and for an unknown unit.
    """
    since, until = bounds(week)
    if since >= now:
        raise Rejected(f"{week} 还没有开始；请换一个已经开始的周次。")
    if unit not in names():
        raise Rejected(f"没有代码为 {unit[:12]} 的单位；请写六位行政区划代码，如 430000。")
    end = min(until, now)
    asked = Query(since=since, until=end, regions=() if unit == HUNAN else (unit,))
    open_figures = [
        *_overview(asked), *_events(index, asked), *_trend(asked), *_topics(index, asked), *_regions(index, asked, unit),
        *_work(unit, since, end),
    ]  # fmt: skip
    figures = [replace(figure, value=resolving.resolve(figure, index, database)) for figure in open_figures]
    return Report(
        id=report_id(week, unit), week=week, unit=unit, state="draft", since=since, until=until, built_at=now,
        sample=sample,
        figures=(*figures, *_help(index, unit, since, end)),
    )  # fmt: skip


def _overview(asked: Query) -> Iterator[Figure]:
    yield from _row("overview.all", "全部公开帖文", asked)
    yield _figure("overview.all.originals", "全部公开帖文：原发", "条", replace(asked, originals_only=True))
    for name, label, sentiment in (("negative", "负面", -1), ("neutral", "中性", 0), ("positive", "正面", 1)):
        yield _figure(f"overview.all.{name}", f"全部公开帖文：{label}", "条", replace(asked, sentiments=(sentiment,)))


def _events(index: Index, asked: Query) -> Iterator[Figure]:
    for event, posts in _largest(index, asked, "event"):
        if posts >= EVENT_POSTS_MIN:
            query = replace(asked, events=(event,))
            yield from _row(f"events.{event}", _event_name(index, query), query, change=False)


def _event_name(index: Index, query: Query) -> str:
    """Return place, topic and keywords that most of an event's posts share; a keyword is all that is taken from texts."""
    place = [region_name(code) for code, _ in _largest(index, query, "region")[:1]]
    topic = [TOPIC_WORDS.get(code, code) for code, _ in _largest(index, query, "topic")[:1]]
    words = "、".join(word for word, _ in _largest(index, query, "keyword")[:NAME_WORDS]).replace("：", " ")
    return " · ".join([*place, *topic, *([words] if words else [])]) or "未命名事件"


def _trend(asked: Query) -> Iterator[Figure]:
    assert asked.since is not None
    assert asked.until is not None
    for day, start, end in days(asked.since):
        if start < asked.until:
            query = replace(asked, since=start, until=min(end, asked.until))
            yield from _row(f"trend.{day}", f"{int(day[5:7])} 月 {int(day[8:])} 日", query, change=False)


def _topics(index: Index, asked: Query) -> Iterator[Figure]:
    for topic, _ in _largest(index, asked, "topic"):
        if topic in TOPIC_WORDS:
            yield from _row(f"topics.{topic}", TOPIC_WORDS[topic], replace(asked, topics=(topic,)))


def _regions(index: Index, asked: Query, unit: str) -> Iterator[Figure]:
    counted = {
        part: sum(index.count(replace(asked, regions=(part,))).values()) for part in pleas.below(unit)
    }  # an area's count includes the counties below it
    for part in sorted(counted, key=lambda code: (-counted[code], code)):
        if counted[part]:
            yield from _row(f"regions.{part}", region_name(part), replace(asked, regions=(part,)))


def _work(unit: str, since: datetime, until: datetime) -> Iterator[Figure]:
    for name, question in work.QUESTIONS.items():
        yield Figure(
            id=f"work.{name}", label=question.label, value=0, unit=question.unit, opens_posts=False,
            source=work.source(name, unit, since, until),
        )  # fmt: skip


def _help(index: Index, unit: str, since: datetime, until: datetime) -> Iterator[Figure]:
    query = pleas.question(unit, since, until)
    lanes = pleas.tell(index, query, unit, "lane")
    yield _told("help.all", "公开求助", query, f"{readings.PLEAS} {unit}", lanes.total)
    yield from _parts("lane", lanes, LANE_WORDS, query, unit)
    if below := pleas.below(unit):
        places = pleas.tell(index, query, unit, "place")
        elsewhere = "地点不明或省外" if unit == HUNAN else "未写明下级地区"
        labels = {part: region_name(part) for part in below} | {pleas.ELSEWHERE: elsewhere}
        yield from _parts("place", places, labels, query, unit)


def _parts(by: str, told: Told, labels: dict[str, str], query: Query, unit: str) -> Iterator[Figure]:
    for part, value in told.parts.items():
        yield _told(f"help.{by}.{part}", labels[part], query, f"{readings.PLEAS} {unit} {by} {part}", value)


def _told(identity: str, label: str, query: Query, source: str, value: int | None) -> Figure:
    return Figure(
        id=identity, label=label, value=value or 0, unit="条", query=query, source=source, opens_posts=False,
        suppressed=value is None,
    )  # fmt: skip


def _row(identity: str, label: str, query: Query, *, change: bool = True) -> Iterator[Figure]:
    yield _figure(f"{identity}.posts", f"{label}：帖数", "条", query)
    if change:
        yield _figure(f"{identity}.change", f"{label}：比上周", "条", query, readings.CHANGE)
    yield _figure(f"{identity}.share", f"{label}：负面占比", "%", query, readings.NEGATIVE_SHARE)


def _figure(identity: str, label: str, unit: str, query: Query, source: str = readings.COUNT) -> Figure:
    """Return a figure whose value is still to be asked."""
    return Figure(id=identity, label=label, value=0, unit=unit, query=query, source=source)


def _largest(index: Index, asked: Query, by: Field) -> list[tuple[str, int]]:
    counted = index.count(asked, by=by)
    ranked = sorted(((value, number) for (value, _), number in counted.items() if value), key=lambda x: (-x[1], x[0]))
    return ranked[:EVENTS_MAX] if by == "event" else ranked
