"""List pages and thread pages of a forum, read by the selectors of its source."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from parsel import Selector, SelectorList

from contracts.identity import digest
from crawlers.page_text import element_text
from crawlers.raw_post import RawPost
from crawlers.source import PostShape, Source, ThreadList, ascii_host
from crawlers.times import read_time


class ThreadLink(msgspec.Struct, frozen=True):
    """A thread that a list page names; `mark` is the digest of what changes with a reply, "" when not asked for."""

    url: str
    mark: str = ""


class ListPage(msgspec.Struct, frozen=True):
    """What a list page says."""

    rows: int
    threads: tuple[ThreadLink, ...] = ()
    next: str = ""


class ThreadPage(msgspec.Struct, frozen=True):
    """What a thread page says."""

    posts: tuple[RawPost, ...] = ()
    next: str = ""


def read_list(page: Selector, shape: ThreadList, url: str, source: Source) -> ListPage:
    """Return the threads of a list page whose links stay on the hosts of the source."""
    rows = page.css(shape.row)
    threads: dict[str, ThreadLink] = {}
    for row in rows:
        link = _link(row.css(shape.link), url, source)
        if link and link not in threads:
            mark = _value(row, shape.changed_by)
            threads[link] = ThreadLink(link, digest("mark", mark) if mark else "")
    following = _link(page.css(shape.next), url, source) if shape.next else ""
    return ListPage(len(rows), tuple(threads.values()), following)


def read_thread(
    page: Selector, shape: PostShape, *, url: str, thread: str, source: Source, now: datetime
) -> ThreadPage:
    """Return the posts of one page of the thread at address `thread`."""
    rows = page.css(shape.row)
    # the title is the words of whoever opened the thread: a reply does not say them
    title = _value(page, source.thread.title) if url == thread else ""
    posts = tuple(_posts(rows, shape, title, url, thread, source, now))
    following = _link(page.css(source.thread.next), url, source) if source.thread.next else ""
    return ThreadPage(posts, following)


def _posts(
    rows: SelectorList[Selector], shape: PostShape, title: str, url: str, thread: str, source: Source, now: datetime
) -> Iterator[RawPost]:
    for place, row in enumerate(rows):
        text = "\n".join(part for part in map(_string, row.css(shape.text)) if part)
        if not text:
            continue  # a deleted or empty floor is no post
        number = _value(row, shape.id)
        if number:
            # Floors are often numbered within their thread only.
            native_id = f"{thread}#{number}"
        elif len(rows) > 1:
            native_id = digest("floor", thread, text)
        else:
            native_id = ""
        yield RawPost(
            source=source.id,
            platform=source.platform,
            native_id=native_id,
            url=url,
            title=_value(row, shape.title) or (title if place == 0 else ""),
            text=text,
            author=_value(row, shape.author),
            author_kind=source.author_kind,
            published_at=read_time(_value(row, shape.published_at), now),
            likes=_count(_value(row, shape.likes)),
            reposts=_count(_value(row, shape.reposts)),
            comments=_count(_value(row, shape.comments)),
            place=source.place,
            sample=source.sample,
        )


def _value(selector: Selector, css: str) -> str:
    found = selector.css(css) if css else None
    return _string(found[0]) if found else ""


def _string(found: Selector) -> str:
    root: Any = found.root
    return root.strip() if isinstance(root, str) else element_text(root)


def _link(found: SelectorList[Selector], url: str, source: Source) -> str:
    """Return the absolute address of the first match, "" if there is none or if it leads elsewhere."""
    if not found:
        return ""
    root: Any = found[0].root
    target = root if isinstance(root, str) else root.get("href", "")
    try:
        address = urljoin(url, target.strip()).partition("#")[0]
        parts = urlsplit(address)
        host = ascii_host(parts.hostname or "")
    except ValueError:
        return ""
    own = {source.host, *map(ascii_host, source.hosts)}
    return address if target.strip() and parts.scheme in {"http", "https"} and host in own else ""


def _count(value: str) -> int:
    """Return the first whole number in a text such as 赞(12), 0 if there is none."""
    found = re.search(r"\d{1,9}", value.replace(",", ""))
    return int(found[0]) if found else 0
