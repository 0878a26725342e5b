"""The index on Elasticsearch."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from backends.elasticsearch import counting
from backends.elasticsearch.asking import asked
from backends.elasticsearch.connection import connect, deciding
from backends.elasticsearch.mapping import entry, is_ours, version
from backends.elasticsearch.merging import Merges
from backends.elasticsearch.names import Names
from backends.elasticsearch.writing import Action, Result, bulk, delete_action, index_action
from backends.merging import counted, merges, renamed
from backends.query import Node, highlights, parse
from backends.settings import ElasticsearchSettings
from backends.versions import newest
from contracts.document import Document, Field, Hit, Interval, Page, Query
from contracts.errors import NotConfigured, Retryable

_WINDOW: Final = 10_000
"""Elasticsearch pages no deeper than this by number alone."""
_AT_ONCE: Final = 1_000
TARGETS_S: Final = 2.0
"""How long a writer believes what it knows of the write alias; a migration waits longer."""
_BURIAL_S: Final = 10.0


class ElasticsearchIndex:
    """Posts, searched and counted, on Elasticsearch.

    needs: Elasticsearch 8, `qingting[cluster]` · configuration: `[index] backend = "elasticsearch"`, `urls`, `prefix`,
    `shards`, `replicas`, sign-in and CA; made by `qingting migrate` · delivery: what `put` returned can be fetched by
    id at once and is **found by search within a second** (`refresh_on_put` makes it at once, at a price); a `put` that
    failed may be there in part · ordering: newest first by the second of publication, then by `contracts.identity.tie`
    · replay: `put` again changes nothing, an older version never replaces a newer one · limits: one writing process at
    a time (guarded by versions all the same), any number of readers.
    """

    def __init__(self, settings: ElasticsearchSettings, secrets: Path, *, refresh_on_put: bool = False) -> None:
        self._settings = settings
        self._names = Names(settings)
        self._refresh = refresh_on_put
        self._client = connect(settings, secrets)
        self._merges = Merges(self._client, self._names.merges)
        self._targets: tuple[str, ...] = ()
        self._targets_s = 0.0
        try:
            self._require_ours()
        except BaseException:
            self._client.close()
            raise

    def put(self, documents: Sequence[Document]) -> Mapping[str, str]:
        with deciding(self._settings):
            if pairs := merges(documents):
                self._merges.keep(pairs)
            former = self._get({document.post.id for document in documents})
            wanted = newest(documents, former)
            sources = {post: (version(document), entry(document)) for post, document in wanted.items()}
            actions = [
                index_action(index, post, number, source)
                for index in self._write_indices()
                for post, (number, source) in sources.items()
            ]
            refused = bulk(self._client, actions, refresh=self._refresh) if actions else []
            refused = self._unbury(refused)
        return {result.action.id: result.reason for result in refused if not result.is_conflict}

    def get(self, ids: Sequence[str]) -> Mapping[str, Document]:
        with deciding(self._settings):
            return self._get(ids)

    def search(self, query: Query) -> Page:
        node = parse(query.text)
        with deciding(self._settings):
            clause = asked(self._merges.widened(query))
            total = self._client.count(index=self._names.read, query=clause)["count"]
            found = list(self._hits(clause, query)) if total and query.limit > 0 else []
            found = renamed(found, self._merges.standing({document.event for document in found}))
            copies = self._copies([document.post.id for document in found])
        return Page(total, tuple(_hit(document, copies.get(document.post.id, 0), node) for document in found))

    def count(
        self, query: Query, by: Field | None = None, interval: Interval | None = None
    ) -> Mapping[tuple[str, str], int]:
        parse(query.text)  # what cannot be parsed is refused before anything is asked
        with deciding(self._settings):
            clause = asked(self._merges.widened(query))
            found = counting.count(self._client, self._names.read, clause, by, interval)
            return counted(found, self._merges.standing({event for event, _ in found})) if by == "event" else found

    def forget(self, ids: Sequence[str] = (), authors: Sequence[str] = (), urls: Sequence[str] = ()) -> Sequence[str]:
        named = {"id": ids, "author": authors, "url": urls}
        clauses = [
            {"terms": {field: portion}}
            for field, values in named.items()
            for portion in _portions(sorted({value for value in values if value}))
        ]
        if not clauses:
            return ()
        gone: set[str] = set()
        with deciding(self._settings):
            for index in self._write_indices():
                self._client.indices.refresh(index=index)
                for clause in clauses:
                    actions = [delete_action(index, *found) for found in self._versions(index, clause)]
                    bulk(self._client, actions)
                    gone |= {action.id for action in actions}
                self._client.indices.refresh(index=index)
        return tuple(sorted(gone))

    def refresh(self) -> None:
        """Let searches find everything that was put."""
        with deciding(self._settings):
            self._client.indices.refresh(index=self._names.write)

    def close(self) -> None:
        self._client.close()

    def _require_ours(self) -> None:
        """Raise NotConfigured unless the aliases stand and lead to an index of this program's version."""
        with deciding(self._settings):
            found = self._client.indices.get_mapping(index=self._names.read).body
            self._client.indices.get_mapping(index=self._names.merges)
            self._write_indices()
        for index, held in found.items():
            if not is_ours(held["mappings"]):
                raise NotConfigured(
                    f"Elasticsearch 的索引 {index} 不是本程序这一版的结构；请运行 qingting migrate，或换一个 index.prefix。"
                )

    def _write_indices(self) -> tuple[str, ...]:
        """Return every index that has to hold what is written: two while a migration runs."""
        if time.monotonic() - self._targets_s > TARGETS_S:
            self._targets = tuple(sorted(self._client.indices.get_alias(name=self._names.write).body))
            self._targets_s = time.monotonic()
        return self._targets

    def _get(self, ids: Sequence[str] | set[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for portion in _portions(sorted(set(ids))):
            answer = self._client.mget(index=self._names.read, ids=portion, source_includes=["document"])
            found |= {one["_id"]: _document(one) for one in answer["docs"] if one.get("found")}
        return found

    def _unbury(self, refused: Sequence[Result]) -> list[Result]:
        """Put again what met only the tombstone of a forgotten post; a real conflict means that a newer version stands."""
        until_s = time.monotonic() + _BURIAL_S
        refused = list(refused)
        while conflicts := {result.action.id: result.action for result in refused if result.is_conflict}:
            standing = self._get(conflicts.keys() | set())
            buried: list[Action] = [action for post, action in conflicts.items() if post not in standing]
            if not buried:
                break
            if time.monotonic() > until_s:
                raise Retryable("Elasticsearch 还没有清掉刚删除的帖子；程序会自动重试。")
            self._client.indices.refresh(index=self._names.write)
            refused = [result for result in refused if result.action not in buried]
            refused += bulk(self._client, buried, refresh=self._refresh)
        return refused

    def _hits(self, clause: dict[str, Any], query: Query) -> Iterator[Document]:
        direction = "asc" if query.oldest_first else "desc"
        order = [{field: direction} for field in ("second", "tie", "id")]
        asking: dict[str, Any] = {
            "query": clause, "sort": order, "source_includes": ["document"], "track_total_hits": False,
        }  # fmt: skip
        start = max(query.offset, 0)
        if start + query.limit <= _WINDOW:
            answer = self._client.search(index=self._names.read, from_=start, size=query.limit, **asking)
            yield from (_document(hit) for hit in answer["hits"]["hits"])
            return
        pit = self._client.open_point_in_time(index=self._names.read, keep_alive="1m")["id"]
        try:
            yield from self._deep(pit, asking, start, query.limit)
        finally:
            self._client.close_point_in_time(id=pit)

    def _deep(self, pit: str, asking: dict[str, Any], skip: int, wanted: int) -> Iterator[Document]:
        after: dict[str, Any] = {}
        while wanted > 0:
            size = min(_WINDOW, skip) if skip else min(_AT_ONCE, wanted)
            given = asking | after | ({"source": False, "source_includes": None} if skip else {})
            answer = self._client.search(pit={"id": pit, "keep_alive": "1m"}, size=size, **given)
            hits = answer["hits"]["hits"]
            if not hits:
                return
            after = {"search_after": hits[-1]["sort"]}
            if skip:
                skip -= len(hits)
                continue
            yield from map(_document, hits)
            wanted -= len(hits)

    def _copies(self, ids: Sequence[str]) -> dict[str, int]:
        copies: dict[str, int] = {}
        for portion in _portions(ids):
            answer = self._client.search(
                index=self._names.read, query={"terms": {"fold_of": portion}}, size=0, track_total_hits=False,
                aggs={"copies": {"terms": {"field": "fold_of", "size": len(portion)}}},
            )  # fmt: skip
            copies |= {cell["key"]: cell["doc_count"] for cell in answer["aggregations"]["copies"]["buckets"]}
        return copies

    def _versions(self, index: str, clause: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """Yield id and version of every document that matches, page by page."""
        after: dict[str, Any] = {}
        while True:
            answer = self._client.search(
                index=index, query=clause, sort=[{"id": "asc"}], size=_AT_ONCE, source=False, version=True,
                track_total_hits=False, **after,
            )  # fmt: skip
            hits = answer["hits"]["hits"]
            yield from ((hit["_id"], hit["_version"]) for hit in hits)
            if len(hits) < _AT_ONCE:
                return
            after = {"search_after": hits[-1]["sort"]}


def _document(hit: Mapping[str, Any]) -> Document:
    return msgspec.convert(hit["_source"]["document"], Document)


def _hit(document: Document, copies: int, node: Node | None) -> Hit:
    return Hit(document=document, copies=copies, highlights=highlights(node, document.post.text) if node else ())


def _portions(values: Sequence[str]) -> Iterator[list[str]]:
    return (list(values[start : start + _AT_ONCE]) for start in range(0, len(values), _AT_ONCE))


def open_index(settings: ElasticsearchSettings, secrets: Path) -> ElasticsearchIndex:
    """Open the index. Raises NotConfigured where it has to be made, migrated or is not ours, Retryable where it is away."""
    return ElasticsearchIndex(settings, secrets)
