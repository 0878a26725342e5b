"""Measures the finding of places on own sentences, each with the divisions that it is about, traps among them."""

from pathlib import Path
from typing import Final

import msgspec

from pipeline.regions import regions
from text.normalise import normalise

SENTENCES: Final = Path(__file__).parent / "corpus" / "readings" / "places.jsonl"


class Sentence(msgspec.Struct, frozen=True):
    """A sentence, the place of its source, and the divisions that a reader finds in it."""

    text: str
    regions: tuple[str, ...]
    place: str = ""


class PlaceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How many sentences got exactly their divisions."""

    sentences: int
    right: float
    right_without_place: float
    """Of those that name no place at all: the traps."""
    without_place: int
    wrong: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """Text, what a reader found, what was found."""


def sentences() -> tuple[Sentence, ...]:
    """Return the sentences, CC0, written for this measure."""
    lines = SENTENCES.read_text("utf-8").splitlines()
    return tuple(msgspec.json.decode(line, type=Sentence) for line in lines)


def measure(asked: tuple[Sentence, ...] | None = None) -> PlaceFigures:
    """Find the divisions of every sentence; their order does not matter."""
    asked = sentences() if asked is None else asked
    found = [regions(normalise(one.text), one.place) for one in asked]
    wrong = tuple(
        (one.text, one.regions, said) for one, said in zip(asked, found, strict=True) if set(one.regions) != set(said)
    )
    without = [one for one in asked if not one.regions]
    missed = sum(not wanted for _, wanted, _ in wrong)
    return PlaceFigures(
        sentences=len(asked), right=round(1 - len(wrong) / max(1, len(asked)), 4), wrong=wrong,
        right_without_place=round(1 - missed / max(1, len(without)), 4), without_place=len(without),
    )  # fmt: skip
