"""The text of an article by the vote of three extractors on one parsed tree.

Readability, jusText and Trafilatura fail on different pages, so what two of them say is nearly always right.
Readability reads best on Chinese pages and jusText costs least: where both say the same, the dearer third is not asked.
Where they differ, the candidate nearest to all others wins, which is the medoid of their distances.

Readability: Arc90, in the port `readability-lxml`. jusText: Pomikálek, "Removing Boilerplate and Duplicate Content from
Web Corpora", 2011. Trafilatura: Barbaresi, ACL 2021. Likeness is the F1 of character 4-gram multisets.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

import justext.core  # type: ignore[import-untyped]
import msgspec
import trafilatura
from justext.paragraph import Paragraph  # type: ignore[import-untyped]
from lxml import etree  # type: ignore[import-untyped]
from readability import Document  # type: ignore[import-untyped]
from readability.readability import Unparseable  # type: ignore[import-untyped]

from crawlers.page_text import element_text

TEXT_MIN: Final = 60
"""Characters below which Readability found nothing: a caption, a date line, a consent banner."""
_SENTENCE_MIN: Final = 15
_AGREE: Final = 0.6
_LIKENESS_CHARACTERS: Final = 12_000
_BLOCKS_MAX: Final = 4_000
"""jusText compares blocks with their neighbours: link farms of 100,000 would take it minutes."""
_MISUSED: Final = ("blockquote", "dl", "div", "img", "ol", "p", "pre", "table", "ul")
_PARAGRAPH_TAGS: Final = justext.core.PARAGRAPH_TAGS
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# jusText counts letters of languages with spaces; a Chinese paragraph says the same in a third of the characters, and
# there is no list of function words that a space would set apart.
_JUSTEXT_LOW: Final = 20
_JUSTEXT_HIGH: Final = 60
_SPACE: Final = re.compile(r"\s+")
_BLANKS: Final = re.compile(r"\t|[ \t]{2,}")

for _name in ("readability.readability", "trafilatura"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # they log what a page says; our own line tells what failed


class Vote(msgspec.Struct, frozen=True):
    """The text that won, a line for each block, and who said it: readability, justext or trafilatura; "" for none."""

    text: str = ""
    winner: str = ""
    candidates: int = 0


def vote(root: Any, blocks: "Sequence[Block] | None" = None) -> Vote:
    """Return the article's text of a tree that `drop_unseen` has been over; the tree stays as it is."""
    read = _readability(root)
    checked = _justext(page_blocks(root) if blocks is None else blocks)
    if _is_text(read) and (len(read) < TEXT_MIN or likeness(read, checked) >= _AGREE):
        return Vote(read, "readability", 2)
    candidates = {"readability": read, "trafilatura": _trafilatura(root), "justext": checked}
    candidates = {name: text for name, text in candidates.items() if _is_text(text)} or {
        name: text for name, text in candidates.items() if text
    }
    if not candidates:
        return Vote()
    grams = {name: _grams(text) for name, text in candidates.items()}
    # Equal votes go to the better reader: the order above.
    winner = max(
        candidates, key=lambda name: sum(_f1(grams[name], grams[other]) for other in candidates if other != name)
    )
    return Vote(candidates[winner], winner, len(candidates))


def _is_text(text: str) -> bool:
    """Whether it may be an article: long enough, or at least one whole sentence (停水通知 have no more)."""
    return len(text) >= TEXT_MIN or (len(text) >= _SENTENCE_MIN and "。" in text)


def likeness(one: str, other: str) -> float:
    """Return the F1 of the character 4-gram multisets of two texts, spaces aside, within 0 and 1."""
    return _f1(_grams(one), _grams(other))


def _grams(text: str) -> Counter[str]:
    text = _SPACE.sub("", text)[:_LIKENESS_CHARACTERS]
    return Counter(text[place : place + 4] for place in range(max(len(text) - 3, 0)))


