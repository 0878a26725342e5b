"""Counts the points of the signs in a text: what is added to a score where no rule is certain."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import msgspec

from pipeline.help_gate import Sieve
from pipeline.help_signs import ASKS, BY_FORM, IDLE, RIGHTS, SIGNS, Sign

_SHORT: Final = 25
_ONE_QUESTION: Final = 40
"""Characters of a post that is one question."""
_LONG: Final = 60
_VERY_LONG: Final = 200
_ENDLESS: Final = 600
_MANY: Final = 3
_sieve: Final = Sieve([sign.pattern for sign in SIGNS])
_numbers: Final = {sign.name: number for number, sign in enumerate(SIGNS)}
_forms: Final = {sign.name: sign for sign in BY_FORM}
_asks: Final = re.compile(ASKS)
_idle: Final = re.compile(IDLE)
_rights: Final = re.compile(RIGHTS)
_at_somebody: Final = re.compile("你|楼主|楼上|他们|她们")
_myself: Final = re.compile("我|俺")
_other_side: Final = re.compile("他|老公|丈夫|公司|单位|学校|村|婆婆")
_quoted: Final = re.compile(r"“[^”]{0,80}”|\"[^\"]{0,80}\"|「[^」]{0,80}」")
_stop: Final = re.compile("[。.!]")
_sentence: Final = re.compile(r"[^。!?\n;]+[。!?\n;]?")
_OPENING, _ASKED, _SELF = _numbers["写给部门的开头"], _numbers["请求"], _numbers["第一人称"]


@cache
def _pattern(number: int) -> re.Pattern[str]:
    """Return a sign's pattern; compiled at its first use, since all of them together cost a start .1 s."""
    return re.compile(SIGNS[number].pattern)


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
        if _pattern(lowest.bit_length() - 1).search(plain):
            found |= lowest
    return (
        *(sign for number, sign in enumerate(SIGNS) if found >> number & 1),
        *(_forms[name] for name in _form(plain, found)),
    )


def _form(plain: str, found: int) -> list[str]:
    """Return the names of the forms of a text: its questions, its end, its length."""
    names = [*_questions(plain, found), *_own_questions(plain)]
    if plain.endswith(("。", "!")):
        names.append("句句平常收尾")
    if not found >> _SELF & 1:
        names.append("不说我")
    if not _stop.search(plain):
        names.append("没有句号")
    if _myself.search(plain) and _other_side.search(plain):
        names.append("说到我与对方")
    if len(plain) <= _SHORT:
        names.append("只有几个字")
    if _LONG < len(plain) <= _VERY_LONG:
        names.append("中等长")
    if len(plain) > _VERY_LONG:
        names.append("很长")
    if len(plain) > _ENDLESS:
        names.append("极长")
    return names


def _questions(plain: str, found: int) -> Iterator[str]:
    sentences = _sentences(plain)
    asking = [part for part in sentences if _asks.search(part.strip()) and not _idle.search(part)]
    if asking:
        yield "有一句在问"
        if any(_rights.search(part) for part in asking):
            yield "问句说到权益"
        if asking[-1] is sentences[-1]:
            yield "末句在问"
    if found >> _OPENING & 1 and (asking or found >> _ASKED & 1):
        yield "开头写给部门并有请求"


def _own_questions(plain: str) -> Iterator[str]:
    """Tell the questions that the author asks herself, and not somebody whom she quotes or argues with."""
    sentences = _sentences(_quoted.sub("“”", plain))
    asking = [part for part in sentences if _asks.search(part.strip())]
    open_ones = [part for part in asking if not _idle.search(part) and not _at_somebody.search(part)]
    if asking:
        yield "引号外有问"
    elif _asks.search(plain):
        yield "只在引号里问"
    if len(asking) >= _MANY:
        yield "问句多"
    if open_ones:
        yield "不对着你的问"
        if len(sentences) == 1 and len(plain) <= _ONE_QUESTION:
            yield "通篇只问一句"
        if open_ones[-1] is sentences[-1]:
            yield "末句不对着你的问"
        if any(_myself.search(part) for part in open_ones):
            yield "问句里有我"
    if plain.rstrip(" )~").endswith("?"):
        yield "问号收尾"


def _sentences(plain: str) -> list[str]:
    return [part for part in _sentence.findall(plain) if not part.isspace()]
