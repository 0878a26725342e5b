"""The desk database on PostgreSQL passes the suites of its ports, and its own faults are told apart."""

import time
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url

import backends.database.tables
from backends.database import SqlDatabase, open_database
from backends.database.crawl_book import DatabaseCrawlBook
from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from backends.database.lease import DatabaseLease
from backends.database.presence import DatabasePresence
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
