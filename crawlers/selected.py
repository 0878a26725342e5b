"""What CSS selectors find on a page: texts, links and counts."""

import re
from typing import Any

from parsel import Selector, SelectorList

from crawlers.links import own_address
from crawlers.page_text import element_text
from crawlers.source import Source


def first_text(selector: Selector, css: str) -> str:
    """Return the text of the first match, "" where there is none."""
    found = selector.css(css) if css else None
    return text_of(found[0]) if found else ""


def all_text(selector: Selector, css: str) -> str:
    """Return the texts of all matches, a line for each."""
    return "\n".join(part for part in map(text_of, selector.css(css)) if part)


def text_of(found: Selector) -> str:
    """Return the visible text of an element, or the attribute that was selected."""
    root: Any = found.root
    return root.strip() if isinstance(root, str) else element_text(root)


def link_of(found: Selector, url: str, source: Source) -> str:
    """Return the absolute address of an element with href or of a selected attribute, "" if it leads elsewhere."""
    root: Any = found.root
    return own_address(root if isinstance(root, str) else root.get("href", ""), url, source)


def first_link(selector: Selector | SelectorList[Selector], css: str, url: str, source: Source) -> str:
    """Return the address of the first match, "" where there is none."""
    found = selector.css(css) if css else None
    return link_of(found[0], url, source) if found else ""


def count_of(value: str) -> int:
    """Return the first whole number in a text such as 赞(12), 0 if there is none."""
    found = re.search(r"\d{1,9}", value.replace(",", ""))
    return int(found[0]) if found else 0
