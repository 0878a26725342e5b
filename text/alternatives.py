"""One pattern for many words, which the engine tries letter by letter instead of word by word."""

import re
from collections.abc import Iterable


def any_of(words: Iterable[str], then: str = "") -> str:
    """Return a pattern that finds any of the words, where `then` (a pattern) follows.

    Each of its branches begins with a plain letter: `re` then jumps over every text that has none of these letters.
    """
    by_letter: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        by_letter.setdefault(word[0], []).append(word[1:])
    return "|".join(re.escape(letter) + _rest(rests) + then for letter, rests in by_letter.items())


def _rest(rests: list[str]) -> str:
    longer = [rest for rest in rests if rest]
    if not longer:
        return ""
    return f"(?:{any_of(longer)}){'?' if len(longer) < len(rests) else ''}"
