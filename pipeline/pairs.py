"""Where any of a fixed set of two-character strings may stand in texts, for a whole batch at once.

A bit table by a hash of both characters (Bloom 1970, with one hash): what it passes over is certain, what it finds the
caller still looks up, which costs little because it is rare.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SLOTS: Final = 1 << 18
"""At a thousand pairs one place in 260 is found for nothing; as bytes the table stays in a core's own cache."""
_MIX: Final = np.uint32(40503)


class Pairs:
    """A set of two-character strings to be looked for."""

    def __init__(self, pairs: Iterable[str]) -> None:
        self._held = np.zeros(_SLOTS, dtype=np.bool_)
        points = _points("".join(pairs))
        self._held[_slots(points[::2], points[1::2])] = True

    def places(self, texts: Sequence[str]) -> list[list[int]]:
        """Return by text, rising, the places at which one of the pairs may begin: all at which one does, and few others."""
        points = _points("".join(texts))
        found = np.flatnonzero(self._held[_slots(points[:-1], points[1:])])
        ends = np.cumsum(np.array([len(text) for text in texts], dtype=np.int64))
        cuts = [0, *np.searchsorted(found, ends).tolist()]
        begins = [0, *ends.tolist()]
        places = (found - np.repeat(begins[:-1], np.diff(cuts))).tolist()
        return [places[first:last] for first, last in pairwise(cuts)]


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _slots(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return (first * _MIX + second) & np.uint32(_SLOTS - 1)
