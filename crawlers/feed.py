"""RSS, Atom and JSON Feed: a feed's own shape turned into raw posts."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from contracts.errors import Rejected
from crawlers.entities import declares_entities
from crawlers.page_text import fragment_text
from crawlers.raw_post import RawPost
from crawlers.source import Source
from crawlers.times import read_time

ENTRIES_MAX = 500
"""A window of a feed is 10 to 50 entries; far more is a broken or hostile one."""


_COMMENT = re.compile(r"#comment-\d+$")
"""A feed of comments (WordPress and what is like it) links each entry to its place below the article."""
_IN_REPLY = re.compile(r"""^\s*[^<\n]{0,40}<a\s[^>\n]*#comment-\d+["'][^>\n]*>[^<\n]{0,100}</a>[^\S\n]*[^<\s]{0,2}\n""")
"""In reply to <a>NAME</a>. and its translations, as WordPress shows it, HTML and all: a name, and nobody's words."""


def read_feed(body: bytes, *, content_type: str, url: str, source: Source, now: datetime) -> tuple[RawPost, ...]:
    """Return the posts of a feed in its order. Raises Rejected for anything that is no feed."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return tuple(_json_posts(body, url, source, now))
    if declares_entities(body):
        raise Rejected(f"{url} 自己定义了 XML 实体（常见于攻击），没有读：请联系对方改正，或换网址。")
    # A stream, never the bytes themselves: feedparser would try to open those as a file name.
    headers = {"content-type": content_type, "content-location": url}
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    if not parsed.get("version") and not parsed.entries:
        raise Rejected(f"{url} 不是可读的订阅源（RSS、Atom 或 JSON Feed）：请检查网址。")
    return tuple(_post(entry, url, source, now) for entry in parsed.entries[:ENTRIES_MAX])


def _post(entry: Any, url: str, source: Source, now: datetime) -> RawPost:
    contents = [str(content.get("value", "")) for content in entry.get("content", ())]
    link = str(entry.get("link", ""))
    content = max([*contents, str(entry.get("summary", ""))], key=len)
    title, text = fragment_text(str(entry.get("title", ""))), fragment_text(content)
    if _COMMENT.search(link):
        # "Comment on TITLE by NAME" is nothing that who comments said
        title, text = "", _IN_REPLY.sub("", text).lstrip()
    return RawPost(
        source=source.id,
        platform=source.platform,
        native_id=str(entry.get("id", "") or link),
        url=urljoin(url, link) if link else "",
        title=title if text else "",
        text=text or title,
        author=str(entry.get("author", "")),
        author_kind=source.author_kind,
        published_at=read_time(str(entry.get("published", "") or entry.get("updated", "")), now),
        date_source="feed",
        comments=_count(entry.get("slash_comments")),
        place=source.place,
        sample=source.sample,
    )


def _json_posts(body: bytes, url: str, source: Source, now: datetime) -> Iterator[RawPost]:
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        feed = None
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version")):
        raise Rejected(f"{url} 不是可读的订阅源（RSS、Atom 或 JSON Feed）：请检查网址。")
    items = feed.get("items")
    for item in (items if isinstance(items, list) else [])[:ENTRIES_MAX]:
        if isinstance(item, Mapping):
            yield _json_post(item, url, source, now)


def _json_post(item: Mapping[str, Any], url: str, source: Source, now: datetime) -> RawPost:
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    title = _string(item.get("title"))
    text = _string(item.get("content_text")) or fragment_text(
        _string(item.get("content_html")) or _string(item.get("summary"))
    )
    link = _string(item.get("url"))
    return RawPost(
        source=source.id,
        platform=source.platform,
        native_id=_string(item.get("id")) or link,
        url=urljoin(url, link) if link else "",
        title=title if text else "",
        text=text or title,
        author=_string(author.get("name")) if isinstance(author, Mapping) else "",
        author_kind=source.author_kind,
        published_at=read_time(_string(item.get("date_published")) or _string(item.get("date_modified")), now),
        date_source="feed",
        place=source.place,
        sample=source.sample,
    )


def _string(value: object) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _count(value: object) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
