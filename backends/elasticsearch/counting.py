"""Counting matches by field and interval."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from elasticsearch import Elasticsearch

from contracts.document import Field, Interval

_CHANGSHA: Final = timezone(timedelta(hours=8))
_FIELDS: Final[dict[Field, str]] = {
    "topic": "topics", "region": "regions", "sentiment": "sentiment", "source": "source", "event": "event",
    "keyword": "keywords",
}  # fmt: skip
_CELLS_AT_ONCE: Final = 10_000


def count(
    client: Elasticsearch, index: str, query: dict[str, Any], by: Field | None, interval: Interval | None
) -> Mapping[tuple[str, str], int]:
    """Count as `contracts.ports.index.Index.count`."""
    if by is None and interval is None:
        total = client.count(index=index, query=query)["count"]
        return {("", ""): total} if total else {}
    sources: list[dict[str, Any]] = []
    if by is not None:
        sources.append({"value": {"terms": {"field": _FIELDS[by]}}})
    if interval is not None:
        step = {"fixed_interval": "1h"} if interval == "hour" else {"calendar_interval": "1d"}
        sources.append({"start": {"date_histogram": {"field": "published", "time_zone": "+08:00"} | step}})
    found: Counter[tuple[str, str]] = Counter()
    after: dict[str, Any] = {}
    while True:
        cells = {"composite": {"size": _CELLS_AT_ONCE, "sources": sources} | ({"after": after} if after else {})}
        answer = client.search(index=index, query=query, size=0, track_total_hits=False, aggs={"cells": cells})
        for cell in answer["aggregations"]["cells"]["buckets"]:
            found[str(cell["key"].get("value", "")), _start(cell["key"].get("start"))] += cell["doc_count"]
        after = answer["aggregations"]["cells"].get("after_key", {})
        if not after:
            return dict(found)


def _start(millis: int | None) -> str:
    if millis is None:
        return ""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)).astimezone(_CHANGSHA).isoformat()
