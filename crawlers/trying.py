"""Tries sources out: asks each once, with all the manners of a real crawl, and keeps nothing but what it tells."""

import logging
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection
from typing import Final, Literal

import msgspec

from contracts.events import Event, PostFetched, PostRejected
from contracts.ports.crawl_state import HostRequests, PageState, SourceHealth
from contracts.ports.forget_list import Forgotten
from contracts.post import Post
from crawlers.settings import CrawlSettings
from crawlers.source import Source
from crawlers.source_crawl import CrawlOutcome
from crawlers.terms import terms_hints

REQUESTS_MAX: Final = 6
"""robots.txt, a redirect, a list and a page of it: enough to see one post."""
_TIMEOUT_S: Final = 8.0

Robots = Literal["allowed", "refused", "unknown"]


class Tried(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one source answered. The post is as it would be stored: masked, its author a pseudonym."""

    source: str
    robots: Robots = "unknown"
    terms: tuple[str, ...] = ()
    posts: int = 0
    """Posts on the first page that showed any."""
    first: Post | None = None
    failure: str = ""
    note: str = ""
    """For a source that nobody asks on the wire: what is still to be done there."""


def try_sources(sources: Sequence[Source], settings: CrawlSettings, answers: Connection, seconds: float) -> None:
    """Send a `Tried` as JSON for each source as soon as it can be told; blocks, once in a process.

    Ends soon after everything is told, and after `seconds` at the latest unless something hangs.
    """
    from crawlers.crawling import crawl
    from crawlers.edge import Edge

    logging.disable(logging.ERROR)  # whatever happens is told in a sentence
    clock, state = _Clock(), _NoMemory()
    telling = _Telling(answers)
    until_s = time.monotonic() + seconds

    def should_stop() -> bool:
        return len(telling.told) == len(sources) or time.monotonic() > until_s

    crawl(
        [msgspec.structs.replace(source, requests_max=min(source.requests_max, REQUESTS_MAX)) for source in sources],
        edge=Edge(secrets.token_bytes(32), _NothingForgotten(), state, clock),  # of no use to anybody afterwards
        log=telling,  # type: ignore[arg-type]  # only `append` is asked for
        crawl_state=state, clock=clock, forget=lambda _addresses, _posts: None, once=True, should_stop=should_stop,
        settings=msgspec.structs.replace(settings, timeout_s=min(settings.timeout_s, _TIMEOUT_S), retry_after_wait_s=0.0),
        on_page=telling.page, on_outcome=telling.ended,
    )  # fmt: skip


class _Telling:
    """Stands where the log would, and tells of each source once."""

    def __init__(self, answers: Connection) -> None:
        self._answers = answers
        self._terms: dict[str, dict[str, None]] = {}
        self._rejected: dict[str, str] = {}
        self.told: set[str] = set()

    def append(self, _stream: str, events: Sequence[Event]) -> None:
        posts = [event.post for event in events if isinstance(event, PostFetched)]
        for event in events:
            if isinstance(event, PostRejected):
                self._rejected.setdefault(event.source, event.reason)
        if posts:
            source = posts[0].source
            newest = max(posts, key=lambda post: (not post.time_is_doubtful, post.published_at))
            self._tell(Tried(source=source, robots="allowed", posts=len(posts), first=newest))

    def page(self, source: str, headers: Mapping[str, str], body: bytes) -> None:
        self._terms.setdefault(source, {}).update(dict.fromkeys(terms_hints(headers, body)))

    def ended(self, outcome: CrawlOutcome) -> None:
        robots: Robots = "unknown"
        if outcome.is_allowed:
            robots = "allowed"
        elif "robots.txt" in outcome.failure:
            robots = "refused"
        failure = outcome.failure or self._rejected.get(outcome.source, "") or "页面取到了，但没有读出一条帖子。"
        self._tell(Tried(source=outcome.source, robots=robots, failure=failure))

    def _tell(self, tried: Tried) -> None:
        if tried.source not in self.told:
            self.told.add(tried.source)
            told = msgspec.structs.replace(tried, terms=tuple(self._terms.get(tried.source, ())))
            self._answers.send_bytes(msgspec.json.encode(told))


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _NoMemory:
    """A crawl state that knows nothing, so that every page is read as if for the first time."""

    def pages(self, _urls: Sequence[str]) -> Mapping[str, PageState]:
        return {}

    def keep_pages(self, states: Sequence[PageState]) -> None:
        pass

    def seen(self, _ids: Sequence[str]) -> Mapping[str, str]:
        return {}

    def keep_seen(self, digests: Mapping[str, str]) -> None:
        pass

    def health(self, _sources: Sequence[str] = ()) -> Sequence[SourceHealth]:
        return ()

    def keep_health(self, health: SourceHealth) -> None:
        pass

    def count_request(self, _host: str, _day: date, _most: int) -> bool:
        return True  # REQUESTS_MAX is the bound here

    def requests(self, _since: date) -> Sequence[HostRequests]:
        return ()


class _NothingForgotten:
    def add(self, entries: Iterable[Forgotten]) -> None:
        pass

    def forgets(self, _posts: Iterable[Post]) -> frozenset[str]:
        return frozenset()
