"""When a page was published, and who says so.

Asked in this order: JSON-LD, meta elements, the variables of WeChat, the visible text near the title, the address
of the page, and at last the moment when we first saw it. A source that names the day only is given the clock of the
visible text of the same day.
"""

import html
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from contracts.provenance import DateSource
from contracts.zone import BEIJING
from crawlers.article_vote import Block
from crawlers.times import read_time

OLDEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
"""Before there was a public web in China a time is a default value."""
_AHEAD: Final = timedelta(days=1)
"""A site's clock or zone may be wrong by a day; what lies further ahead is the date of an event."""

_META: Final = (
    "article:published_time", "og:published_time", "og:release_date", "datepublished", "publishdate", "publish-date",
    "publish_date", "pubdate", "publishtime", "publish_time", "publish-time", "publishedtime", "firstpublishedtime",
    "originalpublicationdate", "releasedate", "parsely-pub-date", "sailthru.date", "apub:time", "bytedance:published_time",
    "article:create_at", "weibo:article:create_at", "weibo: article:create_at", "article:published", "_pubtime",
    "dcterms.issued", "dcterms.created", "dc.date.issued", "dc.date.created", "dc.date", "createdate", "date",
)  # fmt: skip
_JSON_LD: Final = (
    re.compile(r'"datePublished"\s*:\s*"([^"\\]{4,60})"'),
    re.compile(r'"(?:pubDate|uploadDate|dateCreated)"\s*:\s*"([^"\\]{4,60})"'),
)
"""In the text, not the parsed object: the JSON of many sites is broken, and a search cannot be led into the depth."""
_SCRIPT: Final = re.compile(
    r"""\b(?:ct|oriCreateTime|createTime|create_time|publish_time)\s*=\s*["'](\d{13}|\d{10}|\d{4}-\d{1,2}-\d{1,2}[ T\d:]{0,9})["']"""
)
"""WeChat writes the time of an article into a variable and lets a script show it; read as text, nothing is run."""
_SCRIPT_MAX: Final = 200_000
_ITEMS: Final = etree.XPath("//*[contains(@itemprop, 'datePublished') or @pubdate]")

_URL: Final = (
    re.compile(r"[/=_-]((?:19|20)\d{2})[/_-](\d{1,2})[/_-](\d{1,2})(?!\d)"),
    re.compile(r"[/=_-]((?:19|20)\d{2})[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\d{3,6})?(?!\d)"),
    re.compile(r"[/_]c?_?1?1(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)"),
)

_SEEN_DATE: Final = re.compile(
    r"(?<![\d.])(?:(?:19|20)\d{2}\s*[-/.年－]\s*\d{1,2}\s*[-/.月－]\s*\d{1,2}(?!\d)|\d{1,2}\s*月\s*\d{1,2}\s*日|[二一][〇○零一二三四五六七八九]{3}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日"
    r"|\d{2}-\d{2}\s+\d{2}:\d{2}|(?:昨天|前天|今天)\s*\d{1,2}:\d{2}|\d{1,3}\s*(?:分钟|小时|天)前|刚刚"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}, \d{4})"
)
_CLOCK: Final = re.compile(r"\d{1,2}[:：时]\s*\d{2}|\d{1,2}时")
_LABEL: Final = re.compile(
    r"(?:发[布表稿文]|刊[发登]|来信|回复|答复|编辑|录入|公布|成文|写信|提交|留言)?(?:日期|时间|于)\s*[:：]?\s*$|(?:发表|发布|编辑|更新)于?\s*[:：]?\s*$|Published|Posted",
    re.IGNORECASE,
)
_NOT_THIS: Final = re.compile(
    r"(?:更新|修改|截止|截至|开始|结束|有效|生效|实施|施行|打印|当前|今天是|访问|注册|登录|上次|出生|答复|回复|办结)(?:日期|时间|于)?\s*[:：]?\s*$"
)
_HINT: Final = re.compile(r"time|date|pub|info|source|meta|riqi|shijian|post-?on", re.IGNORECASE)
_BLOCK_MAX: Final = 160
"""A date line is short; a date in a paragraph is what the article tells of."""
_TIMES_MAX = 3
_BEFORE, _AFTER = 8, 14
"""Blocks around the title in which sites put the date line."""


class Published(msgspec.Struct, frozen=True):
    """An aware UTC time and who said it."""

    at: datetime
    said_by: DateSource


class HeadTimes(msgspec.Struct, frozen=True):
    """What the machine-readable parts of a page say, best first; read before these parts are dropped from the tree."""

    said: tuple[tuple[DateSource, str], ...] = ()


def head_times(root: Any) -> HeadTimes:
    """Return the times in JSON-LD, meta elements and scripts as they stand."""
    return HeadTimes((*_from_json_ld(root), *_from_meta(root), *_from_scripts(root)))


def published(head: HeadTimes, blocks: Sequence[Block], title: str, url: str, first_seen: datetime) -> Published:
    """Return when the page was published. `blocks` are those of the whole page in their order."""
    seen = _from_text(blocks, title, first_seen)
    for said_by, value in head.said:
        at = _plausible(read_time(html.unescape(value), first_seen), first_seen)
        if at is None:
            continue
        if seen and _is_midnight(at) and _day(at) == _day(seen):
            at = seen  # the same day, said with its clock
        return Published(at, said_by)
    if seen:
        return Published(seen, "text")
    if at := url_date(url, first_seen):
        return Published(at, "url")
    return Published(first_seen.astimezone(UTC), "first_seen")


