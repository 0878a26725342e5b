"""A member of a consumer group: leases on partitions, and commits fenced by their generation."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from backends.sqlite.connection import deciding, writing
from backends.sqlite.log_reader import read, wait
from contracts.errors import Conflict
from contracts.instant import microseconds
from contracts.ports.clock import Clock
from contracts.ports.log import Partition, Record

LEASE_US: Final = 2_000_000
_RENEW_US: Final = LEASE_US // 4


class SqliteConsumer:
    """See `contracts.ports.log.Consumer`; owns its connection.

    After a Conflict it reads again from the committed positions of whatever is still its own.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        clock: Clock,
        group: str,
        partitions: Mapping[int, Partition],
    ) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._group = group
        self._partitions = partitions
        self._rows = {partition: tp for tp, partition in partitions.items()}
        self._member = uuid4().hex
        self._renewed_us = 0
        self._generations: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._turn = 0
        self._renew()

    def poll(self, limit: int, timeout_s: float = 0.0) -> Sequence[Record]:
        with deciding(self._path):
            return wait(self._connection, lambda: self._look(limit), timeout_s, self._keep_alive)

    def commit(self, positions: Mapping[Partition, int]) -> None:
        if not positions:
            return
        try:
            with writing(self._connection, self._path):
                for partition, offset in positions.items():
                    self._commit_one(partition, offset)
        except Conflict:
            self._generations.clear()
            self._next.clear()
            raise

    def close(self) -> None:
        with writing(self._connection, self._path):
            self._connection.execute("DELETE FROM members WHERE member = ?", (self._member,))
            self._share_out()
        self._connection.close()

    def _look(self, limit: int) -> list[Record]:
        self._keep_alive()
        self._see_what_is_ours()
        self._turn += 1
        ours = {tp: self._partitions[tp] for tp in self._generations}
        return read(self._connection, ours, self._next, limit, self._turn - 1)

    def _keep_alive(self) -> None:
        if not 0 <= microseconds(self._clock.now()) - self._renewed_us < _RENEW_US:
            self._renew()

    def _renew(self) -> None:
        now_us = microseconds(self._clock.now())
        with writing(self._connection, self._path):
            self._connection.execute("DELETE FROM members WHERE grp = ? AND expires < ?", (self._group, now_us))
            alive = self._connection.execute(
                "UPDATE members SET expires = ? WHERE member = ?", (now_us + LEASE_US, self._member)
            )
            if not alive.rowcount:
                self._connection.execute(
                    "INSERT INTO members(grp, member, expires) VALUES(?, ?, ?)",
                    (self._group, self._member, now_us + LEASE_US),
                )
                self._connection.executemany(
                    "INSERT OR IGNORE INTO subscriptions(member, tp) VALUES(?, ?)",
                    [(self._member, tp) for tp in self._partitions],
                )
            self._share_out()
        self._renewed_us = now_us

    def _share_out(self) -> None:
        """Give every partition of the group to one living subscriber in turn; a new owner is a new generation."""
        execute = self._connection.execute
        execute("DELETE FROM subscriptions WHERE member NOT IN (SELECT member FROM members)")
        subscribers: dict[int, list[str]] = {}
        for tp, member in execute(
            "SELECT tp, members.member FROM members JOIN subscriptions USING (member) WHERE grp = ? ORDER BY joined",
            (self._group,),
        ):
            subscribers.setdefault(tp, []).append(member)
        owners: dict[int, str] = dict(execute("SELECT tp, member FROM owners WHERE grp = ?", (self._group,)).fetchall())
        for tp in subscribers.keys() | owners.keys():
            living = subscribers.get(tp)
            owner = living[tp % len(living)] if living else ""
            if owners.get(tp) != owner:
                execute(
                    "INSERT INTO owners(grp, tp, member, generation) VALUES(?, ?, ?, 1)"
                    " ON CONFLICT DO UPDATE SET member = excluded.member, generation = generation + 1",
                    (self._group, tp, owner),
                )

    def _see_what_is_ours(self) -> None:
        ours: dict[int, int] = dict(
            self._connection.execute(
                "SELECT tp, generation FROM owners WHERE grp = ? AND member = ?", (self._group, self._member)
            ).fetchall()
        )
        if ours == self._generations:
            return
        for tp, generation in ours.items():
            if self._generations.get(tp) != generation:
                kept = self._connection.execute(
                    "SELECT off FROM positions WHERE grp = ? AND tp = ?", (self._group, tp)
                ).fetchone()
                self._next[tp] = kept[0] if kept else 0
        self._generations = ours

    def _commit_one(self, partition: Partition, offset: int) -> None:
        tp = self._rows[partition]
        owner = self._connection.execute(
            "SELECT generation FROM owners WHERE grp = ? AND tp = ? AND member = ?", (self._group, tp, self._member)
        ).fetchone()
        if owner is None or owner[0] != self._generations.get(tp):
            raise Conflict(
                f"{partition.stream} 的分区 {partition.number} 已交给 {self._group} 组的另一个进程，本次位置不记。"
            )
        self._connection.execute(
            "INSERT INTO positions(grp, tp, off) VALUES(?, ?, ?)"
            " ON CONFLICT DO UPDATE SET off = max(off, excluded.off)",
            (self._group, tp, offset),
        )
