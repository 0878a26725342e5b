"""Opening a SQLite file of ours, and its writing transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backends.sqlite.faults import decided
from contracts.errors import NotConfigured

_BUSY_S: Final = 10.0


def connect(path: Path, pragmas: Sequence[str] = ()) -> sqlite3.Connection:
    """Open the file in WAL mode with synchronous=FULL, nothing begun by the driver; any one thread at a time may use it.

    `pragmas` come first, so that a page size still takes hold. Raises NotConfigured where the file cannot be opened.
    """
    if not path.parent.is_dir():
        raise NotConfigured(f"文件夹 {path.parent} 不存在，放不下 {path.name}；请先运行 qingting init 建好主文件夹。")
    with deciding(path):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        for pragma in (*pragmas, "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def deciding(path: Path) -> Iterator[None]:
    """Turn the driver's errors on `path` into Retryable or NotConfigured."""
    try:
        yield
    except sqlite3.DatabaseError as fault:
        decision = decided(fault, str(path))
        if decision is None:
            raise
        raise decision from fault


@contextmanager
def writing(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Begin IMMEDIATE, commit at the end, roll back on any exception."""
    with deciding(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk ends the transaction by itself
                connection.execute("ROLLBACK")
            raise
