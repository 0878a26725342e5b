"""`qingting doctor` on Elasticsearch: a real round trip, its version, and the room on its disks."""

import time
from pathlib import Path
from typing import Final
from uuid import uuid4

from backends.elasticsearch.connection import connect, deciding
from backends.elasticsearch.index import ElasticsearchIndex
from backends.elasticsearch.names import Names
from backends.settings import ElasticsearchSettings
from contracts.errors import NotConfigured, Retryable

_MAJORS: Final = ("8", "9")
_LEAST_FREE: Final = 0.15
"""Below this share of free disk Elasticsearch starts to refuse: its low watermark."""


def examine(settings: ElasticsearchSettings, secrets: Path) -> str:
    """Write, read and delete a document. Returns what was found; raises NotConfigured or Retryable with what is wrong."""
    ElasticsearchIndex(settings, secrets).close()
    client = connect(settings, secrets)
    try:
        with deciding(settings):
            versions = {
                node["version"] for node in client.nodes.info(filter_path="nodes.*.version").body["nodes"].values()
            }
            if any(not found.startswith(tuple(f"{major}." for major in _MAJORS)) for found in versions):
                raise NotConfigured(f"Elasticsearch 是 {'、'.join(sorted(versions))} 版，本程序需要 8 或 9。")
            for node in client.nodes.stats(metric="fs").body["nodes"].values():
                free = node["fs"]["total"]["available_in_bytes"] / max(1, node["fs"]["total"]["total_in_bytes"])
                if free < _LEAST_FREE:
                    raise Retryable(
                        f"Elasticsearch 节点 {node['name']} 的磁盘只剩 {free:.0%}，低于 15% 就会拒绝写入；请腾出空间。"
                    )
            index, said, started_s = f"{Names(settings).stem}-doctor", uuid4().hex, time.monotonic()
            client.index(index=index, id=said, document={"said": said})
            read = client.get(index=index, id=said)["_source"]["said"]
            client.delete(index=index, id=said)
            took_s = time.monotonic() - started_s
        assert read == said
    finally:
        client.close()
    return f"{'、'.join(sorted(versions))} 版；写入、读回并删除一个文档用时 {took_s * 1000:.0f} 毫秒"
