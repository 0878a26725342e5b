"""A member of a consumer group, with commits fenced by what it polled under its present assignment."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from backends.kafka.connection import deciding, open_client
from backends.kafka.records import records, topic_partition
from backends.kafka.stall import StallWatch
from backends.kafka.streams import LONGEST_BYTES
from contracts.errors import Conflict
from contracts.ports.log import Partition, Record

SESSION_MS: Final = 6_000
"""A member that died is replaced after this silence."""
_HEARTBEAT_MS: Final = 1_000
_OVERTAKEN: Final = (
    errors.CommitFailedError, errors.IllegalGenerationError, errors.UnknownMemberIdError,
    errors.RebalanceInProgressError, errors.FencedInstanceIdError,
)  # fmt: skip


class KafkaGroupConsumer:
    """See `contracts.ports.log.Consumer`; for one thread.

    A rebalance gives every partition out anew and sets it back to its committed position, so what was polled before it
    can no longer be committed: Conflict, and whatever is still ours is read again from there.
    """

    def __init__(
        self, given: Mapping[str, Any], prefix: str, group: str, streams: Sequence[str], silence_s: float
    ) -> None:
        self._given = given
        self._prefix = prefix
        self._group = group
        self._streams = streams
        self._silence_s = silence_s
        self._stall = StallWatch()
        self._polled: dict[TopicPartition, int] = {}
        """Next offset after what was polled since the partition was given to us."""
        self._consumer = self._open()

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        with deciding(self._given):
            if limit <= 0:
                self._stay()
                return []
            polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=limit)
            if polled:
                self._stall.read()
            elif self._stall.is_stalled(self._consumer):
                self._consumer.close()
                self._consumer = self._open()
        self._polled |= {place: found[-1].offset + 1 for place, found in polled.items()}
        return records(self._prefix, polled)

    def commit(self, positions: Mapping[Partition, int]) -> None:
        if not positions:
            return
        places = {topic_partition(self._prefix, at): offset for at, offset in positions.items()}
        if any(offset > self._polled.get(place, 0) for place, offset in places.items()):
            self._overtaken()
        try:
            with deciding(self._given):
                self._commit(places)
        except Conflict:
            self._overtaken()

    def close(self) -> None:
        self._consumer.close()

    def _commit(self, places: Mapping[TopicPartition, int]) -> None:
        try:
            self._consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place, offset in places.items()})
        except _OVERTAKEN as overtaken:
            raise Conflict(str(overtaken)) from overtaken

    def _overtaken(self) -> None:
        """Read again what is not committed. Raises Conflict."""
        with deciding(self._given):
            for place in self._consumer.assignment():
                committed = self._consumer.committed(place)
                if committed is None:
                    self._consumer.seek_to_beginning(place)
                else:
                    self._consumer.seek(place, committed)
        self._polled.clear()
        raise Conflict(f"{self._group} 组的分区已重新分配，本次位置不记；没有记下的会再读一次。")

    def _stay(self) -> None:
        """Stay in the group without taking anything."""
        ours = self._consumer.assignment()
        self._consumer.pause(*ours)
        try:
            found = self._consumer.poll(timeout_ms=0, max_records=1)
        finally:
            self._consumer.resume(*(ours & self._consumer.assignment()))
        self._stall.read()
        for place, unwanted in found.items():  # a partition that came to us in this very poll was not paused
            self._consumer.seek(place, unwanted[0].offset)

    def _open(self) -> KafkaConsumer:
        self._polled.clear()
        with deciding(self._given):
            consumer = open_client(
                KafkaConsumer, **self._given, group_id=self._prefix + self._group, enable_auto_commit=False,
                auto_offset_reset="earliest", session_timeout_ms=SESSION_MS, heartbeat_interval_ms=_HEARTBEAT_MS,
                max_poll_interval_ms=int(self._silence_s * 1000), max_partition_fetch_bytes=LONGEST_BYTES, metrics_enabled=False,
            )  # fmt: skip
            topics = [self._prefix + stream for stream in self._streams]
            consumer.subscribe(topics, listener=_Forgetting(self._polled))
            for topic in topics:  # a leader that knows no partitions yet would assign none, and that would last
                consumer.partitions_for_topic(topic)
            return consumer


class _Forgetting(ConsumerRebalanceListener):  # type: ignore[misc] # the client comes without types
    """Forgets what was polled of partitions that are taken away."""

    def __init__(self, polled: dict[TopicPartition, int]) -> None:
        self._polled = polled

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        for place in revoked:
            self._polled.pop(place, None)

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        for place in assigned:
            self._polled.pop(place, None)
