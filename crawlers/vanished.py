"""What a list named at the last crawl and names no longer: it may have been deleted, and is asked for once more.

A deleted thread answers 404, but no list leads to it any more; who only follows links never learns of it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from contracts.ports.crawl_state import PageState

NAMED_MAX = 1000
"""Addresses of a list that are remembered, from its top."""


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
    """Return what to remember of the list at this address."""
    return PageState(url=place_of(url), body_digest=" ".join(addresses[:NAMED_MAX]), fetched_at=now)


def place_of(url: str) -> str:
    """Return under which address `naming` remembers."""
    return f"{url}#named"
