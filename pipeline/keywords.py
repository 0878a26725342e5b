"""The distinctive words of a post: what it tags, quotes and names, then the words of its matter, the most telling first.

Only whole words are taken that read by themselves: nouns and the project's own lexicon; no verbs, no places (regions
say them), no names of persons.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline import words
from pipeline.words import BODY, LATIN, MATTER, NOUN, OTHER, PERSON, PLACE, UNKNOWN, Cut

MOST: Final = 8
TERMS: Final = 32
"""Terms that a post lends to the finding of its event."""
_TELLING: Final = 4.8
"""A plain noun from here on is a keyword: fewer than one post in 120 has it."""
_TERM_TELLING: Final = 4.5
_LEXICON_GAIN: Final = 2.5
"""So much more a word of the lexicon counts."""
_TAG: Final = re.compile(r"#([^#\n]{2,20})#|《([^》\n]{2,20})》")
_WEIGHT_BITS: Final = 4
_HERE: Final = Path(__file__).parent
_NOT_A_NAME: Final = frozenset({"我们", "你们", "他们", "她们", "咱们", "自己", "这家", "那家", "某", "隔壁", "附近", "当地", "本地", "有人", "其他", "昨天", "今天"})  # fmt: skip
_OWNERS: Final = frozenset({"第一", "第二", "第三", "第四", "第五", "第六", "中心", "实验", "附属", "人民"})
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)  # fmt: skip


class Told(msgspec.Struct, frozen=True):
    """What the words of a post tell of it."""

    keywords: tuple[str, ...] = ()
    terms: bytes = b""
    """Hashes of its telling words, names and verbs among them, by which events are found; nothing that can be read."""


def keywords(text: str) -> tuple[str, ...]:
    """Return up to eight words, names before matter, each once; deterministic."""
    return told([text])[0].keywords


def told(texts: Sequence[str]) -> list[Told]:
    """Return keywords and terms of every text."""
    if not texts:
        return []
    cut = words.cut(texts)
    ends = np.searchsorted(cut.text, np.arange(len(texts) + 1))
    terms, term_ends = _terms(cut, len(texts))
    matter, matter_ends = _matter(cut, len(texts))
    bodies = _bodies(texts, cut, ends)
    start, end = cut.start[matter].tolist(), (cut.start + cut.size)[matter].tolist()
    found = []
    for number, text in enumerate(texts):
        named: Sequence[str] = bodies.get(number, ())
        if "#" in text or "《" in text:
            named = [*filter(None, map(_tag, _TAG.findall(text[: words.READ]))), *named]
        own = range(matter_ends[number], matter_ends[number + 1])
        kept = _without_parts(list(dict.fromkeys([*named, *[text[start[word] : end[word]] for word in own]]))[:MOST])
        found.append(Told(kept, terms[term_ends[number] * 4 : term_ends[number + 1] * 4]))
    return found


def _without_parts(found: Sequence[str]) -> tuple[str, ...]:
    if len(found) < 2:
        return tuple(found)
    joined = "\n".join(found)
    return tuple([word for word in found if joined.count(word) == 1])


def _tag(match: tuple[str, str]) -> str:
    """Return a tag or a title; "" for a person's name and for what is no words."""
    tag = (match[0] or match[1]).replace("[超话]", "").strip(" 　\u200b")
    if not 2 <= len(tag) <= 20 or not any("\u4e00" <= letter <= "\u9fff" or letter.isalpha() for letter in tag):
        return ""
    return "" if not match[1] and _is_person(tag) else tag


def _is_person(name: str) -> bool:
    known = words.known(name)
    if known:
        return known[0] == PERSON
    if not 2 <= len(name) <= 4 or name[0] not in _SURNAMES:
        return False
    given = words.known(name[1:])
    return "某" in name or given is None or given[0] == PERSON


def _matter(cut: Cut, texts: int) -> tuple[NDArray[np.int64], list[int]]:
    """Return numbers of the words that may be keywords, by text and the most telling first, and where each text's end."""
    plain = (cut.kind == NOUN) & (cut.telling >= _TELLING) & ~cut.beside
    picked = np.flatnonzero(plain | (cut.kind == MATTER))
    plain_words = _plain()
    asked = cut.hash[picked]
    picked = picked[plain_words[np.searchsorted(plain_words[:-1], asked)] != asked]
    weight = cut.telling[picked] + _LEXICON_GAIN * (cut.kind[picked] == MATTER)
    picked = picked[np.lexsort((picked, -weight, cut.text[picked]))]
    return picked, np.searchsorted(cut.text[picked], np.arange(texts + 1)).tolist()


def _terms(cut: Cut, texts: int) -> tuple[bytes, list[int]]:
    """Return 28 bits of hash and 4 of weight for each text's most telling words, each once, one text after the other."""
    picked = np.flatnonzero((cut.kind != OTHER) & (cut.telling >= _TERM_TELLING))
    weight = np.minimum(cut.telling[picked], 15).round().astype(np.uint64)
    short = (cut.hash[picked] >> np.uint64(36) << np.uint64(_WEIGHT_BITS)) | weight
    # by text, then by falling weight, then by hash; each once
    key = (cut.text[picked].astype(np.uint64) << np.uint64(36)) | ((np.uint64(15) - weight) << np.uint64(32)) | short
    key.sort()
    key = key[np.append(True, key[1:] != key[:-1])] if len(key) else key
    owner = (key >> np.uint64(36)).astype(np.int64)
    begins = np.searchsorted(owner, np.arange(texts + 1))
    rank = np.arange(len(key)) - begins[owner]
    kept = rank < TERMS
    ends = np.searchsorted(owner[kept], np.arange(texts + 1)).tolist()
    return (key[kept] & np.uint64(0xFFFFFFFF)).astype("<u4").tobytes(), ends


def _bodies(texts: Sequence[str], cut: Cut, ends: NDArray[np.int64]) -> dict[int, list[str]]:
    """Return the whole names of institutions by text: the words that stand right before what such a name ends with."""
    found: dict[int, list[str]] = {}
    for at in np.flatnonzero(cut.kind == BODY).tolist():
        text = int(cut.text[at])
        end = int(cut.start[at] + cut.size[at])
        first, begin, tells = at - 1, int(cut.start[at]), False
        while (
            first >= ends[text]
            and begin - int(cut.start[first] + cut.size[first]) == 0
            and end - int(cut.start[first]) <= _NAME_LENGTH
        ):
            word = texts[text][int(cut.start[first]) : begin]
            kind = int(cut.kind[first])
            names = kind in {PLACE, UNKNOWN, LATIN, PERSON, BODY} or word in _OWNERS
            if word in _NOT_A_NAME or not (names or (kind == NOUN and cut.telling[first] >= _NAMING)):
                break
            tells = tells or names or bool(cut.telling[first] >= _NAMING)
            begin, first = int(cut.start[first]), first - 1
        if tells:
            found.setdefault(text, []).append(texts[text][begin:end])
    return found


_NAME_LENGTH: Final = 14
_NAMING: Final = 6.5
"""A noun so seldom may be part of a name; 保险 in 保险公司 is not."""


@cache
def _plain() -> NDArray[np.uint64]:
    listed = (_HERE / "plain_words.txt").read_text("utf-8").split()
    return np.sort(np.array([words.hash_of(word) for word in listed], dtype=np.uint64))
