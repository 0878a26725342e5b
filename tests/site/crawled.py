"""Starts a crawl in a child process and brings back what it found."""

import multiprocessing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from contracts.events import PostRejected
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import HostRequests, SourceHealth
from contracts.post import Post
from crawlers.source_crawl import CrawlOutcome
from crawlers.sources import load_sources
from tests.site.crawl_child import run

# A fork of a process that has loaded Scrapy starts in milliseconds; the fork server itself runs no thread and no reactor.
_CHILDREN = multiprocessing.get_context("forkserver")
_CHILDREN.set_forkserver_preload(["tests.site.crawl_child"])


class Crawled(msgspec.Struct, frozen=True):
    """What one child reports."""

    outcomes: tuple[CrawlOutcome, ...]
    posts: tuple[Post, ...]
    rejected: tuple[PostRejected, ...]
    health: tuple[SourceHealth, ...]
    forgotten: tuple[str, ...] = ()
    """Addresses of threads and articles that were deleted."""
    forgotten_posts: tuple[str, ...] = ()
    """Ids of single posts that were taken down."""
    requests: tuple[HostRequests, ...] = ()
    days: tuple[SourceDay, ...] = ()
    """What this crawl adds to the crawl book."""
    seconds: float = 0.0
    """Of processor time: what a page costs must not depend on what else the machine does."""
    memory_mib: float = 0.0
    """By how much the process grew at most."""

    @property
    def outcome(self) -> CrawlOutcome:
        (outcome,) = self.outcomes
        return outcome

    @property
    def texts(self) -> list[str]:
        return [post.text for post in self.posts]


def crawled(
    *sources: dict[str, Any],
    state: Path,
    once: bool = True,
    stop_after_s: float = 60.0,
    log_is_full: bool = False,
    trusted: str = "",
    opens_after_s: float = 0.0,
    environment: Mapping[str, str] | None = None,
    ahead: timedelta = timedelta(),
    **settings: Any,
) -> Crawled:
    order = {
        "sources": sources,
        "settings": {"timeout_s": 5.0, "contact": "https://example.org/kontakt"} | settings,
        "state": str(state / "crawl_state.pickle"),
        "once": once,
        "stop_after_s": stop_after_s,
        "log_is_full": log_is_full,
        "trusted": trusted,
        "opens_after_s": opens_after_s,
        "ahead_s": ahead.total_seconds(),
        "environment": dict(environment or {}),
    }
    receiver, sender = _CHILDREN.Pipe(duplex=False)
    child = _CHILDREN.Process(target=run, args=(order, sender))
    child.start()
    sender.close()
    try:
        assert receiver.poll(90), "the crawl did not end"
        return msgspec.json.decode(receiver.recv_bytes(), type=Crawled)
    finally:
        child.join(10)
        child.kill()
        child.join()
        receiver.close()


def described(entry: str, folder: Path) -> dict[str, Any]:
    """Return a source on this machine as its entry in sources.yaml describes it, presets filled in."""
    file = folder / "sources.yaml"
    lines = "".join(f"  {line}\n" for line in entry.strip().splitlines())
    file.write_text(f"sources:\n-{lines[1:]}  allow_private: [127.0.0.1]\n", "utf-8")
    (source,) = load_sources(file)
    found: dict[str, Any] = msgspec.to_builtins(source)
    return found


def feed(url: str, **fields: Any) -> dict[str, Any]:
    return {"id": "news", "kind": "feed", "url": url, "allow_private": ["127.0.0.1"], "request_gap_s": 0.0} | fields


def forum(url: str, **fields: Any) -> dict[str, Any]:
    shape = {
        "id": "forum",
        "kind": "forum",
        "url": url,
        "allow_private": ["127.0.0.1"],
        "request_gap_s": 0.0,
        "list": {"row": "li.thread", "link": "a", "changed_by": ".replies", "next": "a.next"},
        "thread": {"title": "h1", "next": "a.next"},
        "post": {
            "row": "article", "id": "::attr(id)", "text": ".content", "author": ".author", "published_at": "time::attr(datetime)",
        },
    }  # fmt: skip
    return shape | fields
