"""The index on Elasticsearch passes the suite of its port against a real server."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.elasticsearch.connection import connect
from backends.elasticsearch.index import ElasticsearchIndex
from backends.elasticsearch.migrating import migrate_index
from backends.settings import ElasticsearchSettings
from contracts.ports.index import Index
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
