"""A crawl state in memory: the model that the durable one is held against."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from contracts.ports.crawl_state import HostRequests, PageState, SourceHealth


class MemoryCrawlState:
    """Everything is gone with the process."""

    def __init__(self) -> None:
        self._pages: dict[str, PageState] = {}
        self._seen: dict[str, str] = {}
        self._health: dict[str, SourceHealth] = {}
        self._requests: dict[tuple[str, date], int] = {}

    def pages(self, urls: Sequence[str]) -> Mapping[str, PageState]:
        return {url: self._pages[url] for url in urls if url in self._pages}

    def keep_pages(self, states: Sequence[PageState]) -> None:
        for state in states:
            kept = self._pages.get(state.url)
            if kept is None or kept.fetched_at <= state.fetched_at:
                self._pages[state.url] = state

    def seen(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {post: self._seen[post] for post in ids if post in self._seen}

    def keep_seen(self, digests: Mapping[str, str]) -> None:
        self._seen.update(digests)

    def health(self, sources: Sequence[str] = ()) -> Sequence[SourceHealth]:
        asked = set(sources) & set(self._health) if sources else self._health
        return tuple(self._health[source] for source in sorted(asked))

    def keep_health(self, health: SourceHealth) -> None:
        former = self._health.get(health.source)
        if former is not None:
            health = msgspec.structs.replace(
                health,
                succeeded_at=health.succeeded_at or former.succeeded_at,
                newest_post_at=health.newest_post_at or former.newest_post_at,
                next_due_at=health.next_due_at or former.next_due_at,
                good_post=health.good_post or former.good_post,
                rhythm=health.rhythm or former.rhythm,
            )
        self._health[health.source] = health

    def count_request(self, host: str, day: date, most: int) -> bool:
        counted = self._requests.get((host, day), 0)
        if counted >= most:
            return False
        self._requests[host, day] = counted + 1
        return True

    def requests(self, since: date) -> Sequence[HostRequests]:
        found = (
            HostRequests(host=host, day=day, requests=requests)
            for (host, day), requests in self._requests.items()
            if day >= since
        )
        return tuple(sorted(found, key=lambda one: (-one.day.toordinal(), -one.requests, one.host)))
