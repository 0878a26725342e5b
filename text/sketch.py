"""A 64-bit sketch that lies near for texts that lie near (simhash: Charikar 2002; for pages: Manku et al. 2007)."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHORTEST: Final = 12
"""Texts with fewer letters are not folded: too many people say the same short thing."""
_GRAM: Final = 3
_DROPPED: Final = re.compile(r"[\W_]+|https?://\S+")
_BITS: Final = np.arange(64, dtype=np.uint64)


def sketch(text: str) -> int:
    """Return the sketch of one text; 0 when it is too short."""
    return sketches([text])[0]


def sketches(texts: Sequence[str]) -> list[int]:
    """Return the sketches of the texts in order, as 64-bit unsigned numbers; 0 for those too short."""
    letters = [_DROPPED.sub("", text).lower() for text in texts]
    long_enough = [number for number, text in enumerate(letters) if len(text) >= SHORTEST]
    found = [0] * len(texts)
    if long_enough:
        lengths = np.array([len(letters[number]) for number in long_enough])
        joined = "".join(letters[number] for number in long_enough)
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
        for number, value in zip(long_enough, _sketch_all(points, lengths), strict=True):
            found[number] = int(value) or 1
    return found


def distance(one: int, other: int) -> int:
    """Return the number of bits in which two sketches differ."""
    return (one ^ other).bit_count()


def _sketch_all(points: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    ends = np.cumsum(lengths)
    starts = ends - lengths
    grams = _mixed(
        points[:-2] * np.uint64(0x9E3779B97F4A7C15) ^ points[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F) ^ points[2:]
    )
    # a gram that reaches over the end of its text belongs to nobody
    owner = np.ones(len(grams), dtype=bool)
    for back in range(1, _GRAM):
        across = ends[:-1] - back
        owner[across[across < len(owner)]] = False
    # eight bits at a time: each byte of a hash, unpacked, votes on eight bits of its text's sketch
    votes = np.unpackbits(grams.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    votes[~owner] = 0
    sums = np.add.reduceat(votes.astype(np.int32), starts, axis=0)
    counts = np.add.reduceat(owner.astype(np.int32), starts)
    majority = (2 * sums > counts[:, None]).astype(np.uint64)
    folded: NDArray[np.uint64] = (majority << _BITS).sum(axis=1, dtype=np.uint64)
    return folded


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
