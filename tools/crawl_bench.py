"""Measures the fetcher on loopback: memory with many sources, pages per CPU second, bytes saved on unchanged feeds.

The site is a process of its own; every source stands on a loopback address of its own (127.1.x.y), so that turns by host
are kept as they would be outside. The crawler is the real one on a real desk database; only the log is left out.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from typing import Any, Final

from scrapy import Request
from scrapy.http import Response

_ITEMS: Final = 20
_ROBOTS: Final = b"User-agent: *\nDisallow: /private\n"
_PAGES_A_SOURCE: Final = 100


def feed(number: int) -> bytes:
    """Return a feed of 25 kB or so, of our own making."""
    start = datetime.now(UTC)
    entries = "".join(
        f"<item><guid>{number}-{item}</guid><title>样例消息 {item}</title><link>/story/{number}/{item}</link>"
        f"<pubDate>{format_datetime(start - timedelta(hours=item))}</pubDate>"
        f"<description>{'样例镇今天开了一处托育点，附近的家长来看了看。' * 16}</description></item>"
        for item in range(_ITEMS)
    )
    page = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>样例</title>{entries}</channel></rss>'
    return page.encode()


def serve(port: int, ready: Connection, page: bytes) -> None:
    """Answer /rss (with an ETag), /page/N and robots.txt until killed; tell the bytes sent for feeds when asked."""
    sent = {"200": 0, "304": 0, "answers 200": 0, "answers 304": 0}
    etag = b'"v1"'
    body = feed(1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1]
        if path == b"/rss" and b"if-none-match: " + etag in head.lower():
            wire = b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\nConnection: close\r\n\r\n"
            _count(sent, "304", wire)
        elif path == b"/rss":
            wire = _ok(b"application/rss+xml", body, b"ETag: " + etag + b"\r\n")
            _count(sent, "200", wire)
        elif path == b"/robots.txt":
            wire = _ok(b"text/plain", _ROBOTS)
        elif path == b"/sent":
            wire = _ok(b"application/json", json.dumps(sent).encode())
        else:
            wire = _ok(b"text/html; charset=utf-8", page)
        writer.write(wire)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", port, backlog=512)  # noqa: S104 - addresses of 127/8
        ready.send(port)
        await server.serve_forever()

    asyncio.run(run())


def _count(sent: dict[str, int], status: str, wire: bytes) -> None:
    sent[status] += len(wire)
    sent[f"answers {status}"] += 1


def _ok(kind: bytes, body: bytes, more: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n" + more + b"Content-Length: " + str(len(body)).encode()
        + b"\r\nConnection: close\r\n\r\n" + body
    )  # fmt: skip


def crawl_feeds(port: int, count: int, seconds: float, folder: str, answers: Connection, *, fetch_only: bool) -> None:
    """Crawl `count` sources for so long; send what it cost."""
    import crawlers.crawling
    from backends.clock import SystemClock
    from backends.database import open_database
    from backends.database.crawl_book import DatabaseCrawlBook
    from backends.database.crawl_state import DatabaseCrawlState
    from contracts.testing.memory_forget_list import MemoryForgetList
    from crawlers.edge import Edge
    from crawlers.source import Source
    from crawlers.spiders.source_spider import SourceSpider
    from qingting.migrating import migrate

    class FetchSpider(SourceSpider):
        """Asks for pages and looks at none."""

        def first(self) -> Request:
            return self._page(1)

        def _page(self, number: int) -> Request:
            return self.ask(f"{self.crawl.source.url}?{number}", self.read, page=number)

        def read(self, response: Response) -> Iterator[Request]:
            if self.is_page(response) and response.meta["page"] < _PAGES_A_SOURCE:
                yield self._page(response.meta["page"] + 1)

    if fetch_only:
        crawlers.crawling._spider = lambda _source: FetchSpider  # noqa: SLF001 - the bench puts its own spider in
    path = "/page/1" if fetch_only else "/rss"
    sources = [
        Source(
            id=f"s{number}", kind="feed", url=f"http://127.1.{number // 250}.{number % 250 + 1}:{port}{path}",
            interval_s=2.0, request_gap_s=0.0,
            allow_private=(f"127.1.{number // 250}.{number % 250 + 1}",),
        )
        for number in range(count)
    ]  # fmt: skip
    database = open_database(f"sqlite:///{folder}/desk-{count}-{int(fetch_only)}.db")
    migrate(database.engine)
    state, clock = DatabaseCrawlState(database), SystemClock()
    totals = {"crawls": 0, "requests": 0, "pages": 0, "unchanged": 0, "failures": 0}

    def ended(outcome: Any) -> None:
        totals["crawls"] += 1
        totals["requests"] += outcome.requests
        totals["pages"] += outcome.funnel.fetched
        totals["unchanged"] += outcome.unchanged
        totals["failures"] += bool(outcome.failure)

    class NoLog:
        def append(self, _stream: str, events: Sequence[Any]) -> None:
            pass

    before = resource.getrusage(resource.RUSAGE_SELF)
    started_s = time.monotonic()
    crawlers.crawling.crawl(
        sources, edge=Edge(b"a secret of the bench only", MemoryForgetList(), state, clock), log=NoLog(),  # type: ignore[arg-type]
        crawl_state=state, clock=clock, forget=lambda _addresses, _posts: None, once=fetch_only,
        should_stop=lambda: time.monotonic() - started_s > seconds, crawl_book=DatabaseCrawlBook(database), on_outcome=ended,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answers.send(totals | {"cpu_s": cpu_s, "wall_s": time.monotonic() - started_s, "peak_mb": after.ru_maxrss / 1024})


def _measured(port: int, count: int, seconds: float, folder: str, *, fetch_only: bool) -> dict[str, float]:
    processes = multiprocessing.get_context("spawn")
    receiver, sender = processes.Pipe(duplex=False)
    child = processes.Process(
        target=crawl_feeds, args=(port, count, seconds, folder, sender), kwargs={"fetch_only": fetch_only}
    )
    child.start()
    sender.close()
    found: dict[str, float] = receiver.recv()
    child.join()
    return found


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--sources", type=int, default=1000)
    reading.add_argument("--seconds", type=float, default=90.0)
    reading.add_argument("--fetched", type=int, default=50, help="sources of the part that only fetches")
    reading.add_argument("--page-kb", type=int, default=62)
    asked = reading.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = multiprocessing.get_context("spawn")
    receiver, sender = processes.Pipe(duplex=False)
    text = "<p>样例镇今天开了一处托育点。</p>"
    page = f"<html><body>{text * (asked.page_kb * 1024 // len(text.encode()))}</body></html>".encode()
    site = processes.Process(target=serve, args=(port, sender, page), daemon=True)
    site.start()
    receiver.recv()
    try:
        with tempfile.TemporaryDirectory() as folder:
            many = _measured(port, asked.sources, asked.seconds, folder, fetch_only=False)
            few = _measured(
                port, 40, asked.seconds / 3, folder, fetch_only=False
            )  # long enough for every one to come again
            sent = json.loads(_get(port, "/sent"))
            fast = _measured(port, asked.fetched, asked.seconds, folder, fetch_only=True)
    finally:
        site.kill()
        site.join()
    whole = sent["200"] / max(sent["answers 200"], 1)
    rest = sent["304"] / sent["answers 304"] if sent["answers 304"] else whole
    print(json.dumps({"many sources": many, "few sources": few, "fetch only": fast, "site": sent}, indent=1))
    print(f"{asked.sources} sources in one process: peak {many['peak_mb']:.0f} MB (goal ≤ 250)")
    print(f"crawls of a feed per CPU second, all included: {many['crawls'] / many['cpu_s']:.0f}")
    print(
        f"pages of {asked.page_kb} kB per CPU second, not extracted: {fast['pages'] / fast['cpu_s']:.0f} (goal ≥ 150)"
    )
    print(f"bytes saved on an unchanged feed: {1 - rest / whole:.2%} of {whole:.0f} B (goal ≥ 99 %)")


def _get(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = b""
        while part := asking.recv(65_536):
            answer += part
    return answer.decode().partition("\r\n\r\n")[2]


if __name__ == "__main__":
    main()
