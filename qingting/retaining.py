"""`retain`: text is not kept longer than promised, neither in the log (`log.keep_days`) nor in the index (`[retention]`)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import msgspec

from contracts.document import Document, Query
from contracts.events import STREAMS
from contracts.ports.index import Index
from qingting.retention import RetentionSettings
from qingting.wiring import House

_PAGE: Final = 500
_HOUR_MOST: Final = 10_000
"""Posts of one hour that are looked at in one run: as deep as Elasticsearch pages."""
_RUN_MOST: Final = 50_000
"""Posts that one run removes: the next one goes on."""
_AT_ONCE: Final = 2_000
_COUNTS_DAYS: Final = 400
"""Counts of what collecting brought, without any text: this month beside that of the year before."""


def retain(house: House) -> int:
    """Drop what is older than the setting from every stream; return the number of records."""
    before = house.clock.now() - timedelta(days=house.settings.log.keep_days)
    house.crawl_book.retain((house.clock.now() - timedelta(days=_COUNTS_DAYS)).date())
    return sum(house.log.retain(stream, before) for stream in STREAMS)


def expire(house: House) -> int:
    """Remove the posts that were kept long enough from index and desk; return how many.

    A plea that the desk still works on stays: it goes `response.help_kept_days` after it was closed. An expired post is
    not on the forget list; it does not come again because the edge has seen it.
    """
    from response import forgetting

    now = house.clock.now()
    working = forgetting.worked_on(house.database)
    found = due(house.index, house.settings.retention, now)
    posts = list(islice((post for post in found if post not in working), _RUN_MOST))
    for start in range(0, len(posts), _AT_ONCE):
        forgetting.expire(house.database, house.index, posts[start : start + _AT_ONCE], now=now)
    return len(posts)


def due(index: Index, settings: RetentionSettings, now: datetime) -> Iterator[str]:
    """Yield, once each, the ids of the posts that were taken in so long ago that they must go."""
    told: set[str] = set()
    queries = [Query(until=now - timedelta(days=settings.text_days), pleas="with", oldest_first=True)]
    for topic, days in settings.shorter():
        queries.append(Query(topics=(topic,), until=now - timedelta(days=days), pleas="with", oldest_first=True))
    for query in queries:
        for document in _read(index, query):
            kept = timedelta(days=settings.days(document.score.topics))
            if document.post.fetched_at + kept <= now and document.post.id not in told:
                told.add(document.post.id)
                yield document.post.id


def _read(index: Index, query: Query) -> Iterator[Document]:
    """Yield what appeared before `query.until`, hour by hour: a post is never taken in before it appeared."""
    assert query.until is not None
    for _, hour in sorted(index.count(query, None, "hour")):
        since = datetime.fromisoformat(hour)
        until = min(since + timedelta(hours=1), query.until)
        for offset in range(0, _HOUR_MOST, _PAGE):
            page = index.search(msgspec.structs.replace(query, since=since, until=until, offset=offset, limit=_PAGE))
            yield from (hit.document for hit in page.hits)
            if offset + _PAGE >= page.total:
                break
