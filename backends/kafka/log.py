"""The log on Kafka."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final
from zlib import crc32

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import OffsetSpec
from kafka.errors import CoordinatorNotAvailableError

from backends.kafka.connection import deciding, open_client, options
from backends.kafka.consumer import KafkaGroupConsumer
from backends.kafka.reader import KafkaReader
from backends.kafka.records import partition_of, topic_partition
from backends.kafka.streams import LONGEST_BYTES, partition_counts, require_streams
from backends.settings import KafkaSettings
from contracts.errors import QingtingError
from contracts.events import Event, encode
from contracts.instant import microseconds
from contracts.ports.clock import Clock
from contracts.ports.log import Consumer, Partition, Reader

SILENCE_S: Final = 300.0
"""A member that lives but polls no more is replaced after this time."""
_DELIVERY_MS: Final = 30_000
_APPEND_S: Final = 35.0
_COORDINATOR_S: Final = 15.0
_LOOK_S: Final = 0.2
_BATCH_BYTES: Final = 1024 * 1024
"""Of one partition: a call's events then go out in one request, not in one for every ten of them."""


class KafkaLog:
    """Durable streams on Kafka.

    needs: Kafka ≥ 3.0, `qingting[cluster]` · configuration: `[log] backend = "kafka"`, `servers`, `prefix`,
    `partitions`, `replicas`, `keep_days`, sign-in and TLS; streams are made by `qingting migrate` · delivery: at least
    once, acknowledged by all replicas; **a batch whose append fails may be there in part**, and the caller appends it
    again · ordering: within a key · replay: from any position kept · limits: 4 MiB an event; a member that died is
    replaced after 6 s; safe in many threads.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock, secrets: Path, *, silence_s: float = SILENCE_S) -> None:
        self._settings = settings
        self._prefix = settings.prefix
        self._clock = clock
        self._silence_s = silence_s
        self._given = options(settings, secrets)
        self._lock = Lock()
        self._producer: KafkaProducer | None = None
        self._admin: KafkaAdminClient | None = None
        with deciding(self._given):
            self._admin = open_client(KafkaAdminClient, **self._given)
            self._counts = partition_counts(self._admin, settings)
        require_streams(self._counts, settings)

    def append(self, stream: str, events: Sequence[Event]) -> None:
        if not events:
            return
        topic, count = self._prefix + stream, self._counts[stream]
        at_ms = microseconds(self._clock.now()) // 1000
        producer = self._producing()
        try:
            with deciding(self._given):
                sent = [
                    producer.send(
                        topic, key=(key := event.key.encode("utf-8", "surrogatepass")), value=encode(event),
                        partition=crc32(key) % count, timestamp_ms=at_ms,
                    )
                    for event in events
                ]  # fmt: skip
                producer.flush(timeout=_APPEND_S)
                for future in sent:
                    future.get(timeout=0)
        except QingtingError:
            self._throw_away(producer)
            raise

    def consumer(self, group: str, streams: Sequence[str]) -> Consumer:
        return KafkaGroupConsumer(self._given, self._prefix, group, streams, self._silence_s)

    def reader(self, streams: Sequence[str], positions: Mapping[Partition, int]) -> Reader:
        return KafkaReader(self._given, self._prefix, self._partitions(streams), positions)

    def end_offsets(self, streams: Sequence[str]) -> Mapping[Partition, int]:
        return self._offsets(OffsetSpec.LATEST, self._partitions(streams))

    def committed(self, group: str, streams: Sequence[str]) -> Mapping[Partition, int]:
        asked = self._partitions(streams)
        with self._lock, deciding(self._given):
            found = self._group_offsets(self._prefix + group, asked)
        kept = {partition_of(self._prefix, place): max(0, position.offset) for place, position in found.items()}
        return {partition: kept.get(partition, 0) for partition in asked}

    def _group_offsets(self, name: str, asked: Sequence[Partition]) -> Mapping[Any, Any]:
        until_s = time.monotonic() + _COORDINATOR_S
        while True:
            try:
                found: Mapping[Any, Any] = self._administrator().list_group_offsets({name: self._places(asked)})[name]
            except CoordinatorNotAvailableError:  # a fresh broker makes its stream of offsets when first asked
                if time.monotonic() > until_s:
                    raise
                time.sleep(_LOOK_S)
            else:
                return found

    def retain(self, stream: str, before: datetime) -> int:
        partitions = self._partitions([stream])
        starts, ends = (self._offsets(spec, partitions) for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST))
        kept = self._offsets(-(-microseconds(before) // 1000), partitions)
        expired = {at: kept[at] if kept[at] >= 0 else ends[at] for at in partitions}
        expired = {at: offset for at, offset in expired.items() if offset > starts[at]}
        if expired:
            with self._lock, deciding(self._given):
                self._administrator().delete_records(
                    {topic_partition(self._prefix, at): offset for at, offset in expired.items()}
                )
        return sum(offset - starts[at] for at, offset in expired.items())

    def close(self) -> None:
        with self._lock:
            for client in (self._producer, self._admin):
                if client is not None:
                    client.close()
            self._producer = self._admin = None

    def _partitions(self, streams: Sequence[str]) -> list[Partition]:
        return [Partition(stream, number) for stream in streams for number in range(self._counts[stream])]

    def _places(self, partitions: Sequence[Partition]) -> list[Any]:
        return [topic_partition(self._prefix, partition) for partition in partitions]

    def _offsets(self, spec: Any, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Return an offset of each partition: earliest, latest, or the first at or after a time in ms (-1: none)."""
        with self._lock, deciding(self._given):
            found = self._administrator().list_partition_offsets(dict.fromkeys(self._places(partitions), spec))
        return {partition_of(self._prefix, place): position.offset for place, position in found.items()}

    def _producing(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                with deciding(self._given):
                    self._producer = open_client(
                        KafkaProducer, **self._given, acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5,
                        batch_size=_BATCH_BYTES, metrics_enabled=False,
                        delivery_timeout_ms=_DELIVERY_MS, max_block_ms=_DELIVERY_MS, max_request_size=LONGEST_BYTES,
                    )  # fmt: skip
            return self._producer

    def _throw_away(self, producer: KafkaProducer) -> None:
        """Close a producer that failed: it may be fenced for good, so that the next append opens another."""
        with self._lock:
            if self._producer is producer:
                self._producer = None
        producer.close(timeout=0)

    def _administrator(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = open_client(KafkaAdminClient, **self._given)
        return self._admin


def open_log(settings: KafkaSettings, clock: Clock, secrets: Path) -> KafkaLog:
    """Open the log. Raises NotConfigured where streams are missing or too narrow, Retryable where Kafka is away."""
    return KafkaLog(settings, clock, secrets)
