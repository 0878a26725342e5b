"""The words of texts: of all ways to cut their Chinese the likeliest, nearly, for a whole batch at once.

A word of the list wins its characters from every other that would cut across it by how much likelier it is than its
characters alone. The list (`models/words.txt`) comes from the dictionary of jieba (MIT) and the project's own words;
`tools/build_words.py` makes it and counts how many posts have each word.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

NOUN, MATTER, BODY, VERB, PLACE, PERSON, OTHER, UNKNOWN, LATIN = range(9)
"""Kinds. `MATTER`: of the project's own lexicon; `BODY`: what an institution's name ends with; `UNKNOWN`: two to four
characters in a row that the list does not hold, often a name; `LATIN`: letters and digits."""
KINDS: Final = "nmbvspx"
"""How the list writes the first seven."""
RAREST: Final = 9.0
"""How telling a word is that no counted post has; 0 is one that every post has."""
LONGEST: Final = 7
READ: Final = 2000
"""Characters that are read of a text."""
_LIST: Final = Path(__file__).parent / "models" / "words.txt"
_UNUSED: Final = 15.0
"""Minus log probability of a character that is no word of the list."""
_ROUNDS: Final = 3
"""So often what lost against a loser gets its turn."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SLOTS: Final = 17
_SEEN: Final = 21
_WORD: Final = 1
_BEGINS: Final = 2
_LATIN_MOST: Final = 16
_UNKNOWN_MOST: Final = 4
_STOPS_NAMES: Final = (
    "的是不了我人在有他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里又没被把跟很都去还给让吗吧呢啊呀哦嘛啦么她它您咱谁"
    "哪啥怎几多少每各某第只才再最太更别请从向往与及或但因所由如若当叫使将比等无非未已曾正刚便却倒竟偏越用想做看听问走买吃打拿起开关见找写讲条张件句"
    "一二三四五六七八九十百千万两零年月日号点分岁元块层楼"
)
_JOINS_NOUNS: Final = "女男小老大新旧好坏真假前原总副双全半高低主内外"

Ints = NDArray[np.int64]
Numbers = NDArray[np.uint64]


class Cut(msgspec.Struct, frozen=True, eq=False):
    """The words of a batch, in order of text and place: parallel columns."""

    text: Ints
    """Number of the text."""
    start: Ints
    size: Ints
    kind: Ints
    telling: NDArray[np.float64]
    hash: Numbers
    """Of the word in lower case, 64 bits."""
    beside: NDArray[np.bool_]
    """Whether a letter stands right beside it that no word explains: it may be a piece of a name (基德 in 金基德)."""


class _Table(msgspec.Struct, frozen=True, eq=False):
    seen: NDArray[np.uint8]
    """By the upper bits of a hash, more of them than in `first`: whether any word has them (`_WORD`), and whether any
    longer word begins so (`_BEGINS`). Most runs of letters are no word and begin none, and one look tells so."""
    prints: Numbers
    """Hashes of the words, rising; the columns follow."""
    first: Ints
    """By the upper bits of a hash: where its words begin."""
    most: int
    """Words that share those bits, at most."""
    kind: Ints
    telling: NDArray[np.float64]
    gain: NDArray[np.float64]
    """Log probability of the word less that of its characters."""
    is_han: NDArray[np.bool_]
    may_name: NDArray[np.bool_]
    """By code point: whether a character may stand in an unknown word."""
    is_plain: NDArray[np.bool_]
    """Whether a character goes before or after any noun and tells nothing (女 in 女教师)."""
    is_latin: NDArray[np.bool_]
    lower: NDArray[np.uint32]


