"""The lease: one row of the desk database."""

import time
from typing import Final

from sqlalchemy import Connection, Select, select, update

from backends.database.statements import database_now_us, upsert
from backends.database.tables import leases
from contracts.errors import Conflict
from contracts.ports.database import Database

_RENEW_SHARE: Final = 0.25


class DatabaseLease:
    """Being alone in a role.

    needs: the desk database · configuration: none; 5 s to expiry · delivery: at most one holder, by the database's
    clock · ordering: each taking-over has a higher token · limits: a holder that sleeps past its expiry learns it from
    `guard`, never later than its next transaction.
    """

    def __init__(self, database: Database, name: str, holder: str, *, ttl_s: float = 5.0) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._ttl_us = int(ttl_s * 1_000_000)
        self._token: int | None = None
        self._renewed_s = 0.0

    def acquire(self) -> bool:
        if self._token is not None and (time.monotonic() - self._renewed_s) * 1_000_000 < self._ttl_us * _RENEW_SHARE:
            return True
        asked_s = time.monotonic()
        if self._token is None and self._somebody_lives():
            return False
        with self._database.writing() as connection:
            connection.execute(
                upsert(connection, leases).on_conflict_do_nothing(),
                {"name": self._name, "holder": "", "token": 0, "expires_us": 0},
            )
            row = connection.execute(self._row().with_for_update()).one()
            ours = row.token == self._token
            if not ours and row.expires_us > row.now_us:
                self._token = None
                return False
            token = row.token if ours else row.token + 1
            connection.execute(
                update(leases)
                .where(leases.c.name == self._name)
                .values(holder=self._holder, token=token, expires_us=row.now_us + self._ttl_us)
            )
        self._token, self._renewed_s = token, asked_s
        return True

    def guard(self, connection: Connection) -> None:
        row = connection.execute(self._row().with_for_update()).one_or_none()
        if row is None or self._token is None or row.token != self._token:
            self._token = None
            raise Conflict(f"{self._name} 角色已由 {row.holder if row else '别的进程'} 接手，本次结果作废。")

    def release(self) -> None:
        if self._token is None:
            return
        with self._database.writing() as connection:
            connection.execute(
                update(leases).where(leases.c.name == self._name, leases.c.token == self._token).values(expires_us=0)
            )
        self._token = None

    def _somebody_lives(self) -> bool:
        with self._database.reading() as connection:
            row = connection.execute(self._row()).one_or_none()
        return row is not None and row.expires_us > row.now_us

    def _row(self) -> Select[tuple[int, str, int, int]]:
        return select(leases.c.token, leases.c.holder, leases.c.expires_us, database_now_us().label("now_us")).where(
            leases.c.name == self._name
        )
