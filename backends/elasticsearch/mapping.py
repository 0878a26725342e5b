"""What the index keeps of a document, and the version of that shape.

The text comes split by `text.split.for_search` and is cut at blanks alone, so that both engines see the same words
(ADR 0007). Another shape is another version: raise `VERSION`, and `qingting migrate` moves every document into it.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from backends.settings import ElasticsearchSettings
from contracts.document import Document
from contracts.identity import tie
from contracts.instant import microseconds
from text.split import for_search

VERSION: Final = 2
_OWNER: Final = "qingting"
_YEAR_1: Final = microseconds(datetime.min.replace(tzinfo=UTC))
_LONGEST: Final = 8_191
"""A longer value cannot be a term of Lucene's in every script; it is kept, but not searchable."""

_KEYWORD: Final = {"type": "keyword", "ignore_above": _LONGEST}
_WORDS: Final = {"type": "text", "analyzer": "whitespace", "norms": False}
_PROPERTIES: Final[dict[str, Any]] = {
    "id": _KEYWORD, "source": _KEYWORD, "author": _KEYWORD, "url": _KEYWORD, "topics": _KEYWORD, "regions": _KEYWORD,
    "keywords": _KEYWORD, "fold_of": _KEYWORD, "event": _KEYWORD, "sentiment": {"type": "byte"},
    "is_plea": {"type": "boolean"}, "is_copy": {"type": "boolean"}, "is_advice": {"type": "boolean"},
    "published": {"type": "date", "format": "epoch_millis"},
    "second": {"type": "long"}, "micros": {"type": "long"}, "tie": {"type": "integer"},
    "title_words": _WORDS, "words": _WORDS, "document": {"type": "object", "enabled": False},
}  # fmt: skip


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document as it is sent: what is searched beside what is kept."""

    document: Document
    id: str
    source: str
    sentiment: int
    is_plea: bool
    is_copy: bool
    is_advice: bool
    published: int
    second: int
    micros: int
    tie: int
    words: str
    title_words: str = ""
    author: str | None = None
    url: str | None = None
    fold_of: str | None = None
    event: str | None = None
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


_encode: Final = msgspec.json.Encoder().encode


def entry(document: Document) -> bytes:
    """Return the source of a document, one line of JSON."""
    post, score = document.post, document.score
    micros = microseconds(post.published_at)
    return _encode(
        Entry(
            document=document, id=post.id, source=post.source, author=post.author or None, url=post.url or None,
            topics=score.topics, regions=score.regions, keywords=score.keywords, fold_of=document.fold_of or None,
            event=document.event or None, sentiment=score.sentiment, is_plea=score.lane is not None,
            is_copy=bool(document.fold_of), is_advice=score.is_advice, published=micros // 1000, second=micros // 1_000_000, micros=micros,
            tie=tie(post.id), title_words=for_search(post.title) if post.title else "", words=for_search(post.text),
        )
    )  # fmt: skip


def version(document: Document) -> int:
    """Return what decides between two versions of a post: when it was fetched, in microseconds since year 1."""
    return microseconds(document.post.fetched_at) - _YEAR_1  # a version may not be negative


def body(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return settings and mapping of an index of this version."""
    return {
        "settings": {
            "number_of_shards": settings.shards, "number_of_replicas": settings.replicas, "refresh_interval": "1s",
            "gc_deletes": "0s",  # a forgotten post is kept away by the forget list, not by a tombstone
        },
        "mappings": {
            "dynamic": False, "_meta": {"owner": _OWNER, "version": VERSION},
            "_source": {"excludes": ["words", "title_words"]}, "properties": _PROPERTIES,
        },
    }  # fmt: skip


def is_ours(mapping: dict[str, Any]) -> bool:
    """Whether a mapping found behind our alias is this version's, field by field."""
    types = {name: field.get("type", "object") for name, field in mapping.get("properties", {}).items()}
    return mapping.get("_meta", {}) == {"owner": _OWNER, "version": VERSION} and types == {
        name: field["type"] for name, field in _PROPERTIES.items()
    }


def version_of(mapping: dict[str, Any]) -> int:
    """Return the version of an index of ours, 0 for a foreign one."""
    found = mapping.get("_meta", {})
    return int(found.get("version", 0)) if found.get("owner") == _OWNER else 0
