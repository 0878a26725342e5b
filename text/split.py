"""How text is cut: single Han characters, latin words, whole numbers, for search; sentences, for reading."""

import re
from typing import Final

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3005\u3007"
_TOKEN: Final = re.compile(rf"[{_HAN}]|\d+(?:\.\d+)+(?![^\W\d_{_HAN}])|[^\W_{_HAN}]+")
_WIDE: Final = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_NARROW: Final = {ord("．"): "."} | {
    code: chr(code - 0xFEE0) for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)
}
"""Full-width letters and digits, one for one, so that a place found in the one text is the place in the other."""
_SENTENCE_END: Final = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]*")


def tokens(text: str) -> list[tuple[str, int, int]]:
    """Return (token, start, end) in order; a token is one Han character, one number, or one run of letters and digits."""
    return [(match.group().lower(), match.start(), match.end()) for match in _TOKEN.finditer(_narrow(text))]


def for_search(text: str) -> str:
    """Return the tokens joined by blanks, lower case: what the index tokenises at blanks alone."""
    return " ".join(_TOKEN.findall(_narrow(text))).lower()


def _narrow(text: str) -> str:
    return text.translate(_NARROW) if _WIDE.search(text) else text


def sentences(text: str) -> list[str]:
    """Return the sentences with their closing marks, trimmed, without empty ones."""
    return [found for match in _SENTENCE_END.finditer(text) if (found := match.group().strip())]
