"""Counting matches: by the roll-up for whole hours, post by post where a question asks more than it knows."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from backends.sqlite.index_filter import Where, by_facet, by_post, by_time, sentiment, unlisted
from backends.sqlite.index_writing import HOUR_S
from contracts.document import Field, Interval, Query
from contracts.identity import TIE_BITS
from contracts.instant import microseconds

Cell = tuple[int, int, int, str, int]
"""Hour since 1970, flags, facet, event or keywords, number of posts."""

_CHANGSHA: Final = timezone(timedelta(hours=8))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(seconds=HOUR_S)
_HOUR_US: Final = HOUR_S * 1_000_000
_LONG_AGO_H: Final = 20_000_000
"""Added before dividing, since SQLite rounds towards zero: hours before 1970 stay in order."""
_HOUR_OF_ROW: Final = f"((rid >> {TIE_BITS}) + {_LONG_AGO_H * HOUR_S}) / {HOUR_S} - {_LONG_AGO_H}"


def count(
    connection: sqlite3.Connection, query: Query, words: str, by: Field | None, interval: Interval | None
) -> Mapping[tuple[str, str], int]:
    """Count as `contracts.ports.index.Index.count`; `words` is the FTS5 expression of the query's text."""
    cells = list(_cells(connection, query, words, by, interval))
    facets: dict[int, tuple[str, str, str]] = {}
    if by in ("topic", "region", "source"):
        facets = {row[0]: row[1:] for row in connection.execute("SELECT id, source, topics, regions FROM facets")}
    found: Counter[tuple[str, str]] = Counter()
    starts: dict[int, str] = {}
    for hour, flag, facet, extra, number in cells:
        if hour not in starts:
            starts[hour] = _start(hour, interval)
        for value in _values(by, flag, facets.get(facet, ("", "", "")), extra):
            found[value, starts[hour]] += number
    return dict(found)


def _values(by: Field | None, flag: int, facet: tuple[str, str, str], extra: str) -> tuple[str, ...] | set[str]:
    source, topics, regions = facet
    if by is None:
        return ("",)
    if by == "sentiment":
        return (str(sentiment(flag)),)
    if by == "source":
        return (source,)
    if by == "topic":
        return set(unlisted(topics))
    if by == "region":
        return set(unlisted(regions))
    return {value for value in extra.split("\n") if value}


def _cells(
    connection: sqlite3.Connection, query: Query, words: str, by: Field | None, interval: Interval | None
) -> Iterator[Cell]:
    hour = _HOUR_OF_ROW if interval else "0"
    extra = {"event": "event", "keyword": "keywords"}.get(by or "", "''")
    facet = "facet" if by in ("topic", "region", "source") else "0"
    flag = "flags" if by == "sentiment" else "0"

    def posts(where: Where) -> Iterator[Cell]:
        source = "words CROSS JOIN posts ON posts.rid = words.rowid" if words else "posts"
        where = (Where(("words MATCH ?",), (words,)) if words else Where()) + where
        return connection.execute(
            f"SELECT {hour}, {flag}, {facet}, {extra}, count(*) FROM {source} WHERE {where.sql} GROUP BY 1, 2, 3, 4",  # noqa: S608 - conditions are ours, values are bound
            where.values,
        )

    shared = by_facet(query)
    if words or extra != "''" or query.events or query.fold_of:
        rid = "words.rowid" if words else "rid"
        yield from posts(by_time(query.since, query.until, rid) + shared + by_post(query))
        return
    first = None if query.since is None else -(-microseconds(query.since) // _HOUR_US)
    last = None if query.until is None else microseconds(query.until) // _HOUR_US
    if first is not None and last is not None and first >= last:
        yield from posts(by_time(query.since, query.until) + shared)
        return
    if first is not None and query.since != _at(first):
        yield from posts(by_time(query.since, _at(first)) + shared)
    if last is not None and query.until != _at(last):
        yield from posts(by_time(_at(last), query.until) + shared)
    where = shared
    if first is not None:
        where += Where(("hour >= ?",), (first,))
    if last is not None:
        where += Where(("hour < ?",), (last,))
    yield from connection.execute(
        f"SELECT {'hour' if interval else '0'}, {flag}, {facet}, '', sum(n) FROM hourly WHERE {where.sql} GROUP BY 1, 2, 3",  # noqa: S608
        where.values,
    )


def _at(hour: int) -> datetime:
    return _EPOCH + hour * _HOUR


def _start(hour: int, interval: Interval | None) -> str:
    if interval is None:
        return ""
    start = _at(hour).astimezone(_CHANGSHA)
    if interval == "day":
        start = start.replace(hour=0)
    return start.isoformat()
