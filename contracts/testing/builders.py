"""Builders of posts, scores and documents for tests: say what matters, the rest is filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from contracts.document import Document
from contracts.events import PostFetched, PostIndexed, PostScored
from contracts.identity import post_id
from contracts.post import Post
from contracts.score import Score, Sentiment

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon in Changsha on a Monday: the default time of built things."""


def make_post(text: str = "今天社区组织了免费体检。", **fields: Any) -> Post:
    published_at = fields.pop("published_at", NOON)
    defaults: dict[str, Any] = {
        "id": post_id("forum", native_id=fields.pop("native_id", ""), text=text),
        "source": "forum",
        "platform": "forum",
        "text": text,
        "published_at": published_at,
        "fetched_at": published_at + timedelta(seconds=5),
    }
    return Post(**(defaults | fields))


def make_score(sentiment: int = 0, **fields: Any) -> Score:
    spread = {-1: Sentiment(0.9, 0.07, 0.03), 0: Sentiment(0.1, 0.8, 0.1), 1: Sentiment(0.03, 0.07, 0.9)}
    defaults: dict[str, Any] = {
        "sentiment": sentiment, "sentiment_p": spread[sentiment], "certain": True, "scorer": "built"
    }  # fmt: skip
    return Score(**(defaults | fields))


def make_fetched(text: str = "今天社区组织了免费体检。", **fields: Any) -> PostFetched:
    return PostFetched(make_post(text, **fields))


def make_scored(post: Post | None = None, score: Score | None = None) -> PostScored:
    return PostScored(post or make_post(), score or make_score())


def make_document(post: Post | None = None, score: Score | None = None, **fields: Any) -> Document:
    return Document(post=post or make_post(), score=score or make_score(), **fields)


def make_indexed(post: Post | None = None, score: Score | None = None, **fields: Any) -> PostIndexed:
    post, score = post or make_post(), score or make_score()
    shared = {name: getattr(score, name) for name in _SCORE_FIELDS} | {
        name: getattr(post, name) for name in _POST_FIELDS
    }
    return PostIndexed(**(shared | {"indexed_at": post.fetched_at + timedelta(seconds=1)} | fields))


_SCORE_FIELDS = {f.name for f in msgspec.structs.fields(PostIndexed)} & {f.name for f in msgspec.structs.fields(Score)}
_POST_FIELDS = {f.name for f in msgspec.structs.fields(PostIndexed)} & {f.name for f in msgspec.structs.fields(Post)}
