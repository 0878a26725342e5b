"""One crawl in a process of its own, since Twisted's reactor runs once in a process.

The crawl state is kept in a file between two children, as the desk database would.
"""

import asyncio
import os
import pickle
import resource
import time
from collections.abc import Sequence
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
from scrapy.core.engine import ExecutionEngine

import crawlers.spiders.feed_spider
import crawlers.spiders.forum_spider
import crawlers.spiders.hotlist_spider
import crawlers.spiders.list_spider
import crawlers.spiders.sitemap_spider  # noqa: F401 - all loaded before the fork, so that each child starts at once
from contracts.errors import Retryable
from contracts.events import Event
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList
from crawlers.crawling import crawl
from crawlers.edge import Edge
from crawlers.settings import CrawlSettings
from crawlers.source import Source
from tests.site.system_clock import SystemClock


class _Events:
    """The `append` of a log, in memory."""

    def __init__(self, *, is_full: bool) -> None:
        self.streams: dict[str, list[Event]] = {}
        self._is_full = is_full

    def append(self, stream: str, events: Sequence[Event]) -> None:
        if self._is_full:
            raise Retryable("磁盘已满")
        self.streams.setdefault(stream, []).extend(events)


def _open_late(seconds: float) -> None:
    """Make Scrapy's engine take its time to open, as it does on a busy machine."""
    opened = ExecutionEngine.open_spider_async

    async def late(self: ExecutionEngine, *given: Any, **named: Any) -> None:
        await asyncio.sleep(seconds)
        await opened(self, *given, **named)

    ExecutionEngine.open_spider_async = late  # type: ignore[method-assign]


def run(order: dict[str, Any], answer: Connection) -> None:
    """Crawl as ordered and send one JSON object, a `tests.site.crawled.Crawled`."""
    before_kib = memory_kib()
    if order["trusted"]:
        os.environ["SSL_CERT_FILE"] = order["trusted"]
    if order["opens_after_s"]:
        _open_late(order["opens_after_s"])
    os.environ.update(order["environment"])
    state_file = Path(order["state"])
    state = pickle.loads(state_file.read_bytes()) if state_file.exists() else MemoryCrawlState()  # noqa: S301 - our own
    events = _Events(is_full=order["log_is_full"])
    clock = SystemClock(timedelta(seconds=order["ahead_s"]))
    book = MemoryCrawlBook(MemoryCrawlState())
    forgotten: list[str] = []
    forgotten_posts: list[str] = []

    def forget(addresses: Sequence[str], posts: Sequence[str]) -> None:
        forgotten.extend(addresses)
        forgotten_posts.extend(posts)

    started_s, busy_s = time.monotonic(), time.process_time()
    outcomes = crawl(
        msgspec.convert(order["sources"], tuple[Source, ...]),
        edge=Edge(b"a secret of the tests only", MemoryForgetList(), state, clock),
        log=events,  # type: ignore[arg-type]
        crawl_state=state,
        clock=clock,
        forget=forget,
        once=order["once"],
        should_stop=lambda: time.monotonic() - started_s > order["stop_after_s"],
        settings=msgspec.convert(order["settings"], CrawlSettings),
        crawl_book=book,
    )
    state_file.write_bytes(pickle.dumps(state))
    found = {
        "outcomes": outcomes,
        "posts": [event.post for event in events.streams.get("posts.fetched.v1", [])],  # type: ignore[union-attr]
        "rejected": events.streams.get("posts.rejected.v1", []),
        "health": state.health(),
        "forgotten": forgotten,
        "forgotten_posts": forgotten_posts,
        "requests": state.requests(date.min),
        "days": book.days(date.min),
        "seconds": time.process_time() - busy_s,
        "memory_mib": (memory_kib() - before_kib) / 1024,
    }
    answer.send_bytes(msgspec.json.encode(found))


def memory_kib() -> int:
    """Return the most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
