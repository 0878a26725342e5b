"""What a page says of being kept and followed: `X-Robots-Tag` headers and `<meta name="robots">`.

The vocabulary is that of the search engines (Google's robots meta tag page, draft-illyes-repext); no RFC has it.
A page that says `noindex` or `none`, or whose `unavailable_after` has passed, is not kept; `nofollow` or `none`: its
links are not followed. Words for another robot do not bind us, words for "Qingting" do.
"""

import html
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from crawlers.settings import AGENT_NAME
from crawlers.times import read_time

_OURS = {"", "robots", "*", AGENT_NAME.lower()}
_VALUED = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
"""Directives with a colon of their own; before any other colon stands the name of a robot."""
_META = re.compile(rb"<meta\b([^<>]{0,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


class Wishes(msgspec.Struct, frozen=True):
    """Whether a page may be kept, and its links be followed."""

    keep: bool = True
    follow: bool = True


def wishes(headers: Iterable[str], page: bytes, now: datetime) -> Wishes:
    """Return what the values of X-Robots-Tag and the metas of a page (b"" for anything but HTML) ask for together."""
    said = {word for header in headers for word in _for_us(header, now)}
    said |= {word for content in _metas(page) for word in _for_us(content, now)}
    return Wishes(keep=not said & {"noindex", "none"}, follow=not said & {"nofollow", "none"})


def _for_us(value: str, now: datetime) -> Iterator[str]:
    """Yield the lower-case directives of one value that bind us; a date that has passed is a noindex."""
    robot = ""
    parts = value.split(",")
    for place, part in enumerate(parts):
        word, sign, rest = (piece.strip() for piece in part.partition(":"))
        word = word.lower()
        if sign and word not in _VALUED:
            robot, part = word, rest  # noqa: PLW2901 - "robot: directive" is a directive from here on
            word, _, rest = (piece.strip() for piece in part.partition(":"))
            word = word.lower()
        if robot not in _OURS:
            continue
        if word == "unavailable_after":
            # the date may have a comma of its own: "Wed, 25 Nov 2026 …"
            until = read_time(rest, now) or read_time(",".join([rest, *parts[place + 1 : place + 2]]), now)
            if until and until <= now:
                yield "noindex"
        else:
            yield word


def _metas(page: bytes) -> Iterator[str]:
    """Yield the contents of the metas that speak to us. Linear in the page, whatever it holds."""
    if b"robots" not in (lower := page.lower()) and AGENT_NAME.lower().encode() not in lower:
        return
    for tag in _META.finditer(_without_comments(page)):
        attributes = {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
            for found in _ATTRIBUTE.finditer(tag[1].decode("latin-1"))
        }
        if attributes.get("name", "").strip().lower() in _OURS - {"", "*"}:
            yield attributes.get("content", "")


def _without_comments(page: bytes) -> bytes:
    pieces: list[bytes] = []
    start = 0
    while (opened := page.find(b"<!--", start)) >= 0:
        pieces.append(page[start:opened])
        closed = page.find(b"-->", opened + 4)
        if closed < 0:
            return b"".join(pieces)
        start = closed + 3
    return b"".join([*pieces, page[start:]])
