"""What an article's page says. A stand-in until the extraction's own `crawlers.article` takes this place: title and all visible text."""

import re
from datetime import datetime

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from crawlers.page_text import element_text


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """Title, text, and when it was published as far as the page says so; `date_source` names where that stood."""

    title: str = ""
    text: str = ""
    published_at: datetime | None = None
    date_source: str = ""
    language: str = ""


def read_article(html: bytes, url: str, content_type: str = "") -> Article:
    """Return what the page at `url` says; an empty text where it says nothing."""
    del url
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type + html[:2000].decode("latin-1"))
    try:
        text = html.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        text = html.decode("utf-8", "replace")
    parser = etree.HTMLParser(recover=True, no_network=True, huge_tree=False, encoding="utf-8")
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return Article()
    title = " ".join((root.findtext(".//h1") or root.findtext(".//title") or "").split())
    body = root.find(".//article")
    return Article(title=title, text=element_text(root if body is None else body))
