"""What the index keeps of a post, and the one shape of a question to it."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.post import Post
from contracts.score import Score

PleaScope = Literal["none", "with", "only"]
Interval = Literal["hour", "day"]
Field = Literal["topic", "region", "sentiment", "source", "event", "keyword"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A post with its scores, its fold and its event."""

    post: Post
    score: Score
    fold_of: str = ""
    event: str = ""
    """The event that the post joined; found by `search`, the one that this is part of by now."""
    absorbed: str = ""
    """An event that this post showed to be part of `event`."""


class Query(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question to the index. Filters are joined by AND, the values within one filter by OR.

    `text`: words joined by blanks are ANDed; `"…"` or an unquoted run of Han is a phrase; `OR`, `NOT` (or a leading
    minus) and parentheses as usual. `since` is inclusive, `until` exclusive. `pleas` is "none" unless the caller's
    role may see them: default is deny. `pleas_within` narrows *pleas only* to a unit's area, given as division-code
    prefixes ("" entry = also pleas without a place); empty = no narrowing.
    """

    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Division codes; 430000 matches all Hunan, 430100 all of Changsha."""
    sentiments: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """An event leads to the posts of every event that is one with it, whichever of their ids is asked for."""
    fold_of: str = ""
    originals_only: bool = False
    advice_only: bool = False
    """Only 意见建议 (`Score.is_advice`), which are owed an answer."""
    pleas: PleaScope = "none"
    pleas_within: tuple[str, ...] = ()
    limit: int = 50
    offset: int = 0
    oldest_first: bool = False


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One found post; `copies` counts the posts folded onto it; `highlights` are (start, end) spans in `document.post.text`."""

    document: Document
    copies: int = 0
    highlights: tuple[tuple[int, int], ...] = ()


class Page(msgspec.Struct, frozen=True):
    """A page of hits, newest first unless asked otherwise; `total` counts all matches."""

    total: int
    hits: tuple[Hit, ...]
