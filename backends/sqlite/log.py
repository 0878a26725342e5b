"""The embedded log: one SQLite file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final
from zlib import crc32

from backends.sqlite.connection import connect, deciding, writing
from backends.sqlite.log_consumer import SqliteConsumer
from backends.sqlite.log_reader import SqliteReader
from contracts.events import Event, encode
from contracts.instant import microseconds
from contracts.ports.clock import Clock
from contracts.ports.log import Consumer, Partition, Reader

_PRAGMAS: Final = (
    "page_size=8192",  # a post fits its page; a lone append still writes few bytes
    "cache_size=-16384",
    "mmap_size=268435456",
    "wal_autocheckpoint=2000",
    "secure_delete=ON",  # what retention drops is a post's text
)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS shape(partitions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS partitions(tp INTEGER PRIMARY KEY, stream INTEGER NOT NULL, number INTEGER NOT NULL,
  next INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS records(tp INTEGER, off INTEGER, at INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(tp, off)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members(joined INTEGER PRIMARY KEY, grp TEXT NOT NULL, member TEXT NOT NULL UNIQUE,
  expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS subscriptions(member TEXT, tp INTEGER, PRIMARY KEY(member, tp)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owners(grp TEXT, tp INTEGER, member TEXT NOT NULL, generation INTEGER NOT NULL,
  PRIMARY KEY(grp, tp)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions(grp TEXT, tp INTEGER, off INTEGER NOT NULL, PRIMARY KEY(grp, tp)) WITHOUT ROWID;
"""
_MOST_PARTITIONS: Final = 1024
_DROPPED_AT_ONCE: Final = 5_000


class SqliteLog:
    """Durable streams in one file.

    needs: nothing · configuration: `[log] partitions` (of a new file; an old file keeps its own), `keep_days` ·
    delivery: at least once, appended = on the disk · ordering: within a key · replay: from any position kept ·
    limits: one machine, not on a network disk; one writer at a time (≈ 100,000 events/s in batches); a silent group
    member is replaced after 2 s.
    """

    def __init__(self, path: Path, clock: Clock, *, partitions: int = 8) -> None:
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._connection = connect(path, _PRAGMAS)
        self._streams: dict[str, dict[int, Partition]] = {}
        with writing(self._connection, path):
            for statement in _SCHEMA.split(";"):
                self._connection.execute(statement)
            kept = self._connection.execute("SELECT partitions FROM shape").fetchone()
            if kept is None:
                self._connection.execute("INSERT INTO shape VALUES(?)", (partitions,))
        self._count: int = kept[0] if kept else partitions

    def append(self, stream: str, events: Sequence[Event]) -> None:
        if not events:
            return
        shares: dict[int, list[bytes]] = {}
        for event in events:
            shares.setdefault(crc32(event.key.encode("utf-8", "surrogatepass")) % self._count, []).append(encode(event))
        first = min(self._partitions(stream))
        with self._lock, writing(self._connection, self._path):
            at = microseconds(self._clock.now())
            for number in sorted(shares):
                share, tp = shares[number], first + number
                (start,) = self._connection.execute("SELECT next FROM partitions WHERE tp = ?", (tp,)).fetchone()
                self._connection.executemany(
                    "INSERT INTO records VALUES(?, ?, ?, ?)",
                    [(tp, offset, at, data) for offset, data in enumerate(share, start)],
                )
                self._connection.execute("UPDATE partitions SET next = ? WHERE tp = ?", (start + len(share), tp))

    def consumer(self, group: str, streams: Sequence[str]) -> Consumer:
        rows = self._rows(streams)
        return SqliteConsumer(connect(self._path, _PRAGMAS), self._path, self._clock, group, rows)

    def reader(self, streams: Sequence[str], positions: Mapping[Partition, int]) -> Reader:
        rows = self._rows(streams)
        return SqliteReader(connect(self._path, _PRAGMAS), self._path, rows, positions)

    def end_offsets(self, streams: Sequence[str]) -> Mapping[Partition, int]:
        return self._offsets(streams, "SELECT tp, next FROM partitions", ())

    def committed(self, group: str, streams: Sequence[str]) -> Mapping[Partition, int]:
        return self._offsets(streams, "SELECT tp, off FROM positions WHERE grp = ?", (group,))

    def retain(self, stream: str, before: datetime) -> int:
        before_us, dropped = microseconds(before), 0
        for tp in self._partitions(stream):
            with self._lock, deciding(self._path):
                end = self._first_kept(tp, before_us)
            while count := self._drop(tp, end):
                dropped += count
        if dropped:
            with self._lock, deciding(self._path):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return dropped

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _rows(self, streams: Sequence[str]) -> dict[int, Partition]:
        return {tp: partition for stream in streams for tp, partition in self._partitions(stream).items()}

    def _partitions(self, stream: str) -> dict[int, Partition]:
        """Return the stream's partitions by their row, making them on first use."""
        if stream not in self._streams:
            with self._lock, writing(self._connection, self._path):
                execute = self._connection.execute
                execute("INSERT OR IGNORE INTO streams(name) VALUES(?)", (stream,))
                (number,) = execute("SELECT id FROM streams WHERE name = ?", (stream,)).fetchone()
                rows = {number * _MOST_PARTITIONS + part: Partition(stream, part) for part in range(self._count)}
                self._connection.executemany(
                    "INSERT OR IGNORE INTO partitions(tp, stream, number) VALUES(?, ?, ?)",
                    [(tp, number, partition.number) for tp, partition in rows.items()],
                )
            self._streams[stream] = rows
        return self._streams[stream]

    def _offsets(self, streams: Sequence[str], statement: str, values: tuple[str, ...]) -> Mapping[Partition, int]:
        rows = self._rows(streams)
        with self._lock, deciding(self._path):
            found: dict[int, int] = dict(self._connection.execute(statement, values).fetchall())
        return {partition: found.get(tp, 0) for tp, partition in rows.items()}

    def _first_kept(self, tp: int, before_us: int) -> int:
        """Bisect for the first offset appended at or after `before_us`: times rise with offsets."""
        ends = "SELECT coalesce(min(off), 0), coalesce(max(off), -1) + 1 FROM records WHERE tp = ?"
        low, high = self._connection.execute(ends, (tp,)).fetchone()
        while low < high:
            middle = (low + high) // 2
            at = self._connection.execute("SELECT at FROM records WHERE tp = ? AND off = ?", (tp, middle)).fetchone()
            low, high = (middle + 1, high) if at is None or at[0] < before_us else (low, middle)
        return int(low)

    def _drop(self, tp: int, end: int) -> int:
        with self._lock, writing(self._connection, self._path):
            (start,) = self._connection.execute(
                "SELECT coalesce(min(off), ?) FROM records WHERE tp = ?", (end, tp)
            ).fetchone()
            stop = min(end, start + _DROPPED_AT_ONCE)
            return self._connection.execute(
                "DELETE FROM records WHERE tp = ? AND off >= ? AND off < ?", (tp, start, stop)
            ).rowcount
