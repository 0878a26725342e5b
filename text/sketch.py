"""A sketch of a text by which an edited, cut or quoted copy is known again; at most 97 bytes, and no text.

It keeps eight of the text's 4-grams, those of least hash, to find candidates by (two texts of which one holds half of
the other share some of them nearly always), and up to 32 of its 2-grams, again those of least hash, to measure how much
of one text the other holds: bottom-k sketches (Cohen & Kaplan 2007). A single 64-bit number does not suffice for posts
of sixty characters: with a tenth of the letters edited, eight min-hashes found half of the copies.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from struct import unpack_from
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEYS: Final = 8
"""4-grams by which candidates are found."""
PAIRS: Final = 32
"""2-grams by which they are compared."""
LEAST_COMPARED: Final = 4
"""Where the sketches leave fewer 2-grams to compare they tell nothing: a short text beside a very long one."""
SHORTEST: Final = 12
"""Texts with fewer letters are not folded: too many people say the same short thing."""
_READ: Final = 4000
"""Characters that are read."""
_FORWARDED: Final = re.compile(r"//@[^:：]{1,30}[:：]")
_DROPPED: Final = re.compile(
    r"https?://[\x21-\x7e]+|回复@[^:：\s]{1,30}[:：]|@[\w-]{1,30}|\[[^\[\]\n]{1,10}\]|^(?:转发微博|转发|转|【转】)(?=\W)|[\W_]+"
)
_KEY_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


def sketch(text: str) -> bytes:
    """Return the sketch of one text; b"" when it is too short."""
    return sketches([text])[0]


def sketches(texts: Sequence[str]) -> list[bytes]:
    """Return the sketches of the texts in order; b"" for those too short."""
    letters = [_letters(text) for text in texts]
    long_enough = [number for number, text in enumerate(letters) if len(text) >= SHORTEST]
    found = [b""] * len(texts)
    if long_enough:
        lengths = np.array([len(letters[number]) for number in long_enough])
        joined = "".join([letters[number] for number in long_enough])
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
        keys, key_ends = _least(points, lengths, 4, KEYS)
        pairs, pair_ends = _least(points, lengths, 2, PAIRS)
        all_keys, all_pairs = keys.astype("<u4").tobytes(), (pairs >> np.uint64(16)).astype("<u2").tobytes()
        key, pair = 0, 0
        for number, key_end, pair_end in zip(
            long_enough, (key_ends * 4).tolist(), (pair_ends * 2).tolist(), strict=True
        ):
            found[number] = bytes(((key_end - key) // 4,)) + all_keys[key:key_end] + all_pairs[pair:pair_end]
            key, pair = key_end, pair_end
    return found


@lru_cache(maxsize=4)  # asked for once to find the original, once to remember the post
def keys(sketched: bytes) -> tuple[int, ...]:
    """Return the hashes of the 4-grams by which a copy is found."""
    return unpack_from(f"<{sketched[0]}I", sketched, 1) if sketched else ()


def held(one: bytes, other: bytes) -> float:
    """Return which part of the smaller text the other holds, 0 to 1, as far as the sketches tell."""
    if not one or not other:
        return 0.0
    first, second = _pairs(one), _pairs(other)
    # beyond the largest hash that a full sketch keeps it says nothing
    bound = min(first[-1] if len(first) == PAIRS else 1 << 16, second[-1] if len(second) == PAIRS else 1 << 16)
    mine, others = {pair for pair in first if pair <= bound}, {pair for pair in second if pair <= bound}
    fewer = min(len(mine), len(others))
    return len(mine & others) / fewer if fewer >= min(LEAST_COMPARED, len(first), len(second)) else 0.0


def _pairs(sketched: bytes) -> Sequence[int]:
    return memoryview(sketched)[1 + 4 * sketched[0] :].cast("H")


def _letters(text: str) -> str:
    """Return what a copy has in common with its original: of a chain of reposts the longest part, letters and digits only."""
    text = text[:_READ]
    if "//@" in text:
        text = max(_FORWARDED.split(text), key=len)
    return _DROPPED.sub("", text).lower()


def _least(
    points: NDArray[np.uint64], lengths: NDArray[np.int64], size: int, most: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return each text's grams of least hash (32 bits), rising and each once, one text after the other; and where each text's end."""
    count = len(points) - size + 1
    grams = points[:count].copy()
    for place in range(1, size):
        grams = (grams * _KEY_MIX) ^ points[place : place + count]
    grams = _mixed(grams) >> np.uint64(32)
    owner = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)[:count]
    # a gram that reaches over the end of its text belongs to nobody
    inside = np.ones(len(points), dtype=bool)
    ends = np.cumsum(lengths)
    for back in range(1, size):
        inside[ends - back] = False
    inside = inside[:count]
    ordered = np.sort((owner[inside] << np.uint64(32)) | grams[inside])
    ordered = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    owner = ordered >> np.uint64(32)
    starts = np.searchsorted(owner, np.arange(len(lengths), dtype=np.uint64))
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
    kept = rank < most
    sizes = np.minimum(np.diff(np.append(starts, len(ordered))), most)
    return ordered[kept] & np.uint64(0xFFFFFFFF), np.cumsum(sizes)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