def cut(texts: Sequence[str]) -> Cut:
    """Return the words of two and more characters of all texts."""
    table = _table()
    read = [text[:READ] for text in texts]
    joined = "\n".join(read) + "\n" * LONGEST
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    points = np.minimum(points, np.uint32(0xFFFF))
    lowered = table.lower[points].astype(np.uint64)
    lengths = np.array([len(text) + 1 for text in read], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    starts, sizes, which = _chosen(lowered, points, table)
    covered = np.zeros(len(points), dtype=bool)
    for place in range(LONGEST):
        covered[starts[sizes > place] + place] = True
    unknown = _runs(table.may_name[points] & ~covered, 2, _UNKNOWN_MOST)
    latin = _runs(table.is_latin[points], 2, _LATIN_MOST)
    latin = latin[:, points[latin[0]] >= ord("A")]
    lone = table.may_name[points] & ~covered & ~table.is_plain[points]
    lone[1:-1] &= ~(table.may_name[points] & ~covered)[:-2] & ~(table.may_name[points] & ~covered)[2:]
    hashes = np.concatenate([table.prints[which], _hash_at(lowered, *unknown), _hash_at(lowered, *latin)])
    start = np.concatenate([starts, unknown[0], latin[0]])
    rest = unknown.shape[1] + latin.shape[1]
    order = np.argsort(start, kind="stable")
    start = start[order]
    size = np.concatenate([sizes, unknown[1], latin[1]])[order]
    text = np.searchsorted(begins, start, side="right") - 1
    return Cut(
        text, start - begins[text], size,
        np.concatenate([table.kind[which], np.full(unknown.shape[1], UNKNOWN), np.full(latin.shape[1], LATIN)])[order],
        np.concatenate([table.telling[which], np.full(rest, RAREST)])[order], hashes[order],
        lone[start - 1] | lone[start + size],
    )  # fmt: skip


def hash_of(word: str) -> int:
    """Return the hash that a cut gives this word."""
    points = np.frombuffer(word.lower().encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    return int(_hash_at(points, np.array([0]), np.array([len(points)]))[0])


def known(word: str) -> tuple[int, float] | None:
    """Return kind and telling of a word of the list; None for another."""
    table = _table()
    found = _numbers(np.array([hash_of(word)], dtype=np.uint64), table)[0]
    return (int(table.kind[found]), float(table.telling[found])) if found >= 0 else None


def _chosen(lowered: Numbers, points: NDArray[np.uint32], table: _Table) -> tuple[Ints, Ints, Ints]:
    """Return start, size and number of the words that win their characters."""
    count = len(points) - LONGEST
    han = table.is_han[points[:count]]
    places = np.flatnonzero(han & table.is_han[points[1 : count + 1]])
    running = _step(_step(np.zeros(len(places), dtype=np.uint64), lowered[places]), lowered[places + 1])
    starts, sizes, which = [], [], []
    for size in range(2, LONGEST + 1):
        if size > 2:
            inside = table.is_han[points[places + size - 1]]
            places, running = places[inside], running[inside]
            running = _step(running, lowered[places + size - 1])
        hashes = _mixed(running)
        seen = table.seen[hashes >> np.uint64(64 - _SEEN)]
        asked = np.flatnonzero(seen & _WORD)
        found = _numbers(hashes[asked], table)
        hit = found >= 0
        starts.append(places[asked[hit]])
        sizes.append(np.full(int(hit.sum()), size))
        which.append(found[hit])
        longer = np.flatnonzero(seen & _BEGINS)
        places, running = places[longer], running[longer]
    start, size_of, word = np.concatenate(starts), np.concatenate(sizes), np.concatenate(which)
    return _winners(start, size_of, word, table.gain[word], len(points))


def _winners(start: Ints, size: Ints, word: Ints, gain: NDArray[np.float64], count: int) -> tuple[Ints, Ints, Ints]:
    """Return the words that are the best for each of their characters; then, of what no winner cuts, again."""
    order = np.argsort(gain, kind="stable")
    start, size, word = start[order], size[order], word[order]  # a word's number is now its rank
    kept: list[Ints] = []
    left = np.arange(len(start))
    taken = np.zeros(count + LONGEST, dtype=bool)
    best = np.full(count + LONGEST, -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        longer = [left[size[left] > place] for place in range(LONGEST)]
        best[:] = -1
        for place, some in enumerate(longer):
            at = start[some] + place
            best[at] = np.maximum(best[at], some)  # rising: where words share a place the last, best one stays
        beaten = np.zeros(len(start), dtype=bool)
        for place, some in enumerate(longer):
            beaten[some[best[start[some] + place] != some]] = True
        won = left[~beaten[left]]
        kept.append(won)
        for place in range(LONGEST):
            taken[start[won[size[won] > place]] + place] = True
        across = np.zeros(len(start), dtype=bool)
        for place, some in enumerate(longer):
            across[some[taken[start[some] + place]]] = True
        left = left[~across[left]]
        if not len(left):
            break
    found = np.concatenate(kept)
    return start[found], size[found], word[found]


def _runs(mask: NDArray[np.bool_], least: int, most: int) -> Ints:
    """Return starts and sizes of the runs of true values of fitting size."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    start, size = edges[::2], edges[1::2] - edges[::2]
    fits = (size >= least) & (size <= most)
    return np.stack([start[fits], size[fits]])


def _step(running: Numbers, point: Numbers) -> Numbers:
    return (running ^ point) * _MIX


def _hash_at(lowered: Numbers, start: Ints, size: Ints) -> Numbers:
    running = np.zeros(len(start), dtype=np.uint64)
    for place in range(int(size.max(initial=0))):
        longer = size > place
        running[longer] = _step(running[longer], lowered[start[longer] + place])
    return _mixed(running)


def _numbers(hashes: Numbers, table: _Table) -> Ints:
    """Return the numbers of the words of these hashes, -1 for none."""
    found = np.full(len(hashes), -1, dtype=np.int64)
    asked, wanted = np.arange(len(hashes)), hashes
    upper = wanted >> np.uint64(64 - _SLOTS)
    at, end = table.first[upper], table.first[upper + np.uint64(1)]
    filled = at < end
    asked, at, end, wanted = asked[filled], at[filled], end[filled], wanted[filled]
    for _ in range(table.most):
        hit = table.prints[at] == wanted
        found[asked[hit]] = at[hit]
        further = ~hit & (at + 1 < end)
        asked, at, end, wanted = asked[further], at[further] + 1, end[further], wanted[further]
        if not len(asked):
            break
    return found


def _mixed(values: Numbers) -> Numbers:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def write(rows: Sequence[tuple[str, str, int, int]], path: Path = _LIST) -> None:
    """Write words with their kind, rarity (minus log probability × 10) and telling (× 10), by length, four lines a length."""
    by_length: dict[int, list[tuple[str, str, int, int]]] = {}
    for row in sorted(rows):
        by_length.setdefault(len(row[0]), []).append(row)
    lines: list[str] = []
    for length in sorted(by_length):
        of_length = by_length[length]
        lines += ["".join(row[0] for row in of_length), "".join(row[1] for row in of_length)]
        lines.append("".join(chr(_NOUGHT + rarity) for _, _, rarity, _ in of_length))
        lines.append("".join(chr(_NOUGHT + telling) for _, _, _, telling in of_length))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    _table.cache_clear()


_NOUGHT: Final = 0x100
"""The letter that stands for 0 in the list."""


@cache
def _table() -> _Table:
    lines = _LIST.read_text("utf-8").split("\n")
    singles = np.full(0x10000, _UNUSED)
    columns: dict[str, list[Any]] = {"prints": [], "kind": [], "rarity": [], "telling": [], "alone": []}
    seen = np.zeros(1 << _SEEN, dtype=np.uint8)
    for number in range(0, len(lines) - 3, 4):
        kinds = np.array([KINDS.index(kind) for kind in lines[number + 1]], dtype=np.int64)
        letters = _points(lines[number]).reshape(len(kinds), -1)
        rarity, telling = ((_points(lines[number + row]) - _NOUGHT) / 10 for row in (2, 3))
        if letters.shape[1] == 1:
            singles[letters[:, 0]] = rarity
            continue
        running = np.zeros(len(letters), dtype=np.uint64)
        for place in range(letters.shape[1]):
            if place > 1:
                seen[_mixed(running) >> np.uint64(64 - _SEEN)] |= _BEGINS
            running = _step(running, letters[:, place].astype(np.uint64))
        for name, column in (
            ("prints", _mixed(running)), ("kind", kinds), ("rarity", rarity), ("telling", telling),
            ("alone", singles[letters].sum(axis=1)),
        ):  # fmt: skip
            columns[name].append(column)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.argsort(joined["prints"])
    prints = joined["prints"][order]
    upper = prints >> np.uint64(64 - _SLOTS)
    first = np.searchsorted(upper, np.arange((1 << _SLOTS) + 1, dtype=np.uint64))
    seen[prints >> np.uint64(64 - _SEEN)] |= _WORD
    every = np.arange(0x10000)
    han = (every >= 0x4E00) & (every < 0xA000)
    may_name = han.copy()
    may_name[[ord(letter) for letter in _STOPS_NAMES]] = False
    plain = np.zeros(0x10000, dtype=bool)
    plain[[ord(letter) for letter in _JOINS_NOUNS]] = True
    letters = np.array([chr(point).isascii() and chr(point).isalnum() for point in range(128)])
    latin = np.zeros(0x10000, dtype=bool)
    latin[:128] = letters
    lower = np.arange(0x10000, dtype=np.uint32)
    lower[65:91] += 32
    return _Table(
        seen, prints, first, int(np.diff(first).max()), joined["kind"][order], joined["telling"][order],
        (joined["alone"] - joined["rarity"])[order], han, may_name, plain, latin, lower,
    )  # fmt: skip


def _points(line: str) -> NDArray[np.uint32]:
    return np.frombuffer(line.encode("utf-32-le"), dtype=np.uint32)
