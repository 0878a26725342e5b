"""The desk database: one implementation, two engines, chosen by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from backends.database.copying import copy_many
from backends.sqlite.faults import decided
from contracts.errors import NotConfigured, QingtingError, Retryable

_BUSY_S: Final = 10
"""How long a writer waits for another one before the caller is told to come again."""
_BEGIN: Final = "qingting_begin"
_NO_RIGHTS: Final = "42501"
_PASSING: Final = ("starting up", "shutting down", "recovery", "too many", "reserved", "terminating connection")
"""Words of a server that will soon take connections again."""


class SqlDatabase:
    """Transactions on the desk database.

    needs: nothing for SQLite (WAL, synchronous=FULL, foreign keys on); `qingting[cluster]` for PostgreSQL ·
    configuration: `[database] url` · delivery: a transaction is durable when `writing` has ended · ordering: writers
    one after another on SQLite, row locks on PostgreSQL · limits: SQLite not on a network disk; safe in many threads
    and processes.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        options: dict[str, Any] = (
            {_BEGIN: "BEGIN"}
            if self.engine.dialect.name == "sqlite"
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self.deciding(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        options = {_BEGIN: "BEGIN IMMEDIATE"}
        with self.deciding(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_BUSY_S}s'")
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Turn the engine's errors into Retryable or NotConfigured."""
        try:
            yield
        except DBAPIError as fault:
            decision = self._decision(fault)
            if decision is None:
                raise
            raise decision from fault

    def _decision(self, fault: DBAPIError) -> QingtingError | None:
        if self.engine.dialect.name == "sqlite":
            return decided(fault.orig, str(self.engine.url.database))
        where = f"数据库 {self.engine.url.host}:{self.engine.url.port or 5432}"
        words = str(fault.orig).strip().splitlines()[-1:] or [""]
        if getattr(fault.orig, "sqlstate", None) == _NO_RIGHTS:
            return NotConfigured(
                f"{where} 的用户 {self.engine.url.username} 没有所需的权限；请按 docs/operate.md 授权。"
            )
        if "FATAL:" in words[0] and not any(passing in words[0] for passing in _PASSING):
            return NotConfigured(
                f"{where} 不接受连接（{words[0].partition('FATAL:')[2].strip()}）；请核对 database.url、用户和 database.password_file。"
            )
        if fault.connection_invalidated or isinstance(fault, OperationalError):
            return Retryable(f"{where} 暂时连不上或正忙；请检查数据库服务，程序会自动重试。")
        return None


def open_database(url: str) -> SqlDatabase:
    """Open `sqlite:///FILE` or `postgresql+psycopg://…`. Raises NotConfigured for an address that cannot be used."""
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            return SqlDatabase(_sqlite(url, address.database))
        engine = create_engine(address, pool_pre_ping=True)
        if engine.driver == "psycopg":
            copy_many(engine)
        return SqlDatabase(engine)
    except (ArgumentError, NoSuchModuleError) as broken:
        raise NotConfigured(
            "qingting.toml 的 database.url 读不懂；应写成 sqlite:///文件 或 postgresql+psycopg://用户:口令@主机/库名。"
        ) from broken
    except ModuleNotFoundError as missing:
        raise NotConfigured(
            f'database.url 需要没有安装的 {missing.name}；请运行 pip install "qingting[cluster]"。'
        ) from missing


def with_password(url: str, password: str) -> str:
    """Return the address with the password in it."""
    return make_url(url).set(password=password).render_as_string(hide_password=False)


def _sqlite(url: str, file: str | None) -> Engine:
    if file and not Path(file).parent.is_dir():
        raise NotConfigured(f"数据库文件所在的文件夹 {Path(file).parent} 不存在；请先建好它，或改 database.url。")
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `begin` below does
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"PRAGMA query_only={int(statement == 'BEGIN')}")
        connection.exec_driver_sql(statement)

    return engine
