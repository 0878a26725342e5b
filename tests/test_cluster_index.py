"""The index on Elasticsearch passes the suite of its port against a real server."""

import copy
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backends.elasticsearch.connection import connect
from backends.elasticsearch.index import ElasticsearchIndex
from backends.elasticsearch.mapping import body, entry, version
from backends.elasticsearch.merging import Merges
from backends.elasticsearch.migrating import migrate_index
from backends.elasticsearch.names import Names
from backends.settings import ElasticsearchSettings
from contracts.document import Query
from contracts.errors import NotConfigured
from contracts.ports.index import Index
from contracts.testing.builders import make_document, make_post, make_score
from contracts.testing.index_suite import IndexSuite
from tools.servers.elasticsearch import Elasticsearch

pytestmark = pytest.mark.servers

NOWHERE = Path("/nowhere")


def settings_of(elasticsearch: Elasticsearch, folder: Path) -> ElasticsearchSettings:
    """Return settings under whose names nobody else writes; the same folder has the same index."""
    return ElasticsearchSettings(
        urls=(elasticsearch.address,), prefix=f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}-"
    )


def drop(settings: ElasticsearchSettings) -> None:
    client = connect(settings, NOWHERE)
    for index in client.indices.get(index=f"{settings.prefix}*").body:
        client.indices.delete(index=index)
    client.indices.delete_index_template(name=f"{settings.prefix}posts")
    client.close()


class TestElasticsearchIndex(IndexSuite):
    """`refresh_on_put`: the suite asks for what it has just put; in service a search may lag by the refresh interval."""

    examples = 8
    steps = 12

    @pytest.fixture(autouse=True)
    def _server(self, elasticsearch: Elasticsearch) -> Iterator[None]:
        self._elasticsearch = elasticsearch
        self._made: set[ElasticsearchSettings] = set()
        yield
        for settings in self._made:
            drop(settings)

    def open(self, folder: Path) -> Index:
        settings = settings_of(self._elasticsearch, folder)
        if settings not in self._made:
            migrate_index(settings, NOWHERE)
            self._made.add(settings)
        return ElasticsearchIndex(settings, NOWHERE, refresh_on_put=True)

    def shut(self, index: Index) -> None:
        assert isinstance(index, ElasticsearchIndex)
        index.close()


def test_posts_of_mapping_version_1_are_found_as_advice_once_migrated(
    elasticsearch: Elasticsearch, tmp_path: Path
) -> None:
    settings = settings_of(elasticsearch, tmp_path)
    names, client = Names(settings), connect(settings, NOWHERE)
    shape = copy.deepcopy(body(settings))
    shape["mappings"]["_meta"]["version"] = 1
    del shape["mappings"]["properties"]["is_advice"]
    aliases: dict[str, dict[str, str]] = {names.read: {}, names.write: {}}
    client.indices.create(index=names.of(1), settings=shape["settings"], mappings=shape["mappings"], aliases=aliases)
    for name, target in (("advice", "federation"), ("other", "")):
        document = make_document(make_post("没有下文", id=name), make_score(-1, target=target))
        source = msgspec.json.decode(entry(document))
        del source["is_advice"]
        client.index(
            index=names.of(1), id=name, document=source, version=version(document), version_type="external_gte", refresh=True
        )  # fmt: skip
    client.close()
    with pytest.raises(NotConfigured):
        ElasticsearchIndex(settings, NOWHERE)
    migrate_index(settings, NOWHERE)
    index = ElasticsearchIndex(settings, NOWHERE, refresh_on_put=True)
    assert [hit.document.post.id for hit in index.search(Query(advice_only=True)).hits] == ["advice"]
    assert index.search(Query()).total == 2
    index.close()
    drop(settings)


def test_a_merge_that_was_cut_off_halfway_is_made_whole_by_keeping_it_again(
    elasticsearch: Elasticsearch, tmp_path: Path
) -> None:
    settings = settings_of(elasticsearch, tmp_path)
    migrate_index(settings, NOWHERE)
    names, client = Names(settings), connect(settings, NOWHERE)
    merges = Merges(client, names.merges)
    merges.keep([("a", "b")])
    client.index(
        index=names.merges, id="b", document={"event": "b", "standing": "c"}, version=1, version_type="external_gte",
        refresh=True,
    )  # fmt: skip
    assert merges.standing("ab") == {"a": "b", "b": "c"}
    merges.keep([("b", "c")])
    assert merges.standing("abc") == {"a": "c", "b": "c"}
    assert set(merges.widened(Query(events=("a",))).events) == {"a", "b", "c"}
    client.close()
    drop(settings)


def test_a_home_from_before_merges_is_told_to_migrate(elasticsearch: Elasticsearch, tmp_path: Path) -> None:
    settings = settings_of(elasticsearch, tmp_path)
    migrate_index(settings, NOWHERE)
    client = connect(settings, NOWHERE)
    client.indices.delete(index=Names(settings).merges)
    client.close()
    with pytest.raises(NotConfigured, match="qingting migrate"):
        ElasticsearchIndex(settings, NOWHERE)
    migrate_index(settings, NOWHERE)
    ElasticsearchIndex(settings, NOWHERE).close()
    drop(settings)
