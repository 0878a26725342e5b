"""The few statements that both engines know but SQLAlchemy's common language does not."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_VALUES_AT_ONCE: Final = 1_000
"""Far below the engines' limits on parameters."""


class database_now_us(FunctionElement[int]):  # noqa: N801 - reads as a function in a statement
    """The database's own clock, in whole microseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now_us, "sqlite")
def _sqlite_now(_element: object, _compiler: object, **_words: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(database_now_us, "postgresql")
def _postgresql_now(_element: object, _compiler: object, **_words: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def upsert(connection: Connection, table: Table) -> Any:
    """Return the engine's INSERT that knows `on_conflict_do_…`."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut what goes into an IN (…)."""
    return (values[start : start + _VALUES_AT_ONCE] for start in range(0, len(values), _VALUES_AT_ONCE))
