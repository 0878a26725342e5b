"""Finds which of many patterns a text can hold at all, so that nearly every text is searched by hardly any.

A pattern of help rules uses a small part of the language of `re`: literals, `.`, classes, groups, alternatives, bounded
repetition, lookarounds. From it follow strings of which every match holds one; of each string the rarest pair of
characters stands in an index. A text that holds no pair of a pattern need not be searched: that is certain.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from operator import add
from typing import Final

import msgspec

from pipeline.pairs import Pairs

Strings = frozenset[str]

_MOST: Final = 120
"""Strings that one stretch of a pattern may stand for; a stretch of more is cut in two."""
_REPEAT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_ANY_OF: Final = {"d": "0123456789"}
_EMPTY: Final[Strings] = frozenset({""})
_COMMON: Final = (
    "的一是不了人我在有他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知"
    "全三又关点正业外将两高间由问很最重并物手应向头文体美相见被什二等产或新己身加月话合回特代内信表化老给位次门任常先教儿原东声"
    "提比水名真处走各入几口认条平气题活更别打女变四总何电数安少报才结反受目太再感做接必场件计管期市直山金指许区保社便空眼书非听"
)
"""The commonest characters, commonest first: a pair without them holds back more texts."""
_COMMON_PAIRS: Final = frozenset(
    [
        "怎么",
        "还是",
        "可以",
        "自己",
        "应该",
        "现在",
        "如果",
        "东西",
        "你们",
        "男的",
        "女的",
        "出来",
        "意思",
        "没有",
        "什么",
        "我们",
        "不是",
        "他们",
        "这个",
        "一个",
        "知道",
        "就是",
        "因为",
        "所以",
        "但是",
        "觉得",
        "这么",
        "真的",
        "那么",
        "是不",
        "不会",
        "有人",
        "时候",
        "一次",
        "女人",
        "男人",
        "要求",
        "教育",
        "到底",
        "哪里",
        "身边",
        "看见",
        "没见",
        "起来",
        "不要",
        "不能",
        "一样",
        "问题",
        "事情",
        "孩子",
        "社会",
        "不让",
        "老师",
        "学校",
        "今天",
        "我想",
        "我要",
    ]
)
_RANK: Final = {character: len(_COMMON) - place for place, character in enumerate(_COMMON)}


class Sieve:
    """Says which of many patterns could match a text, by the pairs of characters that it holds."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._index: dict[str, int] = {}
        self._always = 0
        for number, pattern in enumerate(patterns):
            wanted = needed(pattern)
            if not wanted:
                self._always |= 1 << number
            for token in wanted:
                self._index[token] = self._index.get(token, 0) | 1 << number
        self._pairs: Final = frozenset(token for token in self._index if len(token) == 2)
        self._places: Final = Pairs(sorted(self._pairs))
        self._characters: Final = frozenset(token for token in self._index if len(token) == 1)

    def candidates(self, text: str) -> int:
        """Return a bit a pattern, set where the pattern may match; time and memory are linear in the text."""
        found = self._always
        index = self._index
        for token in self._pairs.intersection(map(add, text, text[1:])):
            found |= index[token]
        for token in self._characters.intersection(text):
            found |= index[token]
        return found

    def candidates_of(self, texts: Sequence[str]) -> list[int]:
        """Return the same for every text of a batch, faster than one by one."""
        index, characters = self._index, self._characters
        candidates = []
        for text, places in zip(texts, self._places.places(texts), strict=True):
            found = self._always
            for at in places:
                found |= index.get(text[at : at + 2], 0)
            for token in characters:
                if token in text:
                    found |= index[token]
            candidates.append(found)
        return candidates


def needed(pattern: str) -> Strings:
    """Return characters and pairs of characters of which every match holds one; empty where none are certain."""
    found, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise ValueError(f"unbalanced bracket at {end} in {pattern}")
    return frozenset(map(_token, _best(found.sets))) if found.sets else frozenset()


class _Found(msgspec.Struct, frozen=True):
    sets: tuple[Strings, ...]
    """Each match holds a string of every one of them."""
    exact: Strings | None
    """Every string that can match, where these are few."""


_NOTHING: Final = _Found((), None)
_AT_NO_PLACE: Final = _Found((), _EMPTY)


