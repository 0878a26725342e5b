"""Events that became one, in an index beside the posts': a document for each that was absorbed; the posts stay as they are."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from elasticsearch import Elasticsearch

from backends.elasticsearch.writing import bulk, index_action
from contracts.document import Query
from contracts.errors import Retryable
from contracts.merging import merged

_AT_ONCE: Final = 5_000
_KEYWORD: Final = {"type": "keyword"}
MAPPING: Final[dict[str, Any]] = {"dynamic": False, "properties": {"event": _KEYWORD, "standing": _KEYWORD}}
_ANY_VERSION: Final = 1
"""Whoever holds the index role's lease writes alone."""


class Merges:
    """The merges of one home. What was kept is found by every reader at once: merges are rare."""

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client = client
        self._index = index

    def keep(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Keep merges, as `contracts.merging.merged` has them.

        Raises Retryable where that failed in part: keeping the same again makes it whole.
        """
        stand = self._around({event for pair in pairs for event in pair})
        actions = [
            index_action(self._index, event, _ANY_VERSION, msgspec.json.encode({"event": event, "standing": stands}))
            for event, stands in merged(pairs, stand).items()
        ]
        if actions and (refused := bulk(self._client, actions, refresh=True)):
            raise Retryable(f"Elasticsearch 没有记下事件的合并（{refused[0].reason}）；程序会自动重试。")

    def standing(self, events: Iterable[str]) -> dict[str, str]:
        """Return, of the events that were absorbed, which event each is part of now."""
        found: dict[str, str] = {}
        for portion in _portions({event for event in events if event}):
            answer = self._client.mget(index=self._index, ids=portion, source_includes=["standing"])
            found |= {one["_id"]: one["_source"]["standing"] for one in answer["docs"] if one.get("found")}
        return found

    def widened(self, query: Query) -> Query:
        """Return the question for all events that are one with those it asks for."""
        if not query.events:
            return query
        stand = self.standing(query.events)
        wanted = {stand.get(event, event) for event in query.events}
        return msgspec.structs.replace(query, events=tuple(sorted(wanted | self._parts(wanted).keys())))

    def _around(self, events: set[str]) -> dict[str, str]:
        """Return all that leads from or to these events, also where an earlier attempt was cut off halfway."""
        known: dict[str, str] = {}
        seen: set[str] = set()
        while events:
            seen |= events
            found = self.standing(events)
            known |= found
            events = {*found.values()} - seen
        return known | self._parts(seen)

    def _parts(self, events: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for portion in _portions({event for event in events if event}):
            after: dict[str, Any] = {}
            while True:
                hits = self._client.search(
                    index=self._index, query={"terms": {"standing": portion}}, sort=[{"event": "asc"}], size=_AT_ONCE,
                    track_total_hits=False, **after,
                )["hits"]["hits"]  # fmt: skip
                found |= {hit["_id"]: hit["_source"]["standing"] for hit in hits}
                if len(hits) < _AT_ONCE:
                    break
                after = {"search_after": hits[-1]["sort"]}
        return found


def _portions(values: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
