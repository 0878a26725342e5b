"""The index port: put by deterministic id, get, search, count, forget."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from contracts.document import Document, Field, Interval, Page, Query


class Index(Protocol):
    """What `put` returned can be fetched by id at once; `put` of the same version again changes nothing."""

    def put(self, documents: Sequence[Document]) -> Mapping[str, str]:
        """Write durably and return, by id, why the engine refuses a document for good; the others are kept.

        A document whose `post.fetched_at` is older than the kept one never replaces it; a replaced document keeps the
        `fold_of`, `event` and `absorbed` it had, but a plea is kept without any. An `absorbed` event is part of the
        document's `event` from then on and for good, whatever becomes of the document: see `contracts.merging`.
        Raises Retryable (locked, away, disk full): put the same documents again.
        """
        ...

    def get(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return the documents that exist, as they were put, by id, pleas included: callers decide who may see them."""
        ...

    def search(self, query: Query) -> Page:
        """Return a page of hits, each under the event that stands. Raises Rejected for a text that cannot be parsed, saying where and how to write it."""
        ...

    def count(
        self, query: Query, by: Field | None = None, interval: Interval | None = None
    ) -> Mapping[tuple[str, str], int]:
        """Count matches by (field value, start of interval); a part not asked for is "".

        Interval starts are ISO 8601 in Asia/Shanghai (`2026-11-23T14:00:00+08:00`). A post with several topics,
        regions or keywords counts once under each; sentiment values are "-1", "0", "1"; merged events count as the
        one that stands. Only non-zero counts.
        """
        ...

    def forget(self, ids: Sequence[str] = (), authors: Sequence[str] = (), urls: Sequence[str] = ()) -> Sequence[str]:
        """Remove posts by id, author pseudonym or canonical URL from text, counts and storage; return the removed ids."""
        ...
