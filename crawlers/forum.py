"""List pages and thread pages of a forum, read by the selectors of its source."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from parsel import Selector, SelectorList

from contracts.identity import digest
from crawlers.raw_post import RawPost
from crawlers.selected import all_text, count_of, first_link, first_text
from crawlers.source import PostShape, Source, ThreadList
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
    removed: tuple[str, ...] = ()
    """Native ids of posts that the page says were taken down."""


def read_list(page: Selector, shape: ThreadList, url: str, source: Source) -> ListPage:
    """Return the threads of a list page whose links stay on the hosts of the source."""
    rows = page.css(shape.row)
    threads: dict[str, ThreadLink] = {}
    for row in rows:
        link = first_link(row, shape.link, url, source)
        if link and link not in threads:
            mark = all_text(row, shape.changed_by) if shape.changed_by else ""
            threads[link] = ThreadLink(link, digest("mark", mark) if mark else "")
    following = first_link(page, shape.next, url, source)
    return ListPage(len(rows), tuple(threads.values()), following)


def read_thread(
    page: Selector, shape: PostShape, *, url: str, thread: str, source: Source, now: datetime
) -> ThreadPage:
    """Return the posts of one page of the thread at address `thread`."""
    rows = page.css(shape.row)
    # the title is the words of whoever opened the thread: a reply does not say them
    title = first_text(page, source.thread.title) if url == thread else ""
    posts = tuple(_posts(rows, shape, title, url, thread, source, now))
    following = first_link(page, source.thread.next, url, source)
    numbers = [first_text(row, shape.id) for row in page.css(shape.removed)] if shape.removed else []
    return ThreadPage(posts, following, tuple(_native_id(thread, number) for number in numbers if number))


def _native_id(thread: str, number: str) -> str:
    """Floors are often numbered within their thread only."""
    return f"{thread}#{number}"


def _posts(
    rows: SelectorList[Selector], shape: PostShape, title: str, url: str, thread: str, source: Source, now: datetime
) -> Iterator[RawPost]:
    for place, row in enumerate(rows):
        text = all_text(row, shape.text)
        if not text:
            continue  # a deleted or empty floor is no post
        number = first_text(row, shape.id)
        if number:
            native_id = _native_id(thread, number)
        elif len(rows) > 1:
            native_id = digest("floor", thread, text)
        else:
            native_id = ""
        yield RawPost(
            source=source.id,
            platform=source.platform,
            native_id=native_id,
            url=url,
            title=first_text(row, shape.title) or (title if place == 0 else ""),
            text=text,
            author=first_text(row, shape.author),
            author_kind=source.author_kind,
            published_at=read_time(first_text(row, shape.published_at), now),
            date_source="text",
            likes=count_of(first_text(row, shape.likes)),
            reposts=count_of(first_text(row, shape.reposts)),
            comments=count_of(first_text(row, shape.comments)),
            place=source.place,
            sample=source.sample,
        )
