"""The events of every stream, their keys, and the one codec that writes them.

Streams are `<plural noun>.<past participle>.v<major>`. Added fields keep the version; readers ignore what they do not know.
"""

from datetime import datetime
from typing import Final

import msgspec

from contracts.post import Post
from contracts.score import Score

POSTS_FETCHED: Final = "posts.fetched.v1"
POSTS_SCORED: Final = "posts.scored.v1"
POSTS_INDEXED: Final = "posts.indexed.v1"
POSTS_REJECTED: Final = "posts.rejected.v1"
ALERTS_CHANGED: Final = "alerts.changed.v1"
TASKS_CHANGED: Final = "tasks.changed.v1"
REPORTS_PUBLISHED: Final = "reports.published.v1"
STREAMS: Final = (
    POSTS_FETCHED, POSTS_SCORED, POSTS_INDEXED, POSTS_REJECTED, ALERTS_CHANGED, TASKS_CHANGED, REPORTS_PUBLISHED,
)  # fmt: skip


class PostFetched(msgspec.Struct, frozen=True, tag="PostFetched"):
    """The edge took in a post."""

    post: Post

    @property
    def key(self) -> str:
        return self.post.id


class PostScored(msgspec.Struct, frozen=True, tag="PostScored"):
    """The stages judged a post."""

    post: Post
    score: Score

    @property
    def key(self) -> str:
        return self.post.id


class PostIndexed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="PostIndexed"):
    """A post can now be fetched by id; carries what rules need and no text."""

    id: str
    source: str
    published_at: datetime
    fetched_at: datetime
    indexed_at: datetime
    author: str = ""
    time_is_doubtful: bool = False
    sentiment: int = 0
    certain: bool = False
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    lane: str | None = None
    marks: tuple[str, ...] = ()
    attack: float = 0.0
    sketch: int = 0
    """Of older versions, as in the score."""
    grams: bytes = b""
    """Similarity sketch, as in the score."""
    terms: bytes = b""
    """Hashes of the telling words, as in the score."""
    fold_of: str = ""
    """Id of the original that this post repeats; "" for an original."""
    event: str = ""
    absorbed: str = ""
    """An event that this post showed to be part of `event`: whoever counts by event takes both for one from here on."""
    sample: bool = False

    @property
    def key(self) -> str:
        return self.id


class PostRejected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="PostRejected"):
    """A dead letter. At the edge it holds place and reason, never raw text; past the edge also the masked event."""

    id: str
    stage: str
    """edge · score · index · watch."""
    reason: str
    """One Chinese sentence with the remedy."""
    rejected_at: datetime
    source: str = ""
    file: str = ""
    line: int = 0
    event: PostFetched | PostScored | None = None

    @property
    def key(self) -> str:
        return self.id


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="AlertChanged"):
    """An alert was opened or changed state."""

    id: str
    alert_key: str
    state: str
    changed_at: datetime
    change: int
    """Ordinal of the change within the alert: a reader drops what it has seen."""
    lane: str | None = None
    level: str | None = None

    @property
    def key(self) -> str:
        return self.alert_key


class TaskChanged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="TaskChanged"):
    """A judgement, response task or help task changed state."""

    id: str
    kind: str
    state: str
    changed_at: datetime
    change: int

    @property
    def key(self) -> str:
        return self.id


class ReportPublished(msgspec.Struct, frozen=True, kw_only=True, tag="ReportPublished"):
    """A signed report left the house."""

    id: str
    week: str
    published_at: datetime

    @property
    def key(self) -> str:
        return self.id


Event = PostFetched | PostScored | PostIndexed | PostRejected | AlertChanged | TaskChanged | ReportPublished

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the bytes of an event as the log keeps them (MessagePack, tagged by type)."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Return the event in `data`; unknown fields are ignored. Raises `msgspec.DecodeError` for anything else."""
    return _decoder.decode(data)