def url_date(url: str, first_seen: datetime) -> datetime | None:
    """Return the midnight in Beijing of the day that an address names, such as /2026-03/04/, t20260304_1.html."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    for pattern in _URL:
        for found in pattern.finditer(path):
            try:
                at = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=BEIJING)
            except ValueError:
                continue
            if plausible := _plausible(at, first_seen):
                return plausible.astimezone(UTC)
    return None


def _plausible(at: datetime | None, first_seen: datetime) -> datetime | None:
    return at if at is not None and OLDEST <= at <= first_seen + _AHEAD else None


def _day(at: datetime) -> tuple[int, int, int]:
    local = at.astimezone(BEIJING)
    return local.year, local.month, local.day


def _is_midnight(at: datetime) -> bool:
    local = at.astimezone(BEIJING)
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def _from_json_ld(root: Any) -> Iterator[tuple[DateSource, str]]:
    texts = [
        (script.text or "")[:_SCRIPT_MAX]
        for script in root.iter("script")
        if "ld+json" in (script.get("type") or "").lower()
    ]
    for pattern in _JSON_LD:
        for text in texts:
            if found := pattern.search(text.replace("\\/", "/")):
                yield "json_ld", found[1]


def _from_meta(root: Any) -> Iterator[tuple[DateSource, str]]:
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if name and content:
            found.setdefault(name, content[:100])
    for name in _META:
        if name in found:
            yield "meta", found[name]
    for element in _ITEMS(root):
        said = element.get("datetime") or element.get("content") or element.get("title") or element.text or ""
        if said.strip():
            yield "meta", said[:100]
            break


def _from_scripts(root: Any) -> Iterator[tuple[DateSource, str]]:
    for script in root.iter("script"):
        text = script.text or ""
        if text and (found := _SCRIPT.search(text[:_SCRIPT_MAX])):
            yield "script", found[1]
            return


def _from_text(blocks: Sequence[Block], title: str, first_seen: datetime) -> datetime | None:
    """Return the time of the block that is most likely the date line; the earlier one of equals."""
    place = _title_place(blocks, title)
    best, best_score = None, 0.0
    for number, block in enumerate(blocks):
        distance = number - place if place is not None else None
        text = block.text
        is_near = distance is not None and -_BEFORE <= distance <= _AFTER
        if len(text) > _BLOCK_MAX:
            if not is_near:
                continue
            text = text[:_BLOCK_MAX]
        label = blocks[number - 1].text[-16:] if number and len(text) < 40 else ""
        for found in _SEEN_DATE.finditer(text):
            # a table keeps 发布时间 and the time in cells of their own
            score = _score(block, text, found, distance, text[: found.start()][-16:] or label)
            if score <= best_score:
                continue
            at = _plausible(read_time(text[found.start() : found.start() + 60], first_seen), first_seen)
            if at is not None:
                best, best_score = _with_clock(block, at, first_seen), score
    return best


def _with_clock(block: Block, day: datetime, first_seen: datetime) -> datetime:
    """Return the time that the block's own <time datetime> says of the day that it shows without a clock."""
    if _is_midnight(day):
        for element in islice(block.element.iter("time"), _TIMES_MAX):
            at = _plausible(read_time(element.get("datetime") or "", first_seen), first_seen)
            if at is not None and _day(at) == _day(day):
                return at
    return day


def _title_place(blocks: Sequence[Block], title: str) -> int | None:
    wanted = "".join(title.split())
    if len(wanted) < 2:
        return None
    # The last of those that repeat it: a trail of crumbs above names it first.
    same = [number for number, block in enumerate(blocks) if "".join(block.text.split()) == wanted]
    headings = [number for number in same if blocks[number].is_heading]
    return headings[0] if headings else same[0] if same else None


def _score(block: Block, text: str, found: re.Match[str], distance: int | None, before: str) -> float:
    after = text[found.end() : found.end() + 12]
    if _NOT_THIS.search(before):
        return 0.2 if _LABEL.search(before) and distance is not None and 0 <= distance <= _AFTER else 0
    score = 0.5
    if _LABEL.search(before):
        score += 3
    if _CLOCK.match(after.lstrip(" 　T（()星期周一二三四五六日）")) or _CLOCK.search(found[0]):
        score += 2
    if distance is not None and -_BEFORE <= distance <= _AFTER:
        score += 3 - abs(distance) * 0.1
    if any(_HINT.search(f"{element.get('class', '')} {element.get('id', '')}") for element in _around(block)):
        score += 1
    score += 0.5 if found.start() == 0 else 0
    score -= 3 if len(block.text) > 80 and not _LABEL.search(before) else 0
    score -= 3 if block.chars_count_in_links > len(block.text) * 0.5 else 0
    return score if score >= 2 else 0


def _around(block: Block) -> Iterator[Any]:
    element = block.element
    for _ in range(2):
        if element is None:
            return
        yield element
        element = element.getparent()
