"""Kafka's records as the log's."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from kafka import TopicPartition

from contracts.events import decode
from contracts.ports.log import Partition, Record

_LOG: Final = logging.getLogger(__name__)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def topic_partition(prefix: str, partition: Partition) -> TopicPartition:
    return TopicPartition(prefix + partition.stream, partition.number)


def partition_of(prefix: str, place: TopicPartition) -> Partition:
    return Partition(place.topic.removeprefix(prefix), place.partition)


def records(prefix: str, polled: Mapping[TopicPartition, Sequence[Any]]) -> list[Record]:
    """Return what a poll brought; a record that is no event is skipped and said."""
    return [record for place, found in polled.items() for record in _decoded(partition_of(prefix, place), found)]


def _decoded(partition: Partition, found: Iterable[Any]) -> Iterable[Record]:
    for message in found:
        try:
            event = decode(message.value or b"")
        except msgspec.MsgspecError:
            _LOG.error("skipped an undecodable record: %s/%d offset %d", *_place(partition, message))
            continue
        yield Record(partition, message.offset, _EPOCH + timedelta(milliseconds=message.timestamp), event)


def _place(partition: Partition, message: Any) -> tuple[str, int, int]:
    return partition.stream, partition.number, message.offset
