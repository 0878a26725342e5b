"""What every desk database keeps: all or nothing, one view for a reader, writers that never lose each other's work."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, String, Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from contracts.errors import QingtingError
from contracts.ports.database import Database

metadata = MetaData()
kept = Table("suite_kept", metadata, Column("name", String(20), primary_key=True), Column("count", Integer))
named = Table("suite_named", metadata, Column("name", String(20), ForeignKey("suite_kept.name"), primary_key=True))


class _BrokenOffError(Exception):
    """Whatever goes wrong within a transaction."""


def content(connection: Connection) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(select(kept.c.name, kept.c.count))}


def read(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return content(connection)


class DatabaseSuite:
    """Inherit and say how to open a database in which the tables of `metadata` exist and are empty."""

    def open(self) -> Database:
        raise NotImplementedError

    @pytest.fixture
    def database(self) -> Database:
        return self.open()

    def test_what_ended_well_is_there_and_what_broke_off_is_not(self, database: Database) -> None:
        with database.writing() as connection:
            connection.execute(insert(kept), {"name": "甲", "count": 1})
        with pytest.raises(_BrokenOffError), database.writing() as connection:
            connection.execute(insert(kept), {"name": "乙", "count": 1})
            connection.execute(update(kept).values(count=9))
            raise _BrokenOffError
        assert read(database) == {"甲": 1}

    def test_a_reader_cannot_write(self, database: Database) -> None:
        with pytest.raises((DBAPIError, QingtingError)), database.reading() as connection:
            connection.execute(insert(kept), {"name": "甲", "count": 1})
        assert read(database) == {}
        with database.writing() as connection:  # and what it leaves behind hinders no writer
            connection.execute(insert(kept), {"name": "甲", "count": 1})

    def test_a_reader_keeps_one_view_while_others_write(self, database: Database) -> None:
        with database.writing() as connection:
            connection.execute(insert(kept), {"name": "甲", "count": 1})
        with database.reading() as reader:
            before = content(reader)
            with database.writing() as connection:
                connection.execute(update(kept).values(count=2))
            assert content(reader) == before == {"甲": 1}
        assert read(database) == {"甲": 2}

    def test_foreign_keys_hold(self, database: Database) -> None:
        with pytest.raises(IntegrityError), database.writing() as connection:
            connection.execute(insert(named), {"name": "nobody"})

    def test_writers_of_the_same_row_lose_nothing(self, database: Database) -> None:
        with database.writing() as connection:
            connection.execute(insert(kept), {"name": "甲", "count": 0})
        faults: list[BaseException] = []

        def add() -> None:
            try:
                for _ in range(20):
                    with database.writing() as connection:
                        row = connection.execute(select(kept.c.count.label("n")).with_for_update()).one()
                        connection.execute(update(kept).values(count=row.n + 1))
            except BaseException as fault:  # noqa: BLE001 - a thread's fault is the test's
                faults.append(fault)

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert faults == []
        assert read(database) == {"甲": 80}

    def test_any_history_equals_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: DatabaseMachine(self.open),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=25,
                stateful_step_count=15,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class DatabaseMachine(RuleBasedStateMachine):
    """Transactions of a few statements each, kept or broken off, beside a dictionary."""

    def __init__(self, open_database: Callable[[], Database]) -> None:
        super().__init__()
        self.database = open_database()
        self.model: dict[str, int] = {}

    @rule(
        changes=st.lists(st.tuples(st.sampled_from("甲乙丙"), st.none() | st.integers(0, 9)), max_size=4),
        breaks_off=st.booleans(),
    )
    def write(self, changes: list[tuple[str, int | None]], breaks_off: bool) -> None:
        after = dict(self.model)
        with suppress(_BrokenOffError), self.database.writing() as connection:
            for name, count in changes:
                connection.execute(delete(kept).where(kept.c.name == name))
                after.pop(name, None)
                if count is not None:
                    connection.execute(insert(kept), {"name": name, "count": count})
                    after[name] = count
            assert content(connection) == after
            if breaks_off:
                raise _BrokenOffError
        self.model = self.model if breaks_off else after
        assert read(self.database) == self.model
