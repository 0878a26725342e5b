"""One crawl of one source: what it found goes through the edge into the log, and only then is a page called known."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.diagnosis import FailureKind
from contracts.errors import Retryable
from contracts.events import POSTS_FETCHED, POSTS_REJECTED
from contracts.funnel import Funnel
from contracts.identity import digest
from contracts.ports.clock import Clock
from contracts.ports.crawl_book import CrawlBook, SourceDay
from contracts.ports.crawl_state import CrawlState, PageState, SourceHealth
from contracts.ports.log import Log
from contracts.zone import BEIJING
from crawlers import schedule
from crawlers.addresses import Names
from crawlers.agenda import Agenda, rhythm_of, written
from crawlers.edge import Admitted, Edge, judged_time
from crawlers.extraction_pool import ExtractionPool
from crawlers.gone import MissingPages, read_missing
from crawlers.politeness import Hosts
from crawlers.raw_post import RawPost
from crawlers.robots import RobotsBook
from crawlers.schedule import Hints, Look
from crawlers.settings import CrawlSettings
from crawlers.source import Source
from text.mask import mask
from text.public_url import told_publicly

_log = logging.getLogger(__name__)
_LATE = timedelta(days=1)
"""A post may bear a time before our last visit and still be new; one older than that was merely found late."""

Forget = Callable[[Sequence[str], Sequence[str]], object]
"""Takes the posts of these addresses, and the posts of these ids, out of the house for good."""
_TAKEN_DOWN = digest("taken down")
"""Stands in place of what was last accepted of a post that is gone."""


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
    """Threads and articles that answered 404 or 410."""
    is_allowed: bool = False
    """Whether a robots.txt let us ask for a page."""
    failure: str = ""
    failure_kind: FailureKind | Literal[""] = ""
    funnel: Funnel = Funnel()


OnPage = Callable[[str, Mapping[str, str], bytes], None]
"""Is told of each page that came: source, headers, body."""


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
    agenda: Agenda
    crawl_book: CrawlBook | None = None
    on_page: OnPage | None = None


class SourceCrawl:
    """Counts, takes posts in, and judges the end."""

    def __init__(self, source: Source, shared: Shared) -> None:
        self.source = source
        self.shared = shared
        self.requests = 0
        self.unchanged = 0
        self.gone = 0
        self.was_stopped = False
        self.is_allowed = False
        self._accepted = 0
        self._duplicates = 0
        self._rejected = 0
        self._failures: list[tuple[str, FailureKind]] = []
        self._declined: list[str] = []
        self._newest: datetime | None = None
        self._good_post = ""
        self._former = shared.agenda.health(source.id)
        self._funnel = Funnel()
        self._new_times: list[datetime | None] = []
        self._shown_times: list[datetime] = []
        self._is_window = False
        self._hints: Hints | None = None
        self._not_before: datetime | None = None
        self._states_for_the_end: list[PageState] = []
        self._missing: MissingPages | None = None
        self._lost: list[str] = []
        self._states_of_lost: list[PageState] = []
        self._lost_posts: list[str] = []

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
            self._count(posts, admitted)
            times = [event.post.published_at for event in admitted.fetched if not event.post.time_is_doubtful]
            self._newest = max([*times, *([self._newest] if self._newest else [])], default=None)
        if states:
            shared.crawl_state.keep_pages(states)

    def keep_at_end(self, state: PageState) -> None:
        """Remember a list page once everything that it led to has been taken in."""
        self._states_for_the_end.append(state)

    @property
    def missing(self) -> MissingPages:
        """The pages of the source that answered 404. Raises Retryable."""
        if self._missing is None:
            state = self.page(self._missing_mark)
            self._missing = read_missing(state.body_digest if state else "")
        return self._missing

    @property
    def _missing_mark(self) -> str:
        return f"{self.source.url}#missing"

    def lose(self, addresses: Sequence[str], states: Sequence[PageState]) -> None:
        """Let go, at the end of the crawl, what was deleted at its source; only then is the page remembered as gone."""
        self._lost += addresses
        self._states_of_lost += states

    def lose_posts(self, posts: Sequence[str]) -> None:
        """Let go, at the end of the crawl, of posts that their page says were taken down; once each."""
        known = self.shared.crawl_state.seen(posts) if posts else {}
        self._lost_posts += [post for post, content in known.items() if content != _TAKEN_DOWN]

    def came(self, headers: Mapping[str, str], body: bytes, *, is_list: bool = False) -> None:
        """Count a page that can be read."""
        self._funnel += Funnel(fetched=1, lists=int(is_list))
        if self.shared.on_page:
            self.shared.on_page(self.source.id, headers, body)

    def shows_window(self, hints: Hints) -> None:
        """Say that the page is a feed, that shows the last posts only, and what it says about when to come again."""
        self._is_window = True
        self._hints = hints

    def fail(self, sentence: str, kind: FailureKind = "down") -> None:
        self._failures.append((_told(sentence), kind))

    def decline(self, sentence: str) -> None:
        """Note that a page is not kept because it says so: a fault only where nothing else was found."""
        self._declined.append(_told(sentence))

    def ask_later(self, seconds: float) -> None:
        """Put the next crawl off: the site asked for it."""
        self._not_before = self.shared.clock.now() + timedelta(seconds=seconds)

    def finish(self) -> CrawlOutcome:
        """Keep what is to be kept at the end, and the health of the source. Raises Retryable."""
        failure = self._failures[0][0] if self._failures else ""
        kind: FailureKind | Literal[""] = self._failures[0][1] if self._failures else ""
        if not failure and self._declined and not (self._accepted or self._duplicates or self.unchanged):
            failure, kind = self._declined[0], "blocked"
        if len(self._failures) > 1:
            failure += f"（另有 {len(self._failures) - 1} 页没有采到。）"
        if not failure and not self.was_stopped:
            self.shared.crawl_state.keep_pages(self._states_for_the_end)
        if self._lost or self._lost_posts:
            self.shared.forget(self._lost, self._lost_posts)
            self.shared.crawl_state.keep_seen(dict.fromkeys(self._lost_posts, _TAKEN_DOWN))
        now = self.shared.clock.now()
        if self._missing is not None and self._missing.is_changed:
            self._states_of_lost.append(
                PageState(url=self._missing_mark, body_digest=self._missing.written(), fetched_at=now)
            )
        self.shared.crawl_state.keep_pages(self._states_of_lost)
        former = self._former
        # a page that failed among others that came is told, but the source is no failing one
        is_barren = bool(failure) and not self._funnel.extracted and not self.unchanged
        # a crawl that was broken off says nothing about the source
        failures = (former.failures if former else 0) + is_barren if is_barren or self.was_stopped else 0
        rhythm = rhythm_of(former)
        if not is_barren and not self.was_stopped:
            look = Look(
                new=tuple(self._new_times), shown=tuple(self._shown_times), is_window=self._is_window, hints=self._hints
            )
            rhythm = schedule.observed(rhythm, look, now)
        due = now if self.was_stopped else self.shared.agenda.due_after(self.source, rhythm, failures, now)
        self.shared.crawl_state.keep_health(
            SourceHealth(
                source=self.source.id,
                checked_at=now,
                succeeded_at=None if failure or self.was_stopped else now,
                newest_post_at=self._newest,
                posts=self._accepted,
                failure=failure,
                next_due_at=max(due, self._not_before or due),
                not_before=self._not_before,
                failures=failures,
                failure_kind=kind,
                good_post=self._good_post,
                rhythm=written(rhythm) if rhythm else "",
            )
        )
        funnel = self._funnel + Funnel(asked=self.requests, unchanged=self.unchanged)
        if self.shared.crawl_book is not None:
            ended_well = not failure and not self.was_stopped
            day = SourceDay(
                source=self.source.id, day=now.astimezone(BEIJING).date(), crawls=1,
                empty=int(ended_well and not funnel.new), failed=int(is_barren), funnel=funnel,
            )  # fmt: skip
            try:
                self.shared.crawl_book.add(day)
            except Retryable as away:  # figures for people; what was collected is safe
                _log.warning("counts of source %s not kept: %s", self.source.id, away)
        return CrawlOutcome(
            source=self.source.id,
            accepted=self._accepted,
            duplicates=self._duplicates,
            rejected=self._rejected,
            requests=self.requests,
            unchanged=self.unchanged,
            gone=self.gone,
            is_allowed=self.is_allowed,
            failure=failure,
            failure_kind=kind,
            funnel=funnel,
        )

    def _count(self, posts: Sequence[RawPost], admitted: Admitted) -> None:
        """Count a batch, and note when its posts were published: all of them, and those that are new to us."""
        now = self.shared.clock.now()
        fetched = [event.post for event in admitted.fetched]
        # what stood there before the source was first read has not been late: nobody asked
        since = self._former.succeeded_at if self._former else None
        delays = [
            (post.fetched_at - post.published_at).total_seconds()
            for post in fetched
            if since and not post.time_is_doubtful and since - _LATE < post.published_at
        ]
        times = [judged_time(post.published_at, now) for post in posts]
        dated = [at for at, is_doubtful in times if not is_doubtful]
        self._shown_times += dated
        self._new_times += [None if post.time_is_doubtful else post.published_at for post in fetched]
        self._funnel += Funnel(
            extracted=len(posts), new=len(fetched) + len(admitted.rejected), masked=admitted.masked, kept=len(fetched),
            dated=len(dated), textless=sum(not post.text.strip() for post in posts), timed=len(delays), delay_s=sum(delays),
        )  # fmt: skip
        if fetched:
            self._good_post = max(fetched, key=lambda post: post.published_at).id


def _told(sentence: str) -> str:
    """Return a sentence that is kept and shown: an address in it may hold what somebody typed."""
    return mask(told_publicly(sentence)).text
