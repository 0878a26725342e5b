"""A log in memory whose reader deals records in any interleaving and any batches: order holds within a partition only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from zlib import crc32

from contracts.events import Event, decode, encode
from contracts.ports.clock import Clock
from contracts.ports.log import Consumer, Partition, Record


class MemoryLog:
    def __init__(self, clock: Clock, *, partitions: int = 4, random: Random | None = None, batch: int = 10_000) -> None:
        self._clock = clock
        self._partitions = partitions
        self._random = random or Random(0)
        self._batch = batch
        self._records: dict[Partition, list[Record]] = {}

    def append(self, stream: str, events: Sequence[Event]) -> None:
        for event in events:
            at = Partition(stream, crc32(event.key.encode()) % self._partitions)
            records = self._records.setdefault(at, [])
            records.append(Record(at, len(records), self._clock.now(), decode(encode(event))))

    def reader(self, streams: Sequence[str], positions: Mapping[Partition, int]) -> "MemoryReader":
        return MemoryReader(self, streams, positions)

    def end_offsets(self, streams: Sequence[str]) -> Mapping[Partition, int]:
        return {
            Partition(stream, number): len(self._records.get(Partition(stream, number), ()))
            for stream in streams
            for number in range(self._partitions)
        }

    def events(self, stream: str) -> list[Event]:
        return [
            record.event for at, records in sorted(self._records.items()) if at.stream == stream for record in records
        ]

    def consumer(self, group: str, streams: Sequence[str]) -> Consumer:
        raise NotImplementedError

    def committed(self, group: str, streams: Sequence[str]) -> Mapping[Partition, int]:
        raise NotImplementedError

    def retain(self, stream: str, before: datetime) -> int:
        raise NotImplementedError


class MemoryReader:
    def __init__(self, log: MemoryLog, streams: Sequence[str], positions: Mapping[Partition, int]) -> None:
        self._log = log
        self._positions = {at: positions.get(at, 0) for at in log.end_offsets(streams)}

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        random = self._log._random
        wanted = min(limit, random.randint(1, self._log._batch))
        found: list[Record] = []
        while len(found) < wanted:
            left = [at for at, place in self._positions.items() if place < len(self._log._records.get(at, ()))]
            if not left:
                break
            at = random.choice(left)
            found.append(self._log._records[at][self._positions[at]])
            self._positions[at] += 1
        return found

    def close(self) -> None:
        pass
