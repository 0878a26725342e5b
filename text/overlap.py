"""Whether a text repeats another: runs of a post in a draft, and two texts that are nearly the same."""

import re
from collections.abc import Sequence
from typing import Final

_DROPPED: Final = re.compile(r"[\W_]+")
_SHINGLE: Final = 3
_NEAR: Final = 0.8


def repeated_runs(draft: str, post: str, *, cited: Sequence[str] = (), minimum: int = 12) -> tuple[str, ...]:
    """Return the longest runs of at least `minimum` letters that the draft shares with the post, in order.

    Punctuation and blanks do not count. A run that also stands in a cited text is no repetition.
    """
    said, source = _letters(draft), _letters(post)
    quoted = [_letters(text) for text in cited]
    pieces = {source[start : start + minimum] for start in range(len(source) - minimum + 1)}
    runs: list[str] = []
    start = 0
    while start <= len(said) - minimum:
        if said[start : start + minimum] not in pieces:
            start += 1
            continue
        end = start + minimum
        while end < len(said) and said[start : end + 1] in source:
            end += 1
        run = said[start:end]
        if not any(run in text for text in quoted):
            runs.append(run)
            start = end
        else:
            start += 1
    return tuple(runs)


def nearly_identical(one: str, other: str) -> bool:
    """Whether the texts share four fifths of their character trigrams (Jaccard similarity, Broder 1997)."""
    first, second = _shingles(_letters(one)), _shingles(_letters(other))
    if not first or not second:
        return _letters(one) == _letters(other)
    return len(first & second) >= _NEAR * len(first | second)


def _letters(text: str) -> str:
    return _DROPPED.sub("", text).lower()


def _shingles(letters: str) -> set[str]:
    return {letters[start : start + _SHINGLE] for start in range(len(letters) - _SHINGLE + 1)}
