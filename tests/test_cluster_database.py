"""The desk database on PostgreSQL passes the suites of its ports, and its own faults are told apart."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

import backends.database.tables
from backends.database import SqlDatabase, open_database
from backends.database.copying import copy_of
from backends.database.crawl_book import DatabaseCrawlBook
from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from backends.database.lease import DatabaseLease
from backends.database.presence import DatabasePresence
from backends.database.statements import upsert
from backends.database.tables import processes
from contracts.errors import NotConfigured, Retryable
from contracts.ports.crawl_book import CrawlBook
from contracts.ports.crawl_state import CrawlState
from contracts.ports.database import Database
from contracts.ports.forget_list import ForgetList
from contracts.ports.lease import Lease
from contracts.ports.presence import Presence
from contracts.testing import database_suite
from contracts.testing.clock import FakeClock
from contracts.testing.crawl_book_suite import CrawlBookSuite
from contracts.testing.crawl_state_suite import CrawlStateSuite
from contracts.testing.database_suite import DatabaseSuite
from contracts.testing.forget_list_suite import ForgetListSuite
from contracts.testing.lease_suite import LeaseSuite
from contracts.testing.presence_suite import PresenceSuite
from qingting.migrating import migrate, require_newest
from tools.servers.postgresql import PostgreSql

pytestmark = pytest.mark.servers


class Cluster:
    """Makes databases of their own on the server, and drops them."""

    def __init__(self, server: PostgreSql) -> None:
        self._server = server
        self._opened: list[SqlDatabase] = []
        self._emptied: SqlDatabase | None = None

    def url(self) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name}")
        return make_url(self._server.address).set(database=name).render_as_string()

    def open(self, url: str = "") -> SqlDatabase:
        self._opened.append(open_database(url or self.url()))
        return self._opened[-1]

    def empty(self) -> SqlDatabase:
        """Return a database with the tables of the backends and of the suite, emptied of what a test left there."""
        if self._emptied is None:
            self._emptied = self.open()
            backends.database.tables.metadata.create_all(self._emptied.engine)
            database_suite.metadata.create_all(self._emptied.engine)
        tables = [*backends.database.tables.metadata.tables, *database_suite.metadata.tables]
        with self._emptied.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
        return self._emptied

    def close(self) -> None:
        for database in self._opened:
            name = database.engine.url.database
            database.close()
            self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        engine = create_engine(self._server.address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@pytest.fixture(scope="module")
def cluster(postgresql: PostgreSql) -> Iterator[Cluster]:
    cluster = Cluster(postgresql)
    yield cluster
    cluster.close()


class _OnPostgreSql:
    @pytest.fixture(autouse=True)
    def _server(self, cluster: Cluster) -> None:
        self._cluster = cluster


class TestPostgreSqlDatabase(_OnPostgreSql, DatabaseSuite):
    def open(self) -> Database:
        return self._cluster.empty()


class TestPostgreSqlLease(_OnPostgreSql, LeaseSuite):
    def open_database(self) -> Database:
        return self._cluster.empty()

    def lease(self, database: Database, name: str, holder: str, ttl_s: float) -> Lease:
        return DatabaseLease(database, name, holder, ttl_s=ttl_s)


class TestPostgreSqlPresence(_OnPostgreSql, PresenceSuite):
    def make_place(self) -> object:
        return self._cluster.empty()

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


class TestPostgreSqlCrawlState(_OnPostgreSql, CrawlStateSuite):
    def open(self) -> CrawlState:
        return DatabaseCrawlState(self._cluster.empty())


class TestPostgreSqlCrawlBook(_OnPostgreSql, CrawlBookSuite):
    def open(self) -> tuple[CrawlBook, CrawlState]:
        database = self._cluster.empty()
        return DatabaseCrawlBook(database), DatabaseCrawlState(database)


class TestPostgreSqlForgetList(_OnPostgreSql, ForgetListSuite):
    def open(self) -> ForgetList:
        return DatabaseForgetList(self._cluster.empty(), FakeClock())


def test_the_schema_is_made_from_empty_and_the_audit_refuses_change(cluster: Cluster) -> None:
    database = cluster.open()
    with pytest.raises(NotConfigured, match="migrate"):
        require_newest(database)
    migrate(database.engine)
    require_newest(database)
    migrate(database.engine)
    with database.writing() as connection:
        for statement in ("UPDATE audit SET act = 'x'", "DELETE FROM audit"):
            savepoint = connection.begin_nested()
            with pytest.raises(Exception, match="append-only"):
                connection.execute(text(statement))
            savepoint.rollback()


def test_a_database_ahead_of_the_program_is_refused(cluster: Cluster) -> None:
    database = cluster.open()
    migrate(database.engine)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotConfigured, match="9999"):
        require_newest(database)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"port": 1}, Retryable, "连不上"),
        ({"database": "nobody_made_it"}, NotConfigured, "nobody_made_it"),
        ({"username": "nobody"}, NotConfigured, "nobody"),
    ],
)
def test_a_server_that_cannot_be_used_is_said_in_one_sentence(
    postgresql: PostgreSql, change: dict[str, object], kind: type[Exception], said: str
) -> None:
    url = make_url(postgresql.address).set(**change)  # type: ignore[arg-type]
    database = open_database(url.render_as_string())
    with pytest.raises(kind, match=said), database.reading():
        raise AssertionError("must not be let in")
    database.close()


def test_a_connection_that_was_cut_is_retryable_and_the_next_one_works(cluster: Cluster) -> None:
    database = cluster.empty()

    def cut_off() -> None:
        with database.writing() as connection:
            connection.execute(insert(database_suite.kept), {"name": "甲", "count": 1})
            own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            other = create_engine(database.engine.url)
            with other.connect() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
            other.dispose()
            connection.execute(text("SELECT 1"))

    with pytest.raises(Retryable):
        cut_off()
    assert database_suite.read(database) == {}


def test_a_lock_that_stays_is_worth_another_try(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.database._BUSY_S", 1)
    database = cluster.empty()
    with database.engine.connect() as holder, holder.begin():
        holder.execute(text("LOCK TABLE suite_kept IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Retryable), database.writing() as connection:
            connection.execute(text("INSERT INTO suite_kept VALUES ('a', 1)"))


def _everything() -> Table:
    return Table(
        "copied", MetaData(), Column("number", BigInteger, primary_key=True), Column("name", String(20)),
        Column("order", Integer), Column("raw", LargeBinary), Column("at", DateTime(timezone=True)), Column("is_so", Boolean),
        Column("share", Float), Column("kept", String(9), server_default="so"),
    )  # fmt: skip


def _rows(count: int) -> list[dict[str, object]]:
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    names = ("\\N", "a\tb\n\\.", "妇联 “反家暴”", "", None)
    return [
        {
            "number": number, "name": names[number % 5], "order": -number, "raw": bytes([number % 256, 0, 92, 10]),
            "at": at + timedelta(seconds=number), "is_so": number % 3 == 0, "share": number / 7,
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [2, 500])
def test_many_rows_arrive_as_one_by_one_whatever_is_in_them(cluster: Cluster, count: int) -> None:
    database, table = cluster.open(), _everything()
    table.create(database.engine)
    with database.writing() as connection:
        connection.execute(insert(table), _rows(count))
    with database.reading() as connection:
        found = connection.execute(select(table).order_by(table.c.number)).mappings().all()
    assert [dict(row) for row in found] == [row | {"kept": "so"} for row in _rows(count)]


def test_one_row_that_is_there_already_refuses_all_of_them(cluster: Cluster) -> None:
    database, table = cluster.open(), _everything()
    table.create(database.engine)
    with database.writing() as connection:
        connection.execute(insert(table), _rows(1))
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(insert(table), _rows(100))
    with database.writing() as connection:
        connection.execute(upsert(connection, table).on_conflict_do_nothing(), _rows(100))
    with database.reading() as connection:
        assert len(connection.execute(select(table.c.number)).all()) == 100


def test_only_an_insert_that_says_no_more_than_its_values_is_copied() -> None:
    plain = 'INSERT INTO t (a, "order") VALUES (%(a)s::BIGINT, %(order)s::TIMESTAMP WITH TIME ZONE)'
    copy = copy_of(plain)
    assert copy is not None
    assert (copy.statement, copy.names) == ('COPY t (a, "order") FROM STDIN', ("a", "order"))
    for more in (" ON CONFLICT DO NOTHING", " RETURNING t.a"):
        assert copy_of(plain + more) is None
    assert copy_of("INSERT INTO t (a) VALUES (now())") is None
    assert copy_of("INSERT INTO t (a) VALUES (lower(%(a)s::VARCHAR))") is None
