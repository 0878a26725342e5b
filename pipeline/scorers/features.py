"""Hashed character 1- to 3-grams of a batch of texts, computed over all of its code points at once."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

BITS: Final = 20
"""Rows of the weight table: 2**20, most of them empty, so that few n-grams share one (2**18 costs a point of F1)."""
_SHIFT: Final = np.uint32(32 - BITS)
_EDGE: Final = "\x02"
"""Stands before and after each text, so that how a text begins and ends are features too."""
_ONE: Final = np.uint32(2654435761)
_TWO: Final = np.uint32(2246822519)
_THREE: Final = np.uint32(3266489917)
_SALTS: Final = np.array([0x9E3779B9, 0x7F4A7C15, 0x85EBCA6B], dtype=np.uint32)
_SIMPLIFIED: Final = Path(__file__).parent / "simplified.txt"

Rows = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.intp]


def hashed(texts: Sequence[str]) -> tuple[Rows, Offsets]:
    """Return the table rows of all n-grams, grouped by text, and where each text's group starts.

    A text of n characters has 3n + 1 n-grams (edges included), so no group is empty.
    """
    if not texts:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.intp)
    joined = "".join([f"{_EDGE}{text}{_EDGE}" for text in texts])
    points = folding().take(np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32))
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.intp)
    ends = lengths.cumsum()
    starts = ends - lengths
    scaled = points * _TWO
    # Columns: the 1- to 3-gram that begin at each character; those that would cross into the next text fall out.
    table = np.zeros((len(points), 3), dtype=np.uint32)
    first, second, third = table.T
    np.multiply(points, _ONE, out=first)
    second[:-1] = (first[:-1] ^ _rolled(scaled[1:], 7)) * _THREE
    third[:-2] = (second[:-2] ^ _rolled(scaled[2:], 15)) * _ONE
    kept = np.ones((len(points), 3), dtype=bool)
    kept[starts, 0] = False
    kept[ends - 1] = False
    kept[ends - 2, 2] = False
    sizes = 3 * lengths - 5
    return (_mixed(table ^ _SALTS) >> _SHIFT)[kept], sizes.cumsum() - sizes


@cache
def folding() -> npt.NDArray[np.uint32]:
    """Return what each code point counts as: half-width, lower-case, simplified, and one digit for all.

    Numbers differ, their being numbers matters; a post in traditional characters says the same.
    """
    table = np.arange(0x110000, dtype=np.uint32)
    _, old, new = _SIMPLIFIED.read_text("utf-8").splitlines()
    table[[ord(character) for character in old]] = [ord(character) for character in new]
    table[0xFF01:0xFF5F] = np.arange(0x21, 0x7F)
    table[65:91] += np.uint32(32)
    table[0xFF21:0xFF3B] += np.uint32(32)
    table[48:58] = table[0xFF10:0xFF1A] = 48
    return table


def _rolled(values: Rows, bits: int) -> Rows:
    return (values << np.uint32(bits)) | (values >> np.uint32(32 - bits))


def _mixed(values: Rows) -> Rows:
    values = (values ^ (values >> np.uint32(15))) * _TWO
    return values ^ (values >> np.uint32(13))
