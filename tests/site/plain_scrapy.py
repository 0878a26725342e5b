"""The peer: a spider as Scrapy's tutorial teaches it, with Scrapy's default settings and robots.txt obeyed.

Only its time-out is shortened to that of ours, so that nobody waits three minutes for a slow answer.
"""

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import msgspec
from scrapy import Spider
from scrapy.http import Response, TextResponse
from scrapy.utils.reactor import install_reactor

from tests.site.crawl_child import memory_kib

_TEXT_MAX = 400


class Plain(msgspec.Struct, frozen=True):
    """What a plain crawl found until it ended or was cut off."""

    texts: tuple[str, ...]
    ended: bool
    seconds: float
    """Of processor time; of the clock where it had to be cut off."""
    memory_mib: float


def plainly_crawled(url: str, *, timeout_s: float, deadline_s: float) -> Plain:
    """Crawl in a child process, which is killed at the deadline."""
    children = multiprocessing.get_context("forkserver")
    receiver, sender = children.Pipe(duplex=False)
    child = children.Process(target=_run, args=(url, timeout_s, sender), daemon=True)
    started_s = time.monotonic()
    child.start()
    sender.close()
    texts: list[str] = []
    busy_s, memory_mib, ended = 0.0, 0.0, False
    try:
        while (left := started_s + deadline_s - time.monotonic()) > 0 and receiver.poll(left):
            message = receiver.recv()
            if isinstance(message, tuple):
                (busy_s, memory_mib), ended = message, True
                break
            texts.append(message)
    except EOFError:
        pass  # it died
    finally:
        child.kill()
        child.join()
        receiver.close()
    return Plain(tuple(texts), ended, busy_s if ended else time.monotonic() - started_s, memory_mib)


class PlainSpider(Spider):
    """Reads a feed, or follows a list to its threads."""

    name = "plain"

    def __init__(self, url: str, out: Connection) -> None:
        super().__init__()
        self.start_urls = [url]
        self._out = out

    def parse(self, response: Response, *_given: Any, **_named: Any) -> Iterator[Any]:
        if not isinstance(response, TextResponse):
            return
        for item in response.xpath("//item/description"):
            self._tell(item.xpath("string()").get(""))
        for post in response.css("article .content"):
            self._tell("".join(post.css("::text").getall()))
        yield from response.follow_all(css="li.thread a", callback=self.parse)
        yield from response.follow_all(css="a.next", callback=self.parse)

    def _tell(self, text: str) -> None:
        self._out.send(text.strip()[:_TEXT_MAX])


def _run(url: str, timeout_s: float, out: Connection) -> None:
    import asyncio
    import logging

    from scrapy.crawler import AsyncCrawlerRunner

    before_kib, before_s = memory_kib(), time.process_time()
    logging.disable(logging.CRITICAL)
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    running: Any = reactor
    runner = AsyncCrawlerRunner({
        "ROBOTSTXT_OBEY": True, "DOWNLOAD_TIMEOUT": timeout_s, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
    })  # fmt: skip
    running.callWhenRunning(
        lambda: asyncio.ensure_future(runner.crawl(PlainSpider, url=url, out=out)).add_done_callback(
            lambda _: running.stop()
        )
    )
    running.run(installSignalHandlers=False)
    out.send((time.process_time() - before_s, (memory_kib() - before_kib) / 1024))
