"""Counts the points of the signs in a text: what is added to a score where no rule is certain."""

import re
from typing import Final

import msgspec

from pipeline.help_gate import Sieve
from pipeline.help_signs import ASKS, BY_FORM, IDLE, RIGHTS, SIGNS, Sign

_SHORT: Final = 25
_VERY_LONG: Final = 200
_sieve: Final = Sieve([sign.pattern for sign in SIGNS])
_patterns: Final = tuple(re.compile(sign.pattern) for sign in SIGNS)
_numbers: Final = {sign.name: number for number, sign in enumerate(SIGNS)}
_forms: Final = {sign.name: sign for sign in BY_FORM}
_asks: Final = re.compile(ASKS)
_idle: Final = re.compile(IDLE)
_rights: Final = re.compile(RIGHTS)
_sentence: Final = re.compile(r"[^。!?\n;]+[。!?\n;]?")
_OPENING, _ASKED, _SELF = _numbers["写给部门的开头"], _numbers["请求"], _numbers["第一人称"]


class Points(msgspec.Struct, frozen=True):
    """Log-odds to add to the score of a plea and of danger, and the signs that were seen."""

    plea: float
    danger: float
    signs: tuple[Sign, ...]


def points(plain: str) -> Points:
    """Count the points of a text with ASCII punctuation."""
    seen = signs(plain)
    return Points(sum(sign.plea for sign in seen), sum(sign.danger for sign in seen), seen)


def signs(plain: str) -> tuple[Sign, ...]:
    """Return every sign that a text with ASCII punctuation holds."""
    found = 0
    candidates = _sieve.candidates(plain)
    while candidates:
        lowest = candidates & -candidates
        candidates ^= lowest
        if _patterns[lowest.bit_length() - 1].search(plain):
            found |= lowest
    return (
        *(sign for number, sign in enumerate(SIGNS) if found >> number & 1),
        *(_forms[name] for name in _form(plain, found)),
    )


def _form(plain: str, found: int) -> list[str]:
    sentences = [part for part in _sentence.findall(plain) if not part.isspace()]
    asking = [part for part in sentences if _asks.search(part.strip()) and not _idle.search(part)]
    asked = bool(found >> _ASKED & 1)
    names = []
    if asking:
        names.append("有一句在问")
        if any(_rights.search(part) for part in asking):
            names.append("问句说到权益")
        if asking[-1] is sentences[-1]:
            names.append("末句在问")
    if found >> _OPENING & 1 and (asked or asking):
        names.append("开头写给部门并有请求")
    if plain.endswith(("。", "!")):
        names.append("句句平常收尾")
    if not found >> _SELF & 1:
        names.append("不说我")
    if len(plain) <= _SHORT:
        names.append("只有几个字")
    if len(plain) > _VERY_LONG:
        names.append("很长")
    return names
