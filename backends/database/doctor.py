"""`qingting doctor` on the desk database: a real round trip, its version, and whether both clocks agree."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from backends.database import SqlDatabase
from backends.database.statements import database_now_us
from contracts.errors import NotConfigured, Retryable
from contracts.ports.clock import Clock

_OLDEST: Final = 13
_SKEW: Final = timedelta(seconds=2)
"""Leases run by the database's clock, deadlines by ours."""
_trial: Final = Table("doctor_trial", MetaData(), Column("number", Integer), prefixes=["TEMPORARY"])


def examine(database: SqlDatabase, clock: Clock) -> str:
    """Write a row and read it back. Returns what was found; raises NotConfigured or Retryable with what is wrong."""
    started_s = time.monotonic()
    with database.writing() as connection:
        _trial.create(connection)
        connection.execute(insert(_trial), {"number": 42})
        assert connection.execute(select(_trial.c.number)).scalar_one() == 42
        _trial.drop(connection)
        now_us = connection.execute(select(database_now_us())).scalar_one()
        version = connection.dialect.server_version_info or ()
    took_s = time.monotonic() - started_s
    if database.engine.dialect.name == "postgresql" and version and int(version[0]) < _OLDEST:
        raise NotConfigured(f"PostgreSQL 是 {version[0]} 版，本程序需要 {_OLDEST} 或更新。")
    skew = abs(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_us) - clock.now())
    if skew > _SKEW:
        raise Retryable(
            f"数据库的时钟与这台机器相差 {skew.total_seconds():.0f} 秒；请让两台机器都用 NTP 对时，否则接替和时限都不准。"
        )
    return f"{'.'.join(map(str, version))} 版；写入并读回一行用时 {took_s * 1000:.0f} 毫秒，时钟相差 {skew.total_seconds():.1f} 秒"
