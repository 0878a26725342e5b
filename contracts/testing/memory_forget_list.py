"""A forget list in memory."""

from collections.abc import Iterable

from contracts.identity import url_digest
from contracts.ports.forget_list import Forgotten
from contracts.post import Post


class MemoryForgetList:
    """Entries are gone with the process only."""

    def __init__(self, entries: Iterable[Forgotten] = ()) -> None:
        self._posts: set[str] = set()
        self._authors: set[str] = set()
        self._urls: set[str] = set()
        self.add(entries)

    def add(self, entries: Iterable[Forgotten]) -> None:
        for entry in entries:
            for value, kept in (
                (entry.post, self._posts),
                (entry.author, self._authors),
                (entry.url_digest, self._urls),
            ):
                if value:
                    kept.add(value)

    def forgets(self, posts: Iterable[Post]) -> frozenset[str]:
        return frozenset(post.id for post in posts if self._names(post))

    def _names(self, post: Post) -> bool:
        return (
            post.id in self._posts
            or bool(post.author and post.author in self._authors)
            or bool(post.url and self._urls and url_digest(post.url) in self._urls)
        )
