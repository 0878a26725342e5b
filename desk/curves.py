"""Figures of the index as charts: values, labels, and the search that opens each of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.document import Query
from contracts.ports.index import Index
from contracts.zone import BEIJING
from desk import links


def hours(since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the whole hours from `since` to `until`, Beijing time."""
    return tuple(_hours(since.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0), until))


def _hours(start: datetime, until: datetime) -> Iterator[datetime]:
    while start < until:
        yield start
        start += timedelta(hours=1)


def volume(index: Index, query: Query, since: datetime, until: datetime, expected: float = 0.0) -> dict[str, Any]:
    """Return posts by hour: negative below the rest, each bar with its search, against the expected level."""
    starts = hours(since, until)
    by_hour = index.count(query, by="sentiment", interval="hour")
    negative = [by_hour.get(("-1", start.isoformat()), 0) for start in starts]
    whole = [sum(by_hour.get((value, start.isoformat()), 0) for value in ("-1", "0", "1")) for start in starts]
    series = [
        _series("负面", negative, [_opens(query, start, -1) for start in starts]),
        _series(
            "其他", [total - part for total, part in zip(whole, negative, strict=True)],
            [_opens(query, start) for start in starts],
        ),
    ]  # fmt: skip
    if expected:
        series.append({
            "name": "平时约", "type": "line", "dashed": True, "silent": True, "values": [round(expected, 1)] * len(starts),
        })  # fmt: skip
    return {"labels": [_label(start) for start in starts], "series": series}


def against(values: Sequence[float], name: str) -> dict[str, Any]:
    """Return a dashed line of the ordinary course."""
    return {
        "name": name,
        "type": "line",
        "dashed": True,
        "silent": True,
        "values": [round(value, 1) for value in values],
    }


def lying(name: str, rows: Sequence[tuple[str, int, str]]) -> dict[str, Any]:
    """Return lying bars of (label, value, link)."""
    return {
        "lying": True, "labels": [label for label, _, _ in rows],
        "series": [{"name": name, "values": [value for _, value, _ in rows], "links": [link for _, _, link in rows]}],
    }  # fmt: skip


def _series(name: str, values: Sequence[int], opens: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "stack": "posts", "values": values, "links": opens}


def _opens(query: Query, start: datetime, sentiment: int | None = None) -> str:
    until = start + timedelta(hours=1)
    return links.search(
        since=max(start, query.since) if query.since else start, until=min(until, query.until) if query.until else until,
        topic=query.topics[0] if query.topics else "", region=query.regions[0] if query.regions else "",
        event=query.events[0] if query.events else "", sentiment=sentiment,
    )  # fmt: skip


def _label(start: datetime) -> str:
    return f"{start.day} 日 {start.hour} 时" if start.hour == 0 else f"{start.hour} 时"


def shifted(query: Query, by: timedelta) -> Query:
    """Return the same question about an earlier time."""
    assert query.since is not None
    assert query.until is not None
    return msgspec.structs.replace(query, since=query.since - by, until=query.until - by)
