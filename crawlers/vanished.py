"""What a list named at the last crawl and names no longer: it may have been deleted, and is asked for once more.

A deleted thread answers 404, but no list leads to it any more; who only follows links never learns of it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from contracts.ports.crawl_state import PageState
from crawlers.source_crawl import SourceCrawl
from text.public_url import names_nobody

NAMED_MAX = 1000
"""Addresses of a list that are remembered, from its top."""


class NamedByList:
    """What the list at an address names in this crawl, beside what it named before."""

    def __init__(self, crawl: SourceCrawl, url: str) -> None:
        self._crawl = crawl
        self._url = url
        self._before = named(crawl.page(place_of(url)))
        self._now: dict[str, str] = {}

    def add(self, marks: Mapping[str, str]) -> None:
        """Note what a page of the list names, with marks. At once: a crawl that breaks off has taken posts in, too."""
        self._now |= marks
        known = {*self._before}
        if fresh := [url for url in self._now if url not in known and names_nobody(url)]:
            self._crawl.take((), (naming(self._url, fresh + self._before, self._crawl.shared.clock.now()),))

    def missed(self, *, is_whole: bool) -> Mapping[str, PageState]:
        """Return what was read here and should still be named, by its address; from now on the list counts as it is."""
        known = self._crawl.shared.crawl_state.pages(self._before)
        marks = {url: state.body_digest for url, state in known.items()}
        self._crawl.keep_at_end(naming(self._url, list(self._now), self._crawl.shared.clock.now()))
        return {url: known[url] for url in vanished(self._before, self._now, marks, is_whole=is_whole) if url in known}


def vanished(before: Sequence[str], now: Mapping[str, str], marks: Mapping[str, str], *, is_whole: bool) -> list[str]:
    """Return the addresses of `before` that the list should still name.

    `now` are address and mark of what it names, `marks` those of the last crawl. Whatever sinks with time leaves a list
    at its end: what stood above an unchanged one that is still there has not sunk. Of a list that was read to its end
    (`is_whole`) nothing may be missing.
    """
    lowest = max((place for place, url in enumerate(before) if url in now and now[url] == marks.get(url)), default=0)
    return missing(before if is_whole else before[:lowest], now)


def missing(before: Sequence[str], now: Collection[str]) -> list[str]:
    """Return the addresses of `before` that are not among `now`."""
    return [url for url in before if url not in now]


def named(state: PageState | None) -> list[str]:
    """Return the addresses that a list named, from what `naming` made."""
    return state.body_digest.split() if state else []


def naming(url: str, addresses: Sequence[str], now: datetime) -> PageState:
    """Return what to remember of the list at this address: its addresses, but for those that name an author."""
    kept = [address for address in addresses if names_nobody(address)]
    return PageState(url=place_of(url), body_digest=" ".join(kept[:NAMED_MAX]), fetched_at=now)


def place_of(url: str) -> str:
    """Return under which address `naming` remembers."""
    return f"{url}#named"
