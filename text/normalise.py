"""One written form for one text: compatibility forms, invisible characters, broken surrogates, blanks."""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[ \n]*")
_CHINESE_MARKS: Final = re.compile(r"([，。、！？：；（）～｜【】—…]+)")
"""Punctuation that is correct as it stands: NFKC would make it half-width, and a post must be shown as it was written."""
_SIGN: Final = r"[\u4e00-\u9fff\u3001\u3002\u3008-\u3011\u2018-\u201d，！？：；（）～｜—!-~]"
_PLAIN: Final = re.compile(rf"(?:{_SIGN}++[ \n]?+)*+(?<![ \n])")
"""Text of characters that stay as they are, with no blank but single ones within: nearly every post that came in."""


def normalise(text: str) -> str:
    """Return `text` in NFKC, Chinese punctuation apart, without invisible characters; lone surrogates become U+FFFD.

    Runs of blanks become one blank, runs of line ends one line end, both ends are trimmed. Idempotent.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _SURROGATE.sub("\ufffd", text)
    text = _compatible(text)
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")))
    # removing invisible characters may bring a base and its mark together
    text = _compatible(text)
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


def _compatible(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    pieces = _CHINESE_MARKS.split(text)
    pieces[::2] = [unicodedata.normalize("NFKC", piece) for piece in pieces[::2]]
    return "".join(pieces)
