"""Presence across machines: a row of the desk database for each process."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from backends.database.statements import database_now_us, upsert
from backends.database.tables import processes
from contracts.ports.database import Database
from contracts.ports.presence import Process


class DatabasePresence:
    """Being seen by the processes of every machine.

    needs: the desk database · configuration: none; 8 s without a sign count as dead, by the database's clock ·
    delivery: the last sign wins · limits: a sign each 2 s and process.
    """

    def __init__(self, database: Database, role: str, name: str, *, ttl_s: float = 8.0) -> None:
        self._database = database
        self._role = role
        self._name = name
        self._ttl_us = int(ttl_s * 1_000_000)
        self._is_shown = False

    @property
    def name(self) -> str:
        return self._name

    def show(self, in_flight: int = 0) -> None:
        with self._database.writing() as connection:
            now_us = connection.execute(select(database_now_us())).scalar_one()
            if not self._is_shown:
                connection.execute(delete(processes).where(processes.c.seen_us < now_us - self._ttl_us))
            insert = upsert(connection, processes)
            sign = insert.on_conflict_do_update(
                index_elements=[processes.c.name],
                set_={"seen_us": insert.excluded.seen_us, "in_flight": insert.excluded.in_flight},
            )
            row = {"name": self._name, "role": self._role, "in_flight": in_flight, "seen_us": now_us}
            connection.execute(sign, row)
        self._is_shown = True

    def leave(self) -> None:
        if self._is_shown:
            with self._database.writing() as connection:
                connection.execute(delete(processes).where(processes.c.name == self._name))
            self._is_shown = False

    def living(self) -> Sequence[Process]:
        alive = select(processes.c.role, processes.c.name, processes.c.in_flight).where(
            processes.c.seen_us >= database_now_us() - self._ttl_us
        )
        with self._database.reading() as connection:
            rows = connection.execute(alive.order_by(processes.c.role, processes.c.name)).all()
        return tuple(Process(role=row.role, name=row.name, in_flight=row.in_flight) for row in rows)
