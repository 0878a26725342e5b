"""`qingting doctor` on Kafka: a real round trip through a stream of its own."""

import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, errors

from backends.kafka.connection import deciding, open_client, options
from backends.kafka.streams import partition_counts, require_streams
from backends.settings import KafkaSettings
from contracts.errors import NotConfigured, Retryable

_STREAM: Final = "doctor"
_WAIT_S: Final = 10.0


def examine(settings: KafkaSettings, secrets: Path) -> str:
    """Write a record and read it back. Returns what was found; raises NotConfigured or Retryable with what is wrong."""
    given = options(settings, secrets)
    with deciding(given):
        admin = open_client(KafkaAdminClient, **given)
        try:
            require_streams(partition_counts(admin, settings), settings)
            place = TopicPartition(settings.prefix + _STREAM, 0)
            if place.topic not in admin.list_topics():
                admin.create_topics(
                    {place.topic: {"num_partitions": 1, "replication_factor": settings.replicas, "configs": {"retention.ms": "3600000"}}},
                    wait_for_metadata=True,
                )  # fmt: skip
        except (errors.ClusterAuthorizationFailedError, errors.TopicAuthorizationFailedError) as denied:
            raise NotConfigured("这个用户在 Kafka 上没有建流、读写的权限；请按 docs/operate.md 授权。") from denied
        finally:
            admin.close()
        took_s = _round_trip(given, place)
    return f"写入并读回一条记录用时 {took_s * 1000:.0f} 毫秒"


def _round_trip(given: dict[str, Any], place: TopicPartition) -> float:
    said = uuid4().bytes
    started_s = time.monotonic()
    producer = open_client(KafkaProducer, **given, acks="all")
    consumer = open_client(KafkaConsumer, **given, group_id=None, enable_auto_commit=False)
    try:
        written = producer.send(place.topic, value=said, partition=place.partition).get(timeout=_WAIT_S)
        consumer.assign([place])
        consumer.seek(place, written.offset)
        while time.monotonic() - started_s < _WAIT_S:
            for record in consumer.poll(timeout_ms=500).get(place, ()):
                if record.value == said:
                    return time.monotonic() - started_s
    finally:
        producer.close(timeout=1)
        consumer.close()
    raise Retryable("写进 Kafka 的记录 10 秒内没有读回来；请检查 Kafka 的日志和磁盘。")
