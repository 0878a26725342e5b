"""Making the index, and moving it into a new shape while it is read and written."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from backends.elasticsearch.connection import connect, deciding
from backends.elasticsearch.index import TARGETS_S
from backends.elasticsearch.mapping import VERSION, body, entry, is_ours, version, version_of
from backends.elasticsearch.merging import MAPPING
from backends.elasticsearch.names import Names
from backends.elasticsearch.writing import bulk, delete_action, index_action
from backends.settings import ElasticsearchSettings
from contracts.document import Document
from contracts.errors import NotConfigured

_AT_ONCE: Final = 500


def migrate_index(settings: ElasticsearchSettings, secrets: Path) -> None:
    """Make template, index, aliases and the index of merged events; move an older version's documents. Running it again changes nothing.

    Writers write to every index behind the write alias, so nothing is lost while documents move; readers see the old
    index whole until the new one is whole. Raises NotConfigured where a foreign index stands in the way.
    """
    client = connect(settings, secrets)
    names = Names(settings)
    try:
        with deciding(settings):
            client.indices.put_index_template(
                name=names.stem, index_patterns=[f"{names.stem}-v*"], template=body(settings)
            )
            old = _read_index(client, names)
            _create_merges(client, names, settings)
            if old == names.newest:
                _require_ours(client, names.newest)
                _alias(client, [{"add": {"index": names.newest, "alias": names.write}}])
                return
            _create(client, names.newest)
            if old:
                _move(client, names, old)
            else:
                _alias(
                    client, [{"add": {"index": names.newest, "alias": alias}} for alias in (names.read, names.write)]
                )
    finally:
        client.close()


def _read_index(client: Elasticsearch, names: Names) -> str:
    """Return the index behind the read alias, "" where there is none. Raises NotConfigured for one that is not ours."""
    try:
        found = client.indices.get_alias(name=names.read).body
    except NotFoundError:
        return ""
    (old,) = found if len(found) == 1 else ("",)
    standing = version_of(client.indices.get_mapping(index=old).body[old]["mappings"]) if old else 0
    if not 0 < standing <= VERSION:
        raise NotConfigured(
            f"Elasticsearch 的别名 {names.read} 指向的索引不是本程序的，或比本程序新；请升级程序，或换一个 index.prefix。"
        )
    return str(old)


def _create_merges(client: Elasticsearch, names: Names, settings: ElasticsearchSettings) -> None:
    if not client.indices.exists(index=names.merges):
        client.indices.create(index=names.merges, mappings=MAPPING, settings={"number_of_replicas": settings.replicas})


def _create(client: Elasticsearch, index: str) -> None:
    try:
        client.indices.create(index=index)  # its shape comes from the template
    except BadRequestError as refused:
        if "resource_already_exists" not in str(refused):
            raise
    _require_ours(client, index)


def _require_ours(client: Elasticsearch, index: str) -> None:
    if not is_ours(client.indices.get_mapping(index=index).body[index]["mappings"]):
        raise NotConfigured(f"Elasticsearch 上已有结构不同的索引 {index}；请移走它，或换一个 index.prefix。")


def _move(client: Elasticsearch, names: Names, old: str) -> None:
    _alias(client, [{"add": {"index": names.newest, "alias": names.write}}])
    _wait_for_writers()
    for documents in _pages(client, old):
        _copy(client, old, names.newest, documents)
    client.indices.refresh(index=names.newest)
    _alias(client, [
        {"add": {"index": names.newest, "alias": names.read}}, {"remove": {"index": old, "alias": names.read}},
    ])  # fmt: skip
    _alias(client, [{"remove": {"index": old, "alias": names.write}}])
    _wait_for_writers()
    client.indices.delete(index=old)


def _wait_for_writers() -> None:
    """Wait until every writer has looked at the write alias again: nothing but time tells."""
    time.sleep(2 * TARGETS_S)


def _pages(client: Elasticsearch, index: str) -> Iterator[Sequence[Document]]:
    client.indices.refresh(index=index)
    pit = client.open_point_in_time(index=index, keep_alive="5m")["id"]
    after: dict[str, Any] = {}
    try:
        while True:
            hits = client.search(
                pit={"id": pit, "keep_alive": "5m"}, sort=[{"id": "asc"}], size=_AT_ONCE, source_includes=["document"],
                track_total_hits=False, **after,
            )["hits"]["hits"]  # fmt: skip
            if not hits:
                return
            yield [msgspec.convert(hit["_source"]["document"], Document) for hit in hits]
            after = {"search_after": hits[-1]["sort"]}
    finally:
        client.close_point_in_time(id=pit)


def _copy(client: Elasticsearch, old: str, new: str, documents: Sequence[Document]) -> None:
    """Copy, never over something newer; what was forgotten while it was under way goes again."""
    bulk(client, [index_action(new, one.post.id, version(one), entry(one)) for one in documents])
    ids = [one.post.id for one in documents]
    standing = {one["_id"] for one in client.mget(index=old, ids=ids, source=False)["docs"] if one.get("found")}
    bulk(client, [delete_action(new, one.post.id, version(one)) for one in documents if one.post.id not in standing])


def _alias(client: Elasticsearch, actions: Sequence[dict[str, Any]]) -> None:
    client.indices.update_aliases(actions=list(actions))
