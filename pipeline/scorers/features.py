"""Hashed character 1- to 3-grams of a batch of texts, computed over all of its code points at once."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

BITS: Final = 18
"""Rows of the weight table: 2**18."""
_SHIFT: Final = np.uint32(32 - BITS)
_EDGE: Final = "\x02"
"""Stands before and after each text, so that how a text begins and ends are features too."""
_ONE: Final = np.uint32(2654435761)
_TWO: Final = np.uint32(2246822519)
_THREE: Final = np.uint32(3266489917)
_SALTS: Final = (np.uint32(0x9E3779B9), np.uint32(0x7F4A7C15), np.uint32(0x85EBCA6B))

Rows = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.intp]


def hashed(texts: Sequence[str]) -> tuple[Rows, Offsets]:
    """Return the table rows of all n-grams, grouped by text, and where each text's group starts.

    A text of n characters has 3n + 1 n-grams (edges included), so no group is empty.
    """
    if not texts:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.intp)
    joined = "".join([f"{_EDGE}{text}{_EDGE}" for text in texts])
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = _fold(points)
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.intp, count=len(texts))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    first = folded * _ONE
    second = np.empty_like(folded)
    second[:-1] = (first[:-1] ^ _rolled(folded[1:] * _TWO, 7)) * _THREE
    third = np.empty_like(folded)
    third[:-2] = (second[:-2] ^ _rolled(folded[2:] * _TWO, 15)) * _ONE
    # Columns: the 1-, 2- and 3-gram that begin at each character; those that would cross into the next text fall out.
    table = np.empty((len(folded), 3), dtype=np.uint32)
    for column, values in enumerate((first, second, third)):
        table[:, column] = _mixed(values ^ _SALTS[column]) >> _SHIFT
    kept = np.ones((len(folded), 3), dtype=bool)
    kept[starts, 0] = False
    kept[ends - 1] = False
    kept[ends - 2, 2] = False
    sizes = 3 * lengths - 5
    return table[kept], np.cumsum(sizes) - sizes


def _fold(points: Rows) -> Rows:
    """Half-width lower-case ASCII, and one digit for all: numbers differ, their being numbers matters."""
    folded = points.copy()
    folded[(points >= 0xFF01) & (points <= 0xFF5E)] -= np.uint32(0xFEE0)
    points = folded.copy()
    folded[(points >= 65) & (points <= 90)] += np.uint32(32)
    folded[(points >= 48) & (points <= 57)] = np.uint32(48)
    return folded


def _rolled(values: Rows, bits: int) -> Rows:
    return (values << np.uint32(bits)) | (values >> np.uint32(32 - bits))


def _mixed(values: Rows) -> Rows:
    values = (values ^ (values >> np.uint32(15))) * _TWO
    return values ^ (values >> np.uint32(13))
