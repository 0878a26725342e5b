"""Writing documents into the index's tables, inside the caller's transaction."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from backends.sqlite.index_filter import flags, listed, second
from contracts.document import Document
from contracts.identity import TIE_BITS, tie
from text.split import for_search

HOUR_S: Final = 3600
_AT_ONCE: Final = 1_000

Facet = tuple[str, str, str]
"""Source, topics, regions."""


class _NamedPost(msgspec.Struct, frozen=True):
    author: str = ""
    url: str = ""


class _Named(msgspec.Struct, frozen=True):
    """As much of a document as forgetting by author or address needs to read of every one."""

    post: _NamedPost


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Document).decode
decode_named: Final = msgspec.msgpack.Decoder(_Named).decode


class Kept(msgspec.Struct, frozen=True):
    """A document and its row."""

    rid: int
    document: Document


class _Cell(NamedTuple):
    """The place of a document in the roll-up."""

    hour: int
    flags: int
    facet: int


def kept(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Kept]:
    """Return what the index has of `ids`."""
    return {
        post: Kept(rid, decode(data))
        for portion in portions(list(ids))
        for post, rid, data in connection.execute(
            f"SELECT id, rid, data FROM posts JOIN texts USING (rid) WHERE id IN ({marks(portion)})",  # noqa: S608 - question marks only
            portion,
        )
    }


def marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def remove(connection: sqlite3.Connection, rows: Iterable[Kept]) -> None:
    """Take documents out of posts, texts, full text and roll-up, from the cells where they were counted."""
    gone = sorted(rows, key=lambda row: row.rid)
    connection.executemany(
        "INSERT INTO words(words, rowid, title, body) VALUES('delete', ?, ?, ?)", [_words(row) for row in gone]
    )
    cells = Counter(_Cell(*row) for row in _counted(connection, [row.rid for row in gone]))
    connection.executemany("DELETE FROM posts WHERE rid = ?", [(row.rid,) for row in gone])
    connection.executemany("DELETE FROM texts WHERE rid = ?", [(row.rid,) for row in gone])
    connection.executemany(
        "UPDATE hourly SET n = n - ? WHERE hour = ? AND flags = ? AND facet = ?",
        [(count, *cell) for cell, count in cells.items()],
    )
    connection.executemany("DELETE FROM hourly WHERE hour = ? AND flags = ? AND facet = ? AND n = 0", list(cells))


def insert(connection: sqlite3.Connection, documents: Iterable[Document], facets: Mapping[Facet, int]) -> None:
    """Put new documents into posts, texts, full text and roll-up."""
    rows = _numbered(connection, documents)
    cells = [_cell(row.document, facets) for row in rows]
    connection.executemany(
        "INSERT INTO posts(rid, id, flags, facet, micro, event, fold_of, keywords) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row.rid,
                row.document.post.id,
                cell.flags,
                cell.facet,
                row.document.post.published_at.microsecond,
                row.document.event,
                row.document.fold_of,
                "\n".join(row.document.score.keywords),
            )
            for row, cell in zip(rows, cells, strict=True)
        ],
    )
    connection.executemany(
        "INSERT INTO texts(rid, data) VALUES(?, ?)", [(row.rid, encode(row.document)) for row in rows]
    )
    connection.executemany("INSERT INTO words(rowid, title, body) VALUES(?, ?, ?)", [_words(row) for row in rows])
    connection.executemany(
        "INSERT INTO hourly(hour, flags, facet, n) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        [(*cell, count) for cell, count in sorted(Counter(cells).items())],
    )


def _counted(connection: sqlite3.Connection, rids: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield hour, flags and facet of the rows as they were written, whatever the same document would be given today."""
    for start in range(0, len(rids), _AT_ONCE):
        portion = rids[start : start + _AT_ONCE]
        for rid, flag, number in connection.execute(
            f"SELECT rid, flags, facet FROM posts WHERE rid IN ({marks(portion)})",  # noqa: S608 - question marks only
            portion,
        ):
            yield (rid >> TIE_BITS) // HOUR_S, flag, number


def reflag(connection: sqlite3.Connection) -> None:
    """Give posts that an earlier version wrote the flags of this one, in table and roll-up."""
    rows = connection.execute("SELECT rid, flags, facet, data FROM posts JOIN texts USING (rid)")
    changed = [(rid, flag, number, new) for rid, flag, number, data in rows if (new := flags(decode(data))) != flag]
    connection.executemany("UPDATE posts SET flags = ? WHERE rid = ?", [(new, rid) for rid, _, _, new in changed])
    moved = Counter(((rid >> TIE_BITS) // HOUR_S, flag, number, new) for rid, flag, number, new in changed)
    for (hour, flag, number, new), count in sorted(moved.items()):
        _add(connection, _Cell(hour, flag, number), -count)
        _add(connection, _Cell(hour, new, number), count)
    connection.execute("DELETE FROM hourly WHERE n = 0")


def _add(connection: sqlite3.Connection, cell: _Cell, count: int) -> None:
    connection.execute(
        "INSERT INTO hourly(hour, flags, facet, n) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        (*cell, count),
    )


def facet(document: Document) -> Facet:
    return document.post.source, listed(document.score.topics), listed(document.score.regions)


def _words(row: Kept) -> tuple[int, str, str]:
    post = row.document.post
    return row.rid, for_search(post.title) if post.title else "", for_search(post.text)


def _cell(document: Document, facets: Mapping[Facet, int]) -> _Cell:
    return _Cell(second(document.post.published_at) // HOUR_S, flags(document), facets[facet(document)])


def _numbered(connection: sqlite3.Connection, documents: Iterable[Document]) -> list[Kept]:
    """Give each document its row id, in order of time: FTS5 takes rising ids at half the cost."""
    wanted = sorted((_place(document), document.post.id, document) for document in documents)
    taken = _taken(connection, [place for place, _, _ in wanted])
    rows: dict[int, Document] = {}
    for place, _, document in wanted:
        rid = place
        while rid in rows or rid in taken:  # two posts of one second with the same tie: a step aside
            rid += 1
            if rid not in rows and not _taken(connection, [rid]):
                break
        rows[rid] = document
    return [Kept(rid, rows[rid]) for rid in sorted(rows)]


def _place(document: Document) -> int:
    return second(document.post.published_at) << TIE_BITS | tie(document.post.id)


def _taken(connection: sqlite3.Connection, rids: Sequence[int]) -> set[int]:
    return {
        rid
        for start in range(0, len(rids), _AT_ONCE)
        for (rid,) in connection.execute(
            f"SELECT rid FROM posts WHERE rid IN ({marks(rids[start : start + _AT_ONCE])})",  # noqa: S608 - question marks only
            rids[start : start + _AT_ONCE],
        )
    }
