"""What an adapter found, before the edge: unmasked and with the author's name, so it never leaves this room."""

from datetime import datetime

import msgspec

from contracts.post import AuthorKind
from contracts.provenance import DateSource


class RawPost(msgspec.Struct, frozen=True, kw_only=True):
    """One found post in its source's own words. `published_at` is aware, or None where the source gave no usable time."""

    source: str
    text: str
    platform: str = ""
    """"" = the source's id."""
    native_id: str = ""
    url: str = ""
    title: str = ""
    author: str = ""
    author_kind: AuthorKind = "unknown"
    published_at: datetime | None = None
    date_source: DateSource = ""
    """Who said so; of no meaning without a time."""
    likes: int = 0
    reposts: int = 0
    comments: int = 0
    place: str = ""
    sample: bool = False
    file: str = ""
    """Name of the imported file, and the physical line where the row starts; for dead letters."""
    line: int = 0

    def __repr__(self) -> str:
        """Name the place only: a raw post must not reach a log line by accident."""
        return f"RawPost(source={self.source!r}, file={self.file!r}, line={self.line})"
