"""Events that became one, in the index's file: a row for each that was absorbed; the posts stay as they are."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from backends.sqlite.index_writing import marks, portions
from contracts.document import Query
from contracts.merging import merged

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS merges(event TEXT PRIMARY KEY, standing TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS standing ON merges(standing)",
)


def keep(connection: sqlite3.Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Keep merges, as `contracts.merging.merged` has them, inside the caller's transaction."""
    named = {event for pair in pairs for event in pair}
    stand = standing(connection, named)
    whole = {event: stand.get(event, event) for event in named}
    for one in {*whole.values()}:
        stand |= dict.fromkeys(_parts(connection, one), one)
    connection.executemany(
        "INSERT INTO merges(event, standing) VALUES(?, ?) ON CONFLICT DO UPDATE SET standing = excluded.standing",
        [*merged(pairs, stand).items()],
    )


def standing(connection: sqlite3.Connection, events: Iterable[str]) -> dict[str, str]:
    """Return, of the events that were absorbed, which event each is part of now."""
    return {
        event: stands
        for portion in portions(sorted(events))
        for event, stands in connection.execute(
            f"SELECT event, standing FROM merges WHERE event IN ({marks(portion)})",  # noqa: S608 - question marks only
            portion,
        )
    }


def widened(connection: sqlite3.Connection, query: Query) -> Query:
    """Return the question for all events that are one with those it asks for."""
    if not query.events:
        return query
    stand = standing(connection, query.events)
    wanted = {stand.get(event, event) for event in query.events}
    parts = {part for one in wanted for part in _parts(connection, one)}
    return msgspec.structs.replace(query, events=tuple(sorted(wanted | parts)))


def _parts(connection: sqlite3.Connection, event: str) -> list[str]:
    return [row[0] for row in connection.execute("SELECT event FROM merges WHERE standing = ?", (event,))]
