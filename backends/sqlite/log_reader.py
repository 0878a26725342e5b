"""Reading records from their places in the log's file."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from backends.sqlite.connection import deciding
from contracts.events import decode
from contracts.ports.log import Partition, Record

_LOG: Final = logging.getLogger(__name__)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_NAP_S: Final = 0.001
_LONGEST_NAP_S: Final = 0.01
_READ: Final = "SELECT off, at, data FROM records WHERE tp = ? AND off >= ? ORDER BY off LIMIT ?"


def read(
    connection: sqlite3.Connection,
    partitions: Mapping[int, Partition],
    positions: dict[int, int],
    limit: int,
    turn: int = 0,
) -> list[Record]:
    """Return up to `limit` records and move `positions` (next offset by partition row) past them.

    Every partition gets its share before any gets more; `turn` says which one is first.
    """
    rows = sorted(partitions)
    if not rows or limit <= 0:
        return []
    rows = rows[turn % len(rows) :] + rows[: turn % len(rows)]
    share = max(1, limit // len(rows))
    found: list[Record] = []
    full: list[int] = []
    for tp in rows:
        wanted = min(share, limit - len(found))
        if wanted and _read_one(connection, tp, partitions[tp], positions, wanted, found) == wanted:
            full.append(tp)
    for tp in full:
        if limit > len(found):
            _read_one(connection, tp, partitions[tp], positions, limit - len(found), found)
    return found


def _read_one(
    connection: sqlite3.Connection,
    tp: int,
    partition: Partition,
    positions: dict[int, int],
    limit: int,
    found: list[Record],
) -> int:
    rows = connection.execute(_READ, (tp, positions.get(tp, 0), limit)).fetchall()
    for offset, at, data in rows:
        try:
            event = decode(data)
        except msgspec.MsgspecError:
            _LOG.error("skipped an undecodable record: %s/%d offset %d", partition.stream, partition.number, offset)
            continue
        found.append(Record(partition, offset, _EPOCH + timedelta(microseconds=at), event))
    if rows:
        positions[tp] = rows[-1][0] + 1
    return len(rows)


def wait(
    connection: sqlite3.Connection,
    look: Callable[[], Sequence[Record]],
    timeout_s: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Sequence[Record]:
    """Return what `look` finds, looking again whenever another connection wrote, for up to `timeout_s`."""
    until_s = time.monotonic() + timeout_s
    nap_s = _SHORTEST_NAP_S
    version = _version(connection)
    found = look()
    while not found and (left_s := until_s - time.monotonic()) > 0:
        time.sleep(min(nap_s, left_s))
        nap_s = min(nap_s * 2, _LONGEST_NAP_S)
        meanwhile()
        latest = _version(connection)
        if latest != version:
            version = latest
            found = look()
    return found


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


class SqliteReader:
    """See `contracts.ports.log.Reader`; owns its connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        partitions: Mapping[int, Partition],
        positions: Mapping[Partition, int],
    ) -> None:
        self._connection = connection
        self._path = path
        self._partitions = partitions
        self._positions = {tp: positions.get(partition, 0) for tp, partition in partitions.items()}
        self._turn = 0

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        with deciding(self._path):
            return wait(self._connection, lambda: self._look(limit), timeout_s)

    def close(self) -> None:
        self._connection.close()

    def _look(self, limit: int) -> list[Record]:
        self._turn += 1
        return read(self._connection, self._partitions, self._positions, limit, self._turn - 1)
