"""Folding: a repost or an edited copy is found again as a copy of its original, among the last 100,000 originals.

Two posts are copies when at least five of their sketch's eight slots agree. With four bands of two slots, five equal
slots leave at least one band whole, so a look into four buckets misses nothing (the pigeonhole of Manku et al. 2007).
"""

from collections import deque
from typing import Final

from text.sketch import SLOTS, distance

CAPACITY: Final = 100_000
MOST_DIFFERING: Final = 3
_BANDS: Final = 4
_BAND_BITS: Final = 64 // _BANDS
_BAND_MASK: Final = (1 << _BAND_BITS) - 1
assert SLOTS // _BANDS * (_BANDS - MOST_DIFFERING) >= 1


class Folds:
    """The originals in memory. What it answers depends only on what was added before, in that order."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._buckets: dict[int, list[tuple[int, str]]] = {}
        self._order: deque[tuple[int, str]] = deque()
        self._known: dict[str, int] = {}
        self._roots: dict[str, str] = {}

    def original_of(self, sketch: int, repost_of: str = "") -> str:
        """Return the id of the original that a post repeats; "" for a post that is new.

        What the source itself calls a repost is one, also when its original was never seen here.
        """
        if repost_of:
            return self._roots.get(repost_of, repost_of)
        if not sketch:
            return ""
        best, least = "", MOST_DIFFERING + 1
        for key in _keys(sketch):
            for other, original in self._buckets.get(key, ()):
                differing = distance(sketch, other)
                if differing < least:  # on a tie the one added first stands
                    best, least = original, differing
        return best

    def add(self, post: str, sketch: int, fold_of: str) -> None:
        """Remember a post: an original by its sketch, a copy by its original; twice changes nothing."""
        if post in self._known:
            return
        if fold_of:
            self._roots[post] = fold_of
            if len(self._roots) > self._capacity:
                del self._roots[next(iter(self._roots))]
        elif sketch:
            self._known[post] = sketch
            self._order.append((sketch, post))
            for key in _keys(sketch):
                self._buckets.setdefault(key, []).append((sketch, post))
            if len(self._order) > self._capacity:
                self._drop_oldest()

    def drop(self, post: str) -> None:
        """Forget a post that can have no copies any more; without effect for one that is not known."""
        self._roots.pop(post, None)
        if post in self._known:
            self._order.remove((self._known[post], post))
            self._take_out(post)

    def _drop_oldest(self) -> None:
        self._take_out(self._order.popleft()[1])

    def _take_out(self, post: str) -> None:
        sketch = self._known.pop(post)
        for key in _keys(sketch):
            bucket = self._buckets[key]
            bucket.remove((sketch, post))
            if not bucket:
                del self._buckets[key]


def _keys(sketch: int) -> tuple[int, int, int, int]:
    return (
        sketch & _BAND_MASK,
        1 << 16 | (sketch >> 16) & _BAND_MASK,
        2 << 16 | (sketch >> 32) & _BAND_MASK,
        3 << 16 | (sketch >> 48) & _BAND_MASK,
    )