def _f1(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


class _Readability(Document):  # type: ignore[misc]  # the library has no types
    """Readability on a copy of our tree, with its answer left as a tree.

    Its first step asks of every div whether a block is within, by writing the div out as text, which is half of its
    time. Asked of the tree it is the same question. How much of an element is link it measures again for every element
    around; while nothing changes in the tree each length is taken once.
    """

    _divs_are_judged = False
    _lengths: "dict[Any, int] | None" = None

    def get_clean_html(self) -> str:
        # Only its length is asked for, to tell an answer from a scrap; the library's own cleaning of attributes takes
        # minutes on a page that is made for it.
        html: str = etree.tostring(self.html, encoding="unicode", method="html")
        return html

    def _parse(self, root: Any) -> Any:
        copy = deepcopy(root)  # cleaned already, and its links go nowhere
        self._elements = list(copy.iter())  # lxml makes a new object of an element that nobody holds, again and again
        return copy

    def score_paragraphs(self) -> Any:
        self._lengths = {}
        try:
            return super().score_paragraphs()
        finally:
            self._lengths = None

    def get_link_density(self, elem: Any) -> float:
        links = sum(map(self._length, elem.iterdescendants("a")))
        return links / max(self._length(elem), 1)

    def _length(self, element: Any) -> int:
        if self._lengths is None:
            return text_length(element.text_content())
        if (length := self._lengths.get(element)) is None:
            length = self._lengths[element] = text_length(element.text_content())
        return length

    def transform_misused_divs_into_paragraphs(self) -> None:
        for div in self.html.findall(".//div"):
            if next(div.iterdescendants(*_MISUSED), None) is None:
                div.tag = "p"
        self._divs_are_judged = True
        super().transform_misused_divs_into_paragraphs()

    def tags(self, node: Any, *tag_names: str) -> Iterator[Any]:
        if self._divs_are_judged and tag_names == ("div",):
            self._divs_are_judged = False  # the library's own first step finds nothing left to judge
            return
        yield from super().tags(node, *tag_names)


def text_length(text: str) -> int:
    """Return how long a text is to Readability: white space around and between lines and the like counts once."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return max(len(lines) - 1, 0) + sum(
        len(_BLANKS.sub(" ", line)) if "\t" in line or "  " in line else len(line) for line in lines
    )


def _readability(root: Any) -> str:
    document = _Readability(root)
    try:
        document.summary(html_partial=True)
    except (Unparseable, RecursionError):
        return ""
    return element_text(document.html)


def _trafilatura(root: Any) -> str:
    try:
        # fast: without its own calls of the other two readers, which are asked already
        found = trafilatura.bare_extraction(root, include_comments=False, fast=True)
    except (
        etree.LxmlError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        RecursionError,
        AssertionError,
    ):
        return ""  # a page that one reader cannot stand is left to the others
    text = getattr(found, "text", "") or ""
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split("\n")) if line)


class Block(Paragraph):  # type: ignore[misc]  # the library has no types
    """A paragraph of jusText that keeps its text once it is whole, and the element that it began in."""

    def __init__(self, element: Any, *, is_heading: bool) -> None:
        self.element = element
        self.dom_path = "h1" if is_heading else ""
        self.xpath = ""
        self.text_nodes: list[str] = []
        self.chars_count_in_links = 0
        self.tags_count = 0
        self.class_type = ""
        self._text: str | None = None

    @property
    def is_heading(self) -> bool:
        return bool(self.dom_path)

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = " ".join("".join(self.text_nodes).split())
        return self._text

    def stopwords_density(self, stopwords: object) -> float:  # noqa: ARG002 - that of the library
        return 0.0


def page_blocks(root: Any) -> list[Block]:
    """Return the blocks of text of a page in their order, as jusText cuts them; at most 4,000."""
    blocks: list[Block] = []
    links = headings = 0
    was_break = False
    block = Block(root, is_heading=False)

    def cut(element: Any) -> None:
        nonlocal block
        if block.text_nodes and block.text:
            blocks.append(block)
        block = Block(element, is_heading=headings > 0)

    def say(text: str | None) -> None:
        nonlocal was_break
        if text and not text.isspace():
            block.text_nodes.append(text)
            was_break = False
            if links:
                block.chars_count_in_links += len(text.strip())

    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if event == "start":
            headings += tag in _HEADINGS
            if tag in _PARAGRAPH_TAGS or (tag == "br" and was_break):
                cut(element)
            elif tag == "br":
                was_break = True
                block.text_nodes.append(" ")
            links += tag == "a"
            if tag != "head":
                say(element.text)
            continue
        headings -= tag in _HEADINGS
        links -= tag == "a"
        if tag in _PARAGRAPH_TAGS:
            cut(element.getparent())
        if element is not root:
            say(element.tail)
        if len(blocks) >= _BLOCKS_MAX:
            break
    cut(root)
    return blocks


def _justext(blocks: Sequence[Block]) -> str:
    justext.core.classify_paragraphs(
        blocks, (), length_low=_JUSTEXT_LOW, length_high=_JUSTEXT_HIGH, stopwords_low=0, stopwords_high=0
    )
    justext.core.revise_paragraph_classification(blocks)
    return "\n".join(block.text for block in blocks if block.class_type == "good")
