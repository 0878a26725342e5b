"""Answers in JSON, walked by the JMESPath expressions of a source (jmespath.org), and the template of their address."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import jmespath  # type: ignore[import-untyped]
import msgspec
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]

from contracts.errors import Rejected
from crawlers.page_text import fragment_text
from crawlers.raw_post import RawPost
from crawlers.selected import count_of
from crawlers.source import Source
from crawlers.times import read_time

PLACEHOLDERS: Final = ("cursor", "since", "page")
ITEMS_MAX: Final = 500
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")


class JsonPage(msgspec.Struct, frozen=True):
    """What one answer says: its items, each with its raw post where it has a text, and how to go on."""

    items: tuple[Any, ...] = ()
    posts: tuple[RawPost, ...] = ()
    changed: tuple[str, ...] = ()
    """For each post: what changes with its article, "" where nothing is said."""
    cursor: str = ""
    since: str = ""


def placeholders(template: str) -> set[str]:
    """Return the names in braces of an address template."""
    return set(_PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the address with its placeholders filled; a query parameter that stays empty is left out."""

    def filled(text: str) -> str:
        return _PLACEHOLDER.sub(lambda name: quote(values.get(name[1], ""), safe=""), text)

    if not _PLACEHOLDER.search(template):
        return template
    parts = urlsplit(template)
    query = "&".join(
        filled(part)
        for part in parts.query.split("&")
        if not (names := _PLACEHOLDER.findall(part)) or any(values.get(name) for name in names)
    )
    return urlunsplit(parts._replace(path=filled(parts.path), query=query))


def read_json(body: bytes, url: str, source: Source, now: datetime) -> JsonPage:
    """Return what an answer says. Raises Rejected where it is no JSON or holds no list of items."""
    try:
        answer = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"{url} 的回应不是 JSON：请检查网址，或接口已经变了。") from error
    shape = source.json
    items = at(answer, shape.items)
    if not isinstance(items, list):
        raise Rejected(f"{url} 的回应里，json.items“{shape.items}”取到的不是一列：接口可能变了，请检查这个键。")
    items = items[:ITEMS_MAX]
    told = [(post, item) for item in items if (post := read_item(item, url, source, now)).text]
    changed = tuple(string(at(item, shape.changed)) if shape.changed else "" for _, item in told)
    since = max((string(at(item, shape.since)) for item in items), key=_height, default="") if shape.since else ""
    cursor = string(at(answer, shape.cursor)) if shape.cursor else ""
    return JsonPage(tuple(items), tuple(post for post, _ in told), changed, cursor, since)


def read_item(item: Any, url: str, source: Source, now: datetime) -> RawPost:
    """Return one item as a raw post; its text may be HTML and is "" where there is none."""
    fields = source.fields

    def said(expression: str) -> str:
        return string(at(item, expression)) if expression else ""

    link = said(fields.url)
    return RawPost(
        source=source.id,
        platform=source.platform,
        native_id=said(fields.id),
        url=urljoin(url, link) if link else "",
        title=fragment_text(said(fields.title)),
        text=fragment_text(said(fields.text)),
        author=said(fields.author),
        author_kind=source.author_kind,
        published_at=read_time(said(fields.published_at), now),
        date_source="feed",
        likes=count_of(said(fields.likes)),
        reposts=count_of(said(fields.reposts)),
        comments=count_of(said(fields.comments)),
        place=source.place,
        sample=source.sample,
    )


def at(value: Any, expression: str) -> Any:
    """Return what an expression finds, None where it does not fit the value."""
    try:
        return jmespath.search(expression, value)
    except (JMESPathError, TypeError, ValueError, RecursionError):
        return None


def string(value: object) -> str:
    """Return a text or a number as text, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()


def higher(one: str, other: str) -> str:
    """Return the higher of two marks: by number where both are numbers of any length, else by text."""
    return max(one, other, key=_height)


def _height(mark: str) -> tuple[int, str]:
    return (len(mark), mark) if mark.isascii() and mark.isdigit() else (0, mark)
