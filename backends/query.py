"""The text of a question: parsed here, so that nobody's typing reaches FTS5 as syntax.

Blanks are AND and bind tighter than OR; NOT or a leading minus excludes; quotes and an unquoted run are phrases.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from contracts.errors import Rejected
from text.split import for_search, tokens

_LONGEST: Final = 1_000
_DEEPEST: Final = 20
_LEXEME: Final = re.compile(
    r"""\s+ | (?P<open>[(（]) | (?P<close>[)）]) | ["“”](?P<quoted>[^"“”]*)(?P<end>["“”]?) | (?P<minus>-)(?=\S) | (?P<word>[^\s()（）"“”]+)""",
    re.VERBOSE,
)


class Phrase(msgspec.Struct, frozen=True):
    """Tokens that stand side by side."""

    tokens: tuple[str, ...]


class Every(msgspec.Struct, frozen=True):
    """All of `wanted` and none of `excluded`; `wanted` is never empty."""

    wanted: "tuple[Node, ...]"
    excluded: "tuple[Node, ...]" = ()


class Any(msgspec.Struct, frozen=True):
    """At least one of `wanted`."""

    wanted: "tuple[Node, ...]"


Node = Phrase | Every | Any


class _Lexeme(msgspec.Struct, frozen=True):
    kind: str
    value: str
    place: int
    """Counted from 1, as people do."""


def parse(text: str) -> Node | None:
    """Return the tree of a question, None for an empty one. Raises Rejected saying where it breaks and how to write it."""
    if len(text) > _LONGEST:
        raise Rejected(f"查询有 {len(text)} 个字符，最多 {_LONGEST} 个；请缩短。")
    if not text.strip():
        return None
    return _Parser(list(_lexemes(text)), len(text) + 1).whole()


def highlights(node: Node, text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of `text` in which a wanted phrase stands, in order, none overlapping."""
    split = tokens(text)
    places: dict[str, list[int]] = {}
    for at, (token, _, _) in enumerate(split):
        places.setdefault(token, []).append(at)
    spans = sorted(
        (split[at][1], split[at + len(phrase) - 1][2])
        for phrase in {found.tokens for found in _phrases(node)}
        for at in places.get(phrase[0], ())
        if tuple(token for token, _, _ in split[at : at + len(phrase)]) == phrase
    )
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _phrases(node: Node) -> Iterator[Phrase]:
    if isinstance(node, Phrase):
        yield node
    else:
        for child in node.wanted:
            yield from _phrases(child)


def _lexemes(text: str) -> Iterator[_Lexeme]:
    for found in _LEXEME.finditer(text):
        place = found.start() + 1
        if found["open"]:
            yield _Lexeme("(", "(", place)
        elif found["close"]:
            yield _Lexeme(")", ")", place)
        elif found["minus"]:
            yield _Lexeme("NOT", "-", place)
        elif found["word"] in ("OR", "NOT", "AND"):
            yield _Lexeme(found["word"], found["word"], place)
        elif found["word"]:
            yield _Lexeme("phrase", found["word"], place)
        elif found["quoted"] is not None:
            if not found["end"]:
                raise Rejected(f'查询第 {place} 个字符处的引号没有闭合；短语请写成 "生育 津贴"。')
            yield _Lexeme("phrase", found["quoted"], place)


class _Parser:
    """Recursive descent over the lexemes: any → every → one."""

    def __init__(self, lexemes: Sequence[_Lexeme], end: int) -> None:
        self._left = list(reversed(lexemes))
        self._end = _Lexeme("end", "", end)

    def whole(self) -> Node:
        node = self._any(0)
        left = self._look()
        if left.kind != "end":
            raise Rejected(f"查询第 {left.place} 个字符处多了一个右括号；请删去它，或补上左括号。")
        return node

    def _any(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise Rejected(f"查询第 {self._look().place} 个字符处的括号套了超过 {_DEEPEST} 层；请化简。")
        choices = [self._every(depth)]
        while self._look().kind == "OR":
            self._take()
            choices.append(self._every(depth))
        return choices[0] if len(choices) == 1 else Any(tuple(choices))

    def _every(self, depth: int) -> Node:
        start = self._look()
        wanted: list[Node] = []
        excluded: list[Node] = []
        while (kind := self._look().kind) not in (")", "OR", "end"):
            if kind == "AND":
                joint = self._take()
                if not (wanted or excluded) or self._look().kind in (")", "OR", "AND", "end"):
                    raise Rejected(f"查询第 {joint.place} 个字符处的 AND 缺一边；请写成 甲 AND 乙，或用空格隔开。")
            elif kind == "NOT":
                minus = self._take()
                if self._look().kind not in ("phrase", "("):
                    raise Rejected(
                        f"查询第 {minus.place} 个字符处的 {minus.value} 后面没有要排除的词；请写成 甲 NOT 乙 或 甲 -乙。"
                    )
                excluded.append(self._one(depth))
            else:
                wanted.append(self._one(depth))
        if not wanted:
            self._missing(start, excluded=bool(excluded))
        return wanted[0] if len(wanted) == 1 and not excluded else Every(tuple(wanted), tuple(excluded))

    def _missing(self, start: _Lexeme, *, excluded: bool) -> None:
        if excluded:
            raise Rejected(f"查询第 {start.place} 个字符起只有要排除的词；请至少写一个要找的词，如 甲 -乙。")
        if start.kind == ")":
            raise Rejected(f"查询第 {start.place} 个字符处的右括号前面是空的；请在括号里写词，或删去括号。")
        raise Rejected(f"查询第 {start.place} 个字符处缺一个要找的词；OR 两边和括号里都要有词，如 甲 OR 乙。")

    def _one(self, depth: int) -> Node:
        lexeme = self._take()
        if lexeme.kind == "(":
            node = self._any(depth + 1)
            if self._take().kind != ")":
                raise Rejected(f"查询第 {lexeme.place} 个字符处的左括号没有闭合；请补上右括号。")
            return node
        words = tuple(for_search(lexeme.value).split())
        if not words:
            raise Rejected(f"查询第 {lexeme.place} 个字符处的“{lexeme.value}”里没有可查的字；请写汉字、字母或数字。")
        return Phrase(words)

    def _look(self) -> _Lexeme:
        return self._left[-1] if self._left else self._end

    def _take(self) -> _Lexeme:
        return self._left.pop() if self._left else self._end
