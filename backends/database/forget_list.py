"""The forget list in the desk database."""

from collections.abc import Iterable

from sqlalchemy import select

from backends.database.statements import portions, upsert
from backends.database.tables import forget_list
from contracts.identity import url_digest
from contracts.ports.clock import Clock
from contracts.ports.database import Database
from contracts.ports.forget_list import Forgotten
from contracts.post import Post


class DatabaseForgetList:
    """Who and what never comes in again.

    needs: the desk database · configuration: none · delivery: durable when `add` returns, seen by every process from
    its next read on · limits: holds digests and pseudonyms only, nobody can read an address or a name out of it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, entries: Iterable[Forgotten]) -> None:
        now = self._clock.now()
        rows = [
            {"kind": kind, "value": value, "added_at": now}
            for entry in entries
            for kind, value in (("post", entry.post), ("author", entry.author), ("url", entry.url_digest))
            if value
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(upsert(connection, forget_list).on_conflict_do_nothing(), rows)

    def forgets(self, posts: Iterable[Post]) -> frozenset[str]:
        with self._database.reading() as connection:
            if connection.execute(select(forget_list.c.kind).limit(1)).first() is None:
                return frozenset()  # nobody asked to be forgotten yet: thousands of values need not be compared
            named = _named(posts)
            found = [
                (row.kind, row.value)
                for portion in portions(list({value for _, value in named}))
                for row in connection.execute(
                    select(forget_list.c.kind, forget_list.c.value).where(forget_list.c.value.in_(portion))
                )
            ]
        return frozenset(post for entry in found for post in named.get(entry, ()))


def _named(posts: Iterable[Post]) -> dict[tuple[str, str], set[str]]:
    """Return the ids of the posts under everything by which they could be on the list."""
    named: dict[tuple[str, str], set[str]] = {}
    for post in posts:
        for kind, value in (
            ("post", post.id), ("author", post.author), ("url", url_digest(post.url) if post.url else "")
        ):  # fmt: skip
            if value:
                named.setdefault((kind, value), set()).add(post.id)
    return named
