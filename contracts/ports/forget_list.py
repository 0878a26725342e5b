"""The forget list port: who and what must never come in again."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from contracts.post import Post


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: exactly one of the three is set."""

    post: str = ""
    author: str = ""
    url_digest: str = ""


class ForgetList(Protocol):
    """Checked at the edge and before every index write; entries are for good."""

    def add(self, entries: Iterable[Forgotten]) -> None:
        """Remember, durably; adding twice changes nothing."""
        ...

    def forgets(self, posts: Iterable[Post]) -> frozenset[str]:
        """Return the ids among `posts` that the list forbids (by post, author or URL), as of now. One read a batch."""
        ...
