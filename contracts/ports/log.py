"""The log port: durable streams, partitioned by key, read by groups or by position."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from contracts.events import Event

_READ: Final = 5_000
_GAP_S: Final = 1.0
"""How long to wait for records that retention may have dropped."""


class Partition(msgspec.Struct, frozen=True, order=True):
    """One partition of one stream."""

    stream: str
    number: int


class Record(msgspec.Struct, frozen=True):
    """One event at its place. Offsets rise by one within a partition, from 0, without gaps."""

    partition: Partition
    offset: int
    appended_at: datetime
    event: Event


class Consumer(Protocol):
    """A member of a group: the partitions of the streams are shared out among the group's living members."""

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        """Return up to `limit` records after what this member polled last, waiting up to `timeout_s` for the first.

        Also renews the member's lease. Order holds within a partition.
        """
        ...

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Keep, durably, the next offset to read of each partition. Raises Conflict if a partition is no longer ours."""
        ...

    def close(self) -> None:
        """Leave the group at once; uncommitted records go to the next member."""
        ...


class Reader(Protocol):
    """Reads every partition, in no group; the caller keeps the positions."""

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        """Return up to `limit` further records, waiting up to `timeout_s` for the first."""
        ...

    def close(self) -> None:
        """Release what the reader holds."""
        ...


class Log(Protocol):
    """Delivery at least once; order within a key; an appended event survives a crash of the machine."""

    def append(self, stream: str, events: Sequence[Event]) -> None:
        """Append all or none, durably. Raises Retryable (locked, disk full) with nothing written."""
        ...

    def consumer(self, group: str, streams: Sequence[str]) -> Consumer:
        """Join a group; it starts at the beginning of a partition that the group never committed."""
        ...

    def reader(self, streams: Sequence[str], positions: Mapping[Partition, int]) -> Reader:
        """Read from `positions` (next offset; a missing partition from its beginning); an expired position moves to the oldest kept."""
        ...

    def end_offsets(self, streams: Sequence[str]) -> Mapping[Partition, int]:
        """Return the next offset to be written of every partition of the streams."""
        ...

    def committed(self, group: str, streams: Sequence[str]) -> Mapping[Partition, int]:
        """Return the group's committed positions; 0 for a partition never committed."""
        ...

    def retain(self, stream: str, before: datetime) -> int:
        """Drop records appended before `before`; return how many. Offsets are never reused."""
        ...


def read_all(log: Log, streams: Sequence[str], positions: Mapping[Partition, int]) -> Iterator[Record]:
    """Yield what stands between `positions` and the present ends of the streams."""
    ends = log.end_offsets(streams)
    left = {partition for partition, end in ends.items() if end > positions.get(partition, 0)}
    if not left:
        return
    reader = log.reader(streams, positions)
    try:
        while left and (records := reader.poll(_READ, _GAP_S)):
            for record in records:
                if record.offset + 1 >= ends[record.partition]:
                    left.discard(record.partition)
                yield record
    finally:
        reader.close()
