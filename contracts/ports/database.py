"""The database port: transactions on the desk database."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Database(Protocol):
    """SQLAlchemy Core on SQLite or PostgreSQL; one implementation, chosen by URL.

    Both raise Retryable when the database stays locked, cannot be reached or its disk is full; nothing is written then.
    """

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a read-only transaction: one consistent view; never blocks and is never blocked by a writer on SQLite."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """Open the writing transaction (BEGIN IMMEDIATE on SQLite): commits at the end, rolls back on any exception."""
        ...
