"""Pages of a made-up town for the crawl tests: a feed, a list of threads, a thread. 样例."""

from collections.abc import Iterable

Item = tuple[str, str]
"""Number and text."""


def rss(*items: Item, published: str = "Mon, 23 Nov 2026 12:00:00 +0800", head: str = "") -> str:
    entries = "".join(
        f"<item><guid>{number}</guid><title>样例{number}</title><link>/story/{number}</link>"
        f"<pubDate>{published}</pubDate><description>{text}</description></item>"
        for number, text in items
    )
    return f'<?xml version="1.0" encoding="utf-8"?>{head}<rss version="2.0"><channel><title>样例报</title>{entries}</channel></rss>'


def listing(threads: Iterable[str], *, following: str = "", head: str = "", more: str = "") -> str:
    rows = "".join(
        f'<li class="thread"><a href="/t/{name}">样例帖 {name}</a><span class="replies">1</span></li>'
        for name in threads
    )
    link = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f"<html><head>{head}</head><body><ul>{rows}{more}</ul>{link}</body></html>"


def thread(*floors: Item, head: str = "") -> str:
    rows = "".join(
        f'<article id="p{number}"><b class="author">样例网友{number}</b>'
        f'<time datetime="2026-11-20T08:00:00+08:00"></time><div class="content">{text}</div></article>'
        for number, text in floors
    )
    return f"<html><head>{head}</head><body><h1>样例话题</h1>{rows}</body></html>"
