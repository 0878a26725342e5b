"""A list page of articles: which of its links lead to one."""

import re

import msgspec
from parsel import Selector

from crawlers.selected import first_link, link_of, text_of
from crawlers.source import Source


class ArticleLink(msgspec.Struct, frozen=True):
    """An article that a list page names, with the words of its link."""

    url: str
    words: str = ""


class ListOfArticles(msgspec.Struct, frozen=True):
    """What a list page says; `found` counts the links before the pattern was asked."""

    found: int
    articles: tuple[ArticleLink, ...] = ()
    next: str = ""


def read_links(page: Selector, url: str, source: Source) -> ListOfArticles:
    """Return the articles in the order of the page, each once, with the longest words that any of its links has."""
    shape = source.links
    pattern = re.compile(shape.pattern)
    links = page.css(shape.link or "a[href]")
    words: dict[str, str] = {}
    for link in links:
        address = link_of(link, url, source)
        if address and address != url and pattern.search(address):
            words[address] = max(words.get(address, ""), text_of(link), key=len)
    articles = tuple(ArticleLink(address, said) for address, said in words.items())
    return ListOfArticles(len(links), articles, first_link(page, shape.next, url, source))
