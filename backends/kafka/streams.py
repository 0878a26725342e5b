"""The streams as Kafka topics: made by `qingting migrate`, checked whenever a log is opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kafka import KafkaAdminClient, errors

from backends.kafka.connection import deciding, open_client, options
from backends.settings import KafkaSettings
from contracts.errors import NotConfigured
from contracts.events import STREAMS

LONGEST_BYTES: Final = 4 * 1024 * 1024
_DAY_MS: Final = 86_400_000
_WAIT_MS: Final = 30_000


def migrate_streams(settings: KafkaSettings, secrets: Path) -> None:
    """Make the streams that are missing, and give those with too few partitions more; changes nothing else."""
    given = options(settings, secrets)
    with deciding(given):
        admin = open_client(KafkaAdminClient, **given)
        try:
            counts = partition_counts(admin, settings)
            configs = {
                "retention.ms": str(settings.keep_days * _DAY_MS),
                "max.message.bytes": str(LONGEST_BYTES),
                "message.timestamp.after.max.ms": str(2**63 - 1),  # a clock that is ahead must not cost a post
            }
            missing = {
                settings.prefix + stream: {
                    "num_partitions": settings.partitions, "replication_factor": settings.replicas, "configs": configs,
                }
                for stream in STREAMS if stream not in counts
            }  # fmt: skip
            if missing:
                _create(admin, missing)
            few = {
                settings.prefix + stream: settings.partitions
                for stream, count in counts.items() if count < settings.partitions
            }  # fmt: skip
            if few:
                admin.create_partitions(few)
        finally:
            admin.close()


def require_streams(counts: Mapping[str, int], settings: KafkaSettings) -> None:
    """Raise NotConfigured unless every stream exists with enough partitions."""
    if missing := [settings.prefix + stream for stream in STREAMS if stream not in counts]:
        raise NotConfigured(f"Kafka 上没有流 {'、'.join(missing)}；请先运行 qingting migrate。")
    for stream, count in counts.items():
        if count < settings.partitions:
            raise NotConfigured(
                f"Kafka 上的流 {settings.prefix + stream} 只有 {count} 个分区，log.partitions 写的是 {settings.partitions}；"
                "请停下各角色、排空后运行 qingting migrate，或把 log.partitions 改小。"
            )


def partition_counts(admin: KafkaAdminClient, settings: KafkaSettings) -> dict[str, int]:
    """Return how many partitions each existing stream has."""
    names = {settings.prefix + stream: stream for stream in STREAMS}
    existing = sorted(names.keys() & set(admin.list_topics()))
    found = admin.describe_topics(existing) if existing else []
    return {names[topic["name"]]: len(topic["partitions"]) for topic in found}


def _create(admin: KafkaAdminClient, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        admin.create_topics(dict(wanted), timeout_ms=_WAIT_MS, wait_for_metadata=True)
    except errors.TopicAlreadyExistsError:
        admin.wait_for_topics(list(wanted), timeout_ms=_WAIT_MS)  # another `migrate` was quicker
    except errors.InvalidReplicationFactorError as few:
        raise NotConfigured("Kafka 的节点比 log.replicas 少；请把 log.replicas 改成不多于节点数。") from few
