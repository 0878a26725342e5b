"""Reading every partition at the caller's own positions, in no group."""

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer

from backends.kafka.connection import deciding, open_client
from backends.kafka.records import partition_of, records, topic_partition
from backends.kafka.stall import StallWatch
from backends.kafka.streams import LONGEST_BYTES
from contracts.ports.log import Partition, Record


class KafkaReader:
    """See `contracts.ports.log.Reader`; for one thread."""

    def __init__(
        self, given: Mapping[str, Any], prefix: str, partitions: Sequence[Partition], positions: Mapping[Partition, int]
    ) -> None:
        self._given = given
        self._prefix = prefix
        self._positions = {partition: positions.get(partition, 0) for partition in partitions}
        self._stall = StallWatch()
        self._consumer = self._open()

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        if limit <= 0:
            return []
        with deciding(self._given):
            polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=limit)
            if polled:
                self._stall.read()
                self._positions |= {
                    partition_of(self._prefix, place): found[-1].offset + 1 for place, found in polled.items()
                }
            elif self._stall.is_stalled(self._consumer):
                self._consumer.close()
                self._consumer = self._open()
        return records(self._prefix, polled)

    def close(self) -> None:
        self._consumer.close()

    def _open(self) -> KafkaConsumer:
        with deciding(self._given):
            consumer = open_client(
                KafkaConsumer, **self._given, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
                max_partition_fetch_bytes=LONGEST_BYTES, metrics_enabled=False,
            )  # fmt: skip
            places = {topic_partition(self._prefix, at): offset for at, offset in self._positions.items()}
            consumer.assign(list(places))
            for place, offset in places.items():
                consumer.seek(place, offset)
            return consumer
