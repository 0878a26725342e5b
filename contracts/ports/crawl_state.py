"""The crawl state port: what the edge must remember between crawls."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Protocol

import msgspec

from contracts.diagnosis import FailureKind


class PageState(msgspec.Struct, frozen=True, kw_only=True):
    """Validators of one fetched page (by URL), for conditional requests."""

    url: str
    etag: str = ""
    last_modified: str = ""
    body_digest: str = ""
    fetched_at: datetime


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one source fared; times are None until it happened once."""

    source: str
    checked_at: datetime
    succeeded_at: datetime | None = None
    newest_post_at: datetime | None = None
    posts: int = 0
    """Posts accepted in the last crawl."""
    failure: str = ""
    """One Chinese sentence, "" when well."""
    next_due_at: datetime | None = None
    not_before: datetime | None = None
    """When the site lets us come again at the earliest (Retry-After), as of the last crawl."""
    failures: int = 0
    """Crawls in a row that failed and brought nothing; a page that failed among others counts in `failure` only."""
    failure_kind: FailureKind | Literal[""] = ""
    good_post: str = ""
    """Id of the newest post of the last crawl that brought any."""
    rhythm: str = ""
    """What the crawlers have learned of when to ask (JSON of their own)."""


class HostRequests(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests one host got on one day in Beijing, robots.txt and redirects included."""

    host: str
    day: date
    requests: int


class CrawlState(Protocol):
    """Durable; safe to use from one crawl process and many readers."""

    def pages(self, urls: Sequence[str]) -> Mapping[str, PageState]:
        """Return what is known of the pages."""
        ...

    def keep_pages(self, states: Sequence[PageState]) -> None:
        """Remember pages; the newest wins."""
        ...

    def seen(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Return digest of the last accepted content by post id, for those already accepted (duplicates)."""
        ...

    def keep_seen(self, digests: Mapping[str, str]) -> None:
        """Remember accepted posts: post id → digest of title and masked text."""
        ...

    def health(self, sources: Sequence[str] = ()) -> Sequence[SourceHealth]:
        """Return the health of every source that was ever crawled, or of these alone, by source id."""
        ...

    def keep_health(self, health: SourceHealth) -> None:
        """Replace one source's health; None times (but `not_before`) and "" for post and rhythm keep the former value."""
        ...

    def count_request(self, host: str, day: date, most: int) -> bool:
        """Count one request unless `most` were counted that day; whether it was. No two processes get the last one."""
        ...

    def requests(self, since: date) -> Sequence[HostRequests]:
        """Return the requests of every day not before `since`: the newest day first, the busiest host first in it."""
        ...
