"""The embedded index: one SQLite file."""

import sqlite3
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from backends.merging import counted, merges, renamed
from backends.query import Node, highlights, parse
from backends.sqlite.connection import connect, deciding, writing
from backends.sqlite.index_counting import count
from backends.sqlite.index_filter import Where, by_facet, by_post, by_time
from backends.sqlite.index_matching import match
from backends.sqlite.index_merging import SCHEMA, keep, standing, widened
from backends.sqlite.index_writing import Facet, Kept, decode, decode_named, facet, insert, kept, marks, reflag, remove
from backends.versions import newest
from contracts.document import Document, Field, Hit, Interval, Page, Query

_PRAGMAS: Final = ("page_size=8192", "mmap_size=268435456", "temp_store=MEMORY")
_WRITER_PRAGMAS: Final = (*_PRAGMAS, "cache_size=-65536", "wal_autocheckpoint=4000", "secure_delete=ON")
_READER_PRAGMAS: Final = (*_PRAGMAS, "cache_size=-8192")
_SIGNS: Final = (
    "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum()).replace("'", "''").replace('"', '""')
)
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS posts(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flags INTEGER NOT NULL,
      facet INTEGER NOT NULL, micro INTEGER NOT NULL, event TEXT NOT NULL, fold_of TEXT NOT NULL, keywords TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS events ON posts(event) WHERE event != ''",
    "CREATE INDEX IF NOT EXISTS folds ON posts(fold_of) WHERE fold_of != ''",
    "CREATE TABLE IF NOT EXISTS texts(rid INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    """CREATE TABLE IF NOT EXISTS facets(id INTEGER PRIMARY KEY, source TEXT NOT NULL, topics TEXT NOT NULL,
      regions TEXT NOT NULL, UNIQUE(source, topics, regions))""",
    """CREATE TABLE IF NOT EXISTS hourly(hour INTEGER, flags INTEGER, facet INTEGER, n INTEGER NOT NULL,
      PRIMARY KEY(hour, flags, facet)) WITHOUT ROWID""",
    # the text comes split by blanks already: every sign but a blank belongs to its token
    f"""CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(title, body, content='', columnsize=0,
      tokenize="ascii tokenchars '{_SIGNS}'")""",
    *SCHEMA,
)
_VERSION: Final = 1
"""Of the flags: a file whose `user_version` is lower gets them anew when it is opened, once."""
_WORDS_SETTINGS: Final = (("automerge", 16), ("crisismerge", 64), ("pgsz", 8000))
_MERGED_AT_ONCE: Final = 1_000
_LOOKED_FOR_ONE_BY_ONE: Final = 8
"""Authors and addresses: one name is some hundred pseudonyms, one for each platform and quarter."""


class SqliteIndex:
    """Posts, searched and counted, in one file.

    needs: nothing (SQLite with FTS5) · configuration: `[index] backend = "sqlite"` · delivery: what `put` returned is
    on the disk and can be read by every process · ordering: newest first by the second of publication, then by `contracts.identity.tie` · replay: `put`
    again changes nothing · limits: one writing process at a time, any number of readers; about ten million posts; a
    change of `text.split` needs a new file, since removing takes the very same tokens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._facets: dict[Facet, int] = {}
        self._idle: list[sqlite3.Connection] = []
        self._writer = connect(path, _WRITER_PRAGMAS)
        with writing(self._writer, path):
            fresh = not self._writer.execute("SELECT 1 FROM sqlite_schema WHERE name = 'words'").fetchone()
            for statement in _SCHEMA:
                self._writer.execute(statement)
            if fresh:
                self._writer.executemany("INSERT INTO words(words, rank) VALUES(?, ?)", _WORDS_SETTINGS)
            elif self._writer.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                reflag(self._writer)
            self._writer.execute(f"PRAGMA user_version={_VERSION}")

    def put(self, documents: Sequence[Document]) -> Mapping[str, str]:
        with self._lock:
            with writing(self._writer, self._path):
                former = kept(self._writer, {document.post.id for document in documents})
                wanted = newest(documents, {post: row.document for post, row in former.items()})
                replaced = [former[post] for post in wanted if post in former]
                new = self._new_facets([*wanted.values()])
                facets = ChainMap(new, self._facets)
                if replaced:
                    remove(self._writer, replaced)
                insert(self._writer, wanted.values(), facets)
                if pairs := merges(documents):
                    keep(self._writer, pairs)
            self._facets |= new  # only now: a number that was rolled back was never given
        return {}

    def get(self, ids: Sequence[str]) -> Mapping[str, Document]:
        with self._reading() as connection:
            return {post: row.document for post, row in kept(connection, ids).items()}

    def search(self, query: Query) -> Page:
        node = parse(query.text)
        words = match(node) if node else ""
        with self._reading() as connection:
            query = widened(connection, query)
            total = sum(count(connection, query, words, None, None).values())
            rows = _rows(connection, query, words) if total and query.limit > 0 else []
            documents = _documents(connection, rows)
            documents = renamed(documents, standing(connection, {document.event for document in documents}))
            copies = _copies(connection, [document.post.id for document in documents])
        return Page(total, tuple(_hit(document, copies.get(document.post.id, 0), node) for document in documents))

    def count(
        self, query: Query, by: Field | None = None, interval: Interval | None = None
    ) -> Mapping[tuple[str, str], int]:
        node = parse(query.text)
        with self._reading() as connection:
            found = count(connection, widened(connection, query), match(node) if node else "", by, interval)
            return counted(found, standing(connection, {event for event, _ in found})) if by == "event" else found

    def forget(self, ids: Sequence[str] = (), authors: Sequence[str] = (), urls: Sequence[str] = ()) -> Sequence[str]:
        with self._lock, deciding(self._path):
            with writing(self._writer, self._path):
                gone = kept(self._writer, ids)
                gone |= {row.document.post.id: row for row in self._naming(set(authors) - {""}, set(urls) - {""})}
                remove(self._writer, gone.values())
            if gone:
                self._wipe()
        return tuple(sorted(gone))

    def close(self) -> None:
        with self._lock:
            for connection in (self._writer, *self._idle):
                connection.close()
            self._idle.clear()

    def _naming(self, authors: set[str], urls: set[str]) -> Iterator[Kept]:
        """Yield the posts of authors and addresses by reading all: forgetting is rare and needs no index of people."""
        for rid, data in self._holding(authors | urls):
            post = decode_named(data).post
            if post.author in authors or post.url in urls:
                yield Kept(rid, decode(data))

    def _holding(self, values: set[str]) -> Iterator[tuple[int, bytes]]:
        """Yield the rows that may hold one of the values: a few are looked for by the engine, many by reading once."""
        if len(values) > _LOOKED_FOR_ONE_BY_ONE:
            yield from self._writer.execute("SELECT rid, data FROM texts")
            return
        for value in values:
            yield from self._writer.execute(
                "SELECT rid, data FROM texts WHERE instr(data, ?)", (value.encode("utf-8", "surrogatepass"),)
            )

    def _wipe(self) -> None:
        """Rewrite the full text without the removed rows, in steps that let others write, and empty the WAL."""
        pages = -_MERGED_AT_ONCE
        while True:
            before = self._writer.total_changes
            self._writer.execute("INSERT INTO words(words, rank) VALUES('merge', ?)", (pages,))
            if self._writer.total_changes - before < 2 and pages > 0:
                break
            pages = _MERGED_AT_ONCE
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _new_facets(self, documents: Sequence[Document]) -> dict[Facet, int]:
        """Return the numbers of those facets of `documents` that this process does not know yet."""
        unknown = sorted({facet(document) for document in documents} - self._facets.keys())
        self._writer.executemany("INSERT OR IGNORE INTO facets(source, topics, regions) VALUES(?, ?, ?)", unknown)
        find = "SELECT id FROM facets WHERE source = ? AND topics = ? AND regions = ?"
        return {values: self._writer.execute(find, values).fetchone()[0] for values in unknown}

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection with one consistent view."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or connect(self._path, _READER_PRAGMAS)
        with deciding(self._path):
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")
                with self._lock:
                    self._idle.append(connection)


def _rows(connection: sqlite3.Connection, query: Query, words: str) -> list[int]:
    rid = "words.rowid" if words else "posts.rid"
    source = "words CROSS JOIN posts ON posts.rid = words.rowid" if words else "posts"
    where = Where(("words MATCH ?",), (words,)) if words else Where()
    where += by_time(query.since, query.until, rid) + by_facet(query) + by_post(query)
    order = "ASC" if query.oldest_first else "DESC"
    rows = connection.execute(
        f"SELECT {rid} FROM {source} WHERE {where.sql} ORDER BY {rid} {order} LIMIT ? OFFSET ?",  # noqa: S608 - conditions are ours, values are bound
        (*where.values, query.limit, max(query.offset, 0)),
    )
    return [row[0] for row in rows]


def _documents(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Document]:
    return [decode(connection.execute("SELECT data FROM texts WHERE rid = ?", (row,)).fetchone()[0]) for row in rows]


def _copies(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, int]:
    return dict(
        connection.execute(
            f"SELECT fold_of, count(*) FROM posts WHERE fold_of != '' AND fold_of IN ({marks(ids)}) GROUP BY fold_of",  # noqa: S608
            ids,
        ).fetchall()
    )


def _hit(document: Document, copies: int, node: Node | None) -> Hit:
    return Hit(document=document, copies=copies, highlights=highlights(node, document.post.text) if node else ())
