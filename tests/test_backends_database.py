"""The desk database and the leases in it pass the suites of their ports; SQLite's own faults are told apart."""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

import backends.database.tables
from backends.database import SqlDatabase, open_database
from backends.database.lease import DatabaseLease
from backends.database.presence import DatabasePresence
from backends.database.tables import processes
from contracts.errors import NotConfigured, Retryable
from contracts.ports.database import Database
from contracts.ports.lease import Lease
from contracts.ports.presence import Presence
from contracts.testing import database_suite
from contracts.testing.database_suite import DatabaseSuite, kept, read
from contracts.testing.lease_suite import LeaseSuite
from contracts.testing.presence_suite import PresenceSuite


class _OnSqlite:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> Iterator[None]:
        self._folder = tmp_path
        self._opened: list[SqlDatabase] = []
        yield
        for database in self._opened:
            database.close()

    def _open(self) -> SqlDatabase:
        database = open_database(f"sqlite:///{self._folder / f'desk{len(self._opened)}.db'}")
        database_suite.metadata.create_all(database.engine)
        backends.database.tables.metadata.create_all(database.engine)
        self._opened.append(database)
        return database


class TestSqliteDatabase(_OnSqlite, DatabaseSuite):
    def open(self) -> Database:
        return self._open()


class TestSqliteLease(_OnSqlite, LeaseSuite):
    def open_database(self) -> Database:
        return self._open()

    def lease(self, database: Database, name: str, holder: str, ttl_s: float) -> Lease:
        return DatabaseLease(database, name, holder, ttl_s=ttl_s)


class TestSqlitePresence(_OnSqlite, PresenceSuite):
    def make_place(self) -> object:
        return self._open()

    def presence(self, place: object, role: str) -> Presence:
        return self.fading(place, role, 60.0)

    def fading(self, place: object, role: str, ttl_s: float) -> Presence:
        assert isinstance(place, SqlDatabase)
        return DatabasePresence(place, role, uuid.uuid4().hex, ttl_s=ttl_s)

    def test_who_gives_no_sign_is_gone_and_swept(self) -> None:
        place = self.make_place()
        dead = self.fading(place, "score", 0.2)
        dead.show()
        until_s = time.monotonic() + 10
        while dead.living():
            assert time.monotonic() < until_s, "the dead are still seen"
            time.sleep(0.02)
        self.fading(place, "score", 0.2).show()
        assert isinstance(place, SqlDatabase)
        with place.reading() as connection:
            assert len(connection.execute(select(processes)).all()) == 1


@contextmanager
def opened(file: Path) -> Iterator[SqlDatabase]:
    database = open_database(f"sqlite:///{file}")
    try:
        yield database
    finally:
        database.close()


def test_it_is_durable_and_checks_foreign_keys(tmp_path: Path) -> None:
    with opened(tmp_path / "desk.db") as database, database.writing() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}  # fmt: skip
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_lock_that_stays_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.database._BUSY_S", 0.05)
    with opened(tmp_path / "desk.db") as database:
        database_suite.metadata.create_all(database.engine)
        other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retryable, match=r"desk\.db"), database.writing():
            raise AssertionError("must not be let in")
        assert read(database) == {}  # readers go on
        other.execute("ROLLBACK")
        other.close()
        with database.writing() as connection:
            connection.execute(insert(kept), {"name": "甲", "count": 1})


def test_a_full_disk_writes_nothing_and_is_worth_another_try(tmp_path: Path) -> None:
    with opened(tmp_path / "desk.db") as database:
        database_suite.metadata.create_all(database.engine)
        with database.reading() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        with pytest.raises(Retryable, match="磁盘已满"):
            fill(database, pages + 1)
        assert read(database) == {}


def fill(database: SqlDatabase, most_pages: int) -> None:
    with database.writing() as connection:
        connection.execute(text(f"PRAGMA max_page_count={most_pages}"))
        connection.execute(insert(kept), [{"name": f"{number:020}", "count": 1} for number in range(10_000)])


@pytest.mark.parametrize("url", ["desk.db", "nosuch://a/b", "sqlite:////nowhere/at/all/desk.db", "mysql://a/b"])
def test_an_address_that_cannot_be_used_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(NotConfigured):
        open_database(url)


def test_a_file_that_is_no_database_is_not_configured(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"anything but a database " * 200)
    with opened(tmp_path / "desk.db") as database, pytest.raises(NotConfigured, match="备份"), database.reading():
        raise AssertionError("must not be let in")
