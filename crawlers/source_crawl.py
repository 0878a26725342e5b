"""One crawl of one source: what it found goes through the edge into the log, and only then is a page called known."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.events import POSTS_FETCHED, POSTS_REJECTED
from contracts.ports.clock import Clock
from contracts.ports.crawl_state import CrawlState, PageState, SourceHealth
from contracts.ports.log import Log
from crawlers.addresses import Names
from crawlers.edge import Edge
from crawlers.extraction_pool import ExtractionPool
from crawlers.politeness import Hosts
from crawlers.raw_post import RawPost
from crawlers.robots import RobotsBook
from crawlers.settings import CrawlSettings
from crawlers.source import Source

Forget = Callable[[Sequence[str]], object]
"""Takes the posts of these addresses out of the house for good."""


class CrawlOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one crawl of one source ended. `failure` is one Chinese sentence, "" when well."""

    source: str
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    requests: int = 0
    """Requests on the wire, robots.txt and redirects included."""
    unchanged: int = 0
    """Pages that answered 304 or the same bytes."""
    gone: int = 0
    """Threads that answered 404 or 410."""
    failure: str = ""


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all crawls of the process share."""

    edge: Edge
    log: Log
    crawl_state: CrawlState
    clock: Clock
    settings: CrawlSettings
    hosts: Hosts
    names: Names
    robots: RobotsBook
    forget: Forget
    extraction: ExtractionPool


class SourceCrawl:
    """Counts, takes posts in, and judges the end."""

    def __init__(self, source: Source, shared: Shared) -> None:
        self.source = source
        self.shared = shared
        self.requests = 0
        self.unchanged = 0
        self.gone = 0
        self.was_stopped = False
        self._accepted = 0
        self._duplicates = 0
        self._rejected = 0
        self._failures: list[str] = []
        self._declined: list[str] = []
        self._newest: datetime | None = None
        self._not_before: datetime | None = None
        self._states_for_the_end: list[PageState] = []
        self._lost: list[str] = []
        self._states_of_lost: list[PageState] = []

    def page(self, url: str) -> PageState | None:
        return self.shared.crawl_state.pages([url]).get(url)

    def take(self, posts: Sequence[RawPost], states: Sequence[PageState] = ()) -> None:
        """Let posts in, and remember the pages that they came from. Raises Retryable with nothing remembered."""
        shared = self.shared
        if posts:
            admitted = shared.edge.admit(posts)
            if admitted.fetched:
                shared.log.append(POSTS_FETCHED, admitted.fetched)
            if admitted.rejected:
                shared.log.append(POSTS_REJECTED, admitted.rejected)
            shared.edge.keep(admitted)
            self._accepted += len(admitted.fetched)
            self._duplicates += admitted.duplicates
            self._rejected += len(admitted.rejected)
            times = [event.post.published_at for event in admitted.fetched if not event.post.time_is_doubtful]
            self._newest = max([*times, *([self._newest] if self._newest else [])], default=None)
        if states:
            shared.crawl_state.keep_pages(states)

    def keep_at_end(self, state: PageState) -> None:
        """Remember a list page once everything that it led to has been taken in."""
        self._states_for_the_end.append(state)

    def lose(self, addresses: Sequence[str], states: Sequence[PageState]) -> None:
        """Let go, at the end of the crawl, what was deleted at its source; only then is the page remembered as gone."""
        self._lost += addresses
        self._states_of_lost += states

    def fail(self, sentence: str) -> None:
        self._failures.append(sentence)

    def decline(self, sentence: str) -> None:
        """Note that a page is not kept because it says so: a fault only where nothing else was found."""
        self._declined.append(sentence)

    def ask_later(self, seconds: float) -> None:
        """Put the next crawl off: the site asked for it."""
        self._not_before = self.shared.clock.now() + timedelta(seconds=seconds)

    def finish(self) -> CrawlOutcome:
        """Keep what is to be kept at the end, and the health of the source. Raises Retryable."""
        failure = self._failures[0] if self._failures else ""
        if not failure and not (self._accepted or self._duplicates or self.unchanged):
            failure = next(iter(self._declined), "")
        if len(self._failures) > 1:
            failure += f"（另有 {len(self._failures) - 1} 页没有采到。）"
        if not failure and not self.was_stopped:
            self.shared.crawl_state.keep_pages(self._states_for_the_end)
        if self._lost:
            self.shared.forget(self._lost)
        self.shared.crawl_state.keep_pages(self._states_of_lost)
        now = self.shared.clock.now()
        due = now if self.was_stopped else now + timedelta(seconds=self.source.interval_s)
        self.shared.crawl_state.keep_health(
            SourceHealth(
                source=self.source.id,
                checked_at=now,
                succeeded_at=None if failure or self.was_stopped else now,
                newest_post_at=self._newest,
                posts=self._accepted,
                failure=failure,
                next_due_at=max(due, self._not_before or due),
            )
        )
        return CrawlOutcome(
            source=self.source.id,
            accepted=self._accepted,
            duplicates=self._duplicates,
            rejected=self._rejected,
            requests=self.requests,
            unchanged=self.unchanged,
            gone=self.gone,
            failure=failure,
        )
