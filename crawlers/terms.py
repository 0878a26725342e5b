"""What a page says about its own use: a hint for the operator who decides, never a verdict."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from parsel import Selector
from w3lib.encoding import html_to_unicode

_BYTES_MAX: Final = 1024 * 1024
_HINTS_MAX: Final = 4
_CHARACTERS_MAX: Final = 80
_WORDS: Final = re.compile(
    r"版权|著作权|使用条款|服务条款|用户协议|免责|转载|法律声明|terms|copyright|licen[cs]e", re.IGNORECASE
)
_RIGHTS: Final = re.compile(r"<(copyright|rights|license)\b[^>]*>(.{1,400}?)</\1>", re.IGNORECASE | re.DOTALL)
_CLOSED: Final = re.compile(r"noindex|nosnippet|noarchive|noai|none", re.IGNORECASE)


def terms_hints(headers: Mapping[str, str], body: bytes) -> tuple[str, ...]:
    """Return a few short findings: X-Robots-Tag, meta robots, a licence, a feed's rights, links to terms of use."""
    named = {name.lower(): value for name, value in headers.items()}
    _, text = html_to_unicode(named.get("content-type", ""), body[:_BYTES_MAX], default_encoding="utf-8")
    found = (re.sub(r"\s+", " ", hint).strip() for hint in _hints(named, text))
    return tuple(dict.fromkeys(hint[:_CHARACTERS_MAX] for hint in found if hint))[:_HINTS_MAX]


def _hints(headers: Mapping[str, str], text: str) -> Iterator[str]:
    if _CLOSED.search(tag := headers.get("x-robots-tag", "")):
        yield f"X-Robots-Tag: {tag}"
    for match in _RIGHTS.finditer(text[:20_000]):
        yield re.sub(r"<[^>]*>", "", match[2].replace("<![CDATA[", "").replace("]]>", ""))
    try:
        page = Selector(text=text, type="html")
        for tag in page.xpath("//meta[translate(@name, 'ROBTS', 'robts') = 'robots']/@content").getall():
            if _CLOSED.search(tag):
                yield f"meta robots: {tag}"
        for address in page.xpath("(//link | //a)[contains(concat(' ', @rel, ' '), ' license ')]/@href").getall():
            yield f"许可：{address}"
        for link in page.xpath("//a[@href]"):
            words = link.xpath("string()").get("").strip()
            if words and len(words) <= 30 and _WORDS.search(words):
                yield f"{words} {link.attrib['href']}"
    except (ValueError, SyntaxError):  # what lxml raises for a page that is none
        return
