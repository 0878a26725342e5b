"""The scorer port: sentiment, topics and the four marks of texts."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from contracts.score import Sentiment


class Judgement(msgspec.Struct, frozen=True):
    """A scorer's raw judgement of one text: probabilities only, decisions are the pipeline's."""

    sentiment: Sentiment
    topics: tuple[tuple[str, float], ...] = ()
    """(code, probability), likeliest first, only those at or above the scorer's own operating point."""
    help: float = 0.0
    attack: float = 0.0
    counter: float = 0.0
    danger: float = 0.0


class Scorer(Protocol):
    """Deterministic, order-preserving, total: any text, also an empty one, gets a judgement."""

    @property
    def name(self) -> str:
        """Name and version, kept with every score."""
        ...

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        """Judge normalised texts; one judgement each, in order."""
        ...