@cache
def _token(string: str) -> str:
    return min((string[at : at + 2] for at in range(max(1, len(string) - 1))), key=_commonness)


@cache
def _commonness(token: str) -> float:
    ranks = [_RANK.get(character, 0) for character in token]
    if token in _COMMON_PAIRS:
        return 6
    return 1 + min(ranks) / 100 if len(token) > 1 else 8 + ranks[0]


def _best(sets: Iterable[Strings]) -> Strings:
    return min(sets, key=lambda one: (sum(_commonness(_token(string)) for string in one), sorted(one)))


def _of(strings: Strings) -> _Found:
    return _Found(() if "" in strings else (strings,), strings)


def _alternatives(pattern: str, at: int) -> tuple[_Found, int]:
    branches = []
    while True:
        branch, at = _sequence(pattern, at)
        branches.append(branch)
        if at >= len(pattern) or pattern[at] != "|":
            break
        at += 1
    if len(branches) == 1:
        return branches[0], at
    exact = [branch.exact for branch in branches if branch.exact is not None]
    if len(exact) == len(branches):
        return _of(frozenset().union(*exact)), at
    if all(branch.sets for branch in branches):
        return _Found((frozenset().union(*(_best(branch.sets) for branch in branches)),), None), at
    return _NOTHING, at


def _sequence(pattern: str, at: int) -> tuple[_Found, int]:
    sets: list[Strings] = []
    run, whole = _EMPTY, True
    while at < len(pattern) and pattern[at] not in "|)":
        item, at = _item(pattern, at)
        item, at = _repeated(item, pattern, at)
        if item.exact is not None and len(run) * len(item.exact) <= _MOST:
            run = frozenset(before + after for before in run for after in item.exact)
            continue
        sets.append(run)
        run, whole = _EMPTY, False
        if item.exact is not None:
            run = item.exact
        else:
            sets.extend(item.sets)
    sets.append(run)
    kept = tuple(one for one in sets if "" not in one)
    return _Found(kept, run if whole else None), at


def _item(pattern: str, at: int) -> tuple[_Found, int]:
    first = pattern[at]
    if first == "(":
        opening = next((mark for mark in ("(?:", "(?=", "(?!", "(?<=", "(?<!") if pattern.startswith(mark, at)), "(")
        inside, end = _alternatives(pattern, at + len(opening))
        return (inside if opening in {"(?:", "("} else _AT_NO_PLACE), end + 1
    if first == "[":
        end = pattern.index("]", at + 2)
        body = pattern[at + 1 : end]
        return (_NOTHING if body[0] == "^" else _of(_members(body))), end + 1
    if first in "^$":
        return _AT_NO_PLACE, at + 1
    if first == ".":
        return _NOTHING, at + 1
    if first == "\\":
        letter = pattern[at + 1]
        if letter.isalpha() and letter != "n":
            return (_of(frozenset(_ANY_OF[letter])) if letter in _ANY_OF else _NOTHING), at + 2
        return _of(frozenset("\n" if letter == "n" else letter)), at + 2
    return _of(frozenset(first)), at + 1


def _members(body: str) -> Strings:
    found = set()
    at = 0
    while at < len(body):
        if body[at] == "\\":
            found.add("\n" if body[at + 1] == "n" else body[at + 1])
            at += 2
        elif body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            found |= {chr(code) for code in range(ord(body[at]), ord(body[at + 2]) + 1)}
            at += 3
        else:
            found.add(body[at])
            at += 1
    return frozenset(found)


def _repeated(item: _Found, pattern: str, at: int) -> tuple[_Found, int]:
    """Return what an item stands for together with the repetition behind it, and where that ends."""
    if at < len(pattern) and pattern[at] == "?":
        return (_Found((), item.exact | _EMPTY) if item.exact is not None else _NOTHING), at + 1
    if at < len(pattern) and pattern[at] in "*+":
        return (_Found(item.sets, None) if pattern[at] == "+" else _NOTHING), at + 1
    if at < len(pattern) and (found := _REPEAT.match(pattern, at)):
        return (_Found(item.sets, None) if int(found.group(1)) > 0 else _NOTHING), found.end()
    return item, at
