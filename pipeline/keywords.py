"""The distinctive words of a post: what it tags, quotes and names, and the words of its matter. No segmentation."""

import re
from functools import cache
from itertools import compress, count
from operator import add
from pathlib import Path
from typing import Final

MOST: Final = 8
_READ: Final = 2000
_TAG: Final = re.compile(r"#([^#\n]{2,20})#|《([^》\n]{2,20})》")
_BODY_END: Final = re.compile(
    "公司|集团|医院|幼儿园|小学|中学|学院|大学|学校|法院|派出所|工厂|(?:电子|制衣|服装|[鞋纱食])厂|(?:工业|产业)园|街道办|村委会|居委会|妇联|商场|超市|培训机构|月子中心|敬老院"
)
_NAME: Final = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+$")
_NAME_LENGTH: Final = 12
_BEFORE_A_NAME: Final = re.compile(
    r".*(?:[的在是和与把被我你他她它们说了去到就有让从那这家个某于及对向给跟叫为因但也都还又才再只很太着过等吗呢吧啊]|听说|昨天|今天|我们|你们|隔壁|本地|附近|当地|有人)"
)
_LEXICON: Final = Path(__file__).parent / "lexicon.txt"


def keywords(text: str) -> tuple[str, ...]:
    """Return up to eight words in order of appearance, names before matter; deterministic, each once."""
    read = text[:_READ]
    named = [tag or title for tag, title in _TAG.findall(read)]
    named += [name for match in _BODY_END.finditer(read) if (name := _name(read, match))]
    return tuple(dict.fromkeys([*named, *_matter(read)]))[:MOST]


def is_distinctive(keyword: str) -> bool:
    """Whether the word names something (a tag, a title, a body), rather than a matter that many posts share."""
    return keyword not in _lexicon()


def _name(text: str, end: re.Match[str]) -> str:
    """Return the whole name of a body whose last word was found; "" when nothing stands before it."""
    before = _NAME.search(text[max(0, end.start() - _NAME_LENGTH) : end.start()])
    first = _BEFORE_A_NAME.sub("", before.group()) if before else ""
    return first + end.group() if first else ""


def _matter(text: str) -> list[str]:
    found: list[str] = []
    table = _by_beginning()
    end = 0
    pairs = map(table.__contains__, map(add, text, text[1:]))  # the loop over characters stays in C
    for start in compress(count(), pairs):
        if start < end:
            continue
        for word in table[text[start : start + 2]]:
            if text.startswith(word, start):
                found.append(word)
                end = start + len(word)
                break
    return found


@cache
def _lexicon() -> frozenset[str]:
    return frozenset(_LEXICON.read_text("utf-8").split())


@cache
def _by_beginning() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for word in sorted(_lexicon(), key=lambda word: (-len(word), word)):
        table.setdefault(word[:2], []).append(word)
    return {beginning: tuple(words) for beginning, words in table.items()}
