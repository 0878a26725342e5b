"""Three small web sites on loopback: a forum, a newspaper's feed, a public mailbox. They know nothing of Qingting."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from qingting.demo import stories
from qingting.demo.stories import Stories, Thread

HOST: Final = "127.0.0.1"
_PER_PAGE: Final = 20
_ROBOTS: Final = "User-agent: *\nDisallow: /admin/\n"

Page = tuple[str, str]
"""Content type and body."""


class Town(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of the town's sites."""

    forum: str
    daily: str
    mailbox: str


@contextmanager
def opened(start: datetime, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Town]:
    """Serve the town on free ports until the block ends."""
    written = stories.write(start)
    with ExitStack() as open_sites:
        sites = {
            name: open_sites.enter_context(_served(render, written, now))
            for name, render in (("forum", _forum), ("daily", _daily), ("mailbox", _mailbox))
        }
        yield Town(
            forum=f"{sites['forum']}/board", daily=f"{sites['daily']}/rss.xml", mailbox=f"{sites['mailbox']}/letters"
        )


@contextmanager
def _served(
    render: Callable[[Stories, datetime, str, str], Page | None], written: Stories, now: Callable[[], datetime]
) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            page = ("text/plain", _ROBOTS) if asked.path == "/robots.txt" else render(
                written, now(), asked.path, parse_qs(asked.query).get("page", ["1"])[0]
            )  # fmt: skip
            if page is None:
                self._answer(404, "text/plain", b"not found", "")
                return
            body = page[1].encode()
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(304, page[0], b"", etag)
            else:
                self._answer(200, page[0], body, etag)

        def _answer(self, status: int, kind: str, body: bytes, etag: str) -> None:
            self.send_response(status)
            if etag:
                self.send_header("ETag", etag)
            if status != 304:
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Keep the terminal for the people who watch."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _forum(written: Stories, now: datetime, path: str, page: str) -> Page | None:
    if path == "/board":
        return _listed("样例镇论坛（虚构）", _so_far(written.forum, now), page, "/board", _thread_row, "ul")
    found = _find(written.forum, path.removeprefix("/thread/"), now)
    if found is None:
        return None
    posts = "".join(
        f'<article class="post" id="{entry.id}"><span class="author">{escape(entry.author)}</span>'
        f'<time datetime="{entry.at.isoformat()}"></time><div class="content">{escape(entry.text)}</div></article>'
        for entry in found.entries
    )
    return _html(found.title, f"<h1>{escape(found.title)}</h1>{posts}")


def _mailbox(written: Stories, now: datetime, path: str, page: str) -> Page | None:
    if path == "/letters":
        return _listed("样例镇公开信箱（虚构）", _so_far(written.mailbox, now), page, "/letters", _letter_row, "table")
    found = _find(written.mailbox, path.removeprefix("/letter/"), now)
    if found is None:
        return None
    letter = found.entries[0]
    return _html(
        found.title,
        f'<article class="letter" id="{letter.id}"><h1>{escape(found.title)}</h1>'
        f'<time class="date" datetime="{letter.at.isoformat()}"></time><div class="body">{escape(letter.text)}</div></article>',
    )


def _daily(written: Stories, now: datetime, path: str, _page: str) -> Page | None:
    if path != "/rss.xml":
        return None
    items = "".join(
        f"<item><title>{escape(thread.title)}</title><guid isPermaLink='false'>{thread.id}</guid>"
        f"<link>http://daily.example/{thread.id}</link><pubDate>{format_datetime(thread.entries[0].at)}</pubDate>"
        f"<description>{escape(thread.entries[0].text)}</description></item>"
        for thread in _so_far(written.daily, now)
    )
    head = "<title>样例日报（虚构）</title><link>http://daily.example/</link><description>样例</description>"
    return (
        "application/rss+xml",
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>',
    )


def _listed(
    title: str, threads: list[Thread], page: str, path: str, row: Callable[[Thread], str], around: str
) -> Page | None:
    number = int(page) if page.isdecimal() else 0
    shown = threads[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    if number < 1 or not shown:
        return None
    more = number * _PER_PAGE < len(threads)
    link = f'<a class="next" href="{path}?page={number + 1}">下一页</a>' if more else ""
    return _html(title, f"<h1>{title}</h1><{around}>{''.join(map(row, shown))}</{around}>{link}")


def _thread_row(thread: Thread) -> str:
    return (
        f'<li class="thread"><a class="title" href="/thread/{thread.id}">{escape(thread.title)}</a>'
        f'<span class="replies">{len(thread.entries)}</span></li>'
    )


def _letter_row(thread: Thread) -> str:
    return f'<tr class="letter"><td><a href="/letter/{thread.id}">{escape(thread.title)}</a></td><td class="state">公开</td></tr>'


def _so_far(threads: tuple[Thread, ...], now: datetime) -> list[Thread]:
    """Return what has been written by now, what was written to last first."""
    written = [found for thread in threads if (found := thread.until(now))]
    return sorted(written, key=lambda thread: thread.entries[-1].at, reverse=True)


def _find(threads: tuple[Thread, ...], identity: str, now: datetime) -> Thread | None:
    return next((thread.until(now) for thread in threads if thread.id == identity), None)


def _html(title: str, body: str) -> Page:
    return (
        "text/html",
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(title)}</title>{body}</html>',
    )
