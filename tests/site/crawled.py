"""Starts a crawl in a child process and brings back what it found."""

import multiprocessing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from contracts.events import PostRejected
from contracts.ports.crawl_state import HostRequests, SourceHealth
from contracts.post import Post
from crawlers.source_crawl import CrawlOutcome
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
    requests: tuple[HostRequests, ...] = ()
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
