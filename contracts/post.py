"""The post: what the edge lets into the house, already masked and pseudonymised."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.provenance import DateSource

AuthorKind = Literal["person", "media", "government", "unknown"]


class Post(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One public post. There is no field for a name, an avatar or a profile, and none may be added.

    Times are aware UTC. `text` and `title` are masked; `masked` names the kinds of data that were replaced.
    """

    id: str
    source: str
    platform: str
    text: str
    published_at: datetime
    fetched_at: datetime
    title: str = ""
    url: str = ""
    author: str = ""
    """Keyed pseudonym (HMAC with the home's secret) of platform and quarter, only for counting distinct voices and for
    forgetting."""
    author_kind: AuthorKind = "unknown"
    time_is_doubtful: bool = False
    """True when the source gave no usable time: `published_at` is then `fetched_at`."""
    date_source: DateSource = ""
    language: str = ""
    """BCP 47, as `zh-Hans`, `bo` or `en`; "" where it cannot be told, and in older posts."""
    likes: int = 0
    reposts: int = 0
    comments: int = 0
    repost_of: str = ""
    """Id of the original when the source itself says so."""
    place: str = ""
    """Six-digit division code of the source's own area (a city forum), used where the text names no place."""
    masked: tuple[str, ...] = ()
    sample: bool = False
    """True for the demo's invented posts: shown as 样例 wherever they appear."""
