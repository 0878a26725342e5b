"""Starts a crawl in a child process and brings back what it found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from contracts.events import PostRejected
from contracts.ports.crawl_state import SourceHealth
from contracts.post import Post
from crawlers.source_crawl import CrawlOutcome

ROOT = Path(__file__).resolve().parents[2]


class Crawled(msgspec.Struct, frozen=True):
    """What one child reports."""

    outcomes: tuple[CrawlOutcome, ...]
    posts: tuple[Post, ...]
    rejected: tuple[PostRejected, ...]
    health: tuple[SourceHealth, ...]

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
    **settings: Any,
) -> Crawled:
    order = {
        "sources": sources,
        "settings": {"timeout_s": 5.0, "contact_url": "https://example.org/kontakt"} | settings,
        "state": str(state / "crawl_state.pickle"),
        "once": once,
        "stop_after_s": stop_after_s,
        "log_is_full": log_is_full,
    }
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.site.crawl_child"],
        input=json.dumps(order).encode(),
        capture_output=True,
        cwd=ROOT,
        timeout=90,
        check=False,
    )
    assert child.returncode == 0, child.stderr.decode()
    return msgspec.json.decode(child.stdout, type=Crawled)


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
