"""What the understanding stages say about one post."""

from typing import Final, Literal

import msgspec

from contracts.lane import Lane

MARKED: Final = 0.5
"""From this probability on a post carries the mark: every mark is shifted so that this is its operating point."""

Target = Literal["federation", "institution", ""]
"""At whom a sentiment is directed where a desk cares: the federation, another institution, neither."""


class Sentiment(msgspec.Struct, frozen=True, array_like=True):
    """Probabilities of the three sentiments; they sum to 1."""

    negative: float
    neutral: float
    positive: float


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one post. Probabilities lie in 0..1; `lane` is None for a post that asks no help.

    One that asks for none, and in which somebody may be in danger all the same, is 疑似危急 with `help` below one half.
    """

    sentiment: int
    """-1, 0 or 1: towards what the post is about."""
    sentiment_p: Sentiment
    certain: bool
    """False = 拿不准: shown as such, never hidden in neutral."""
    topics: tuple[str, ...] = ()
    """Codes of `contracts.topic`, likeliest first, at most three; empty for none."""
    help: float = 0.0
    attack: float = 0.0
    counter: float = 0.0
    danger: float = 0.0
    lane: Lane | None = None
    marks: tuple[str, ...] = ()
    """For a plea: the words that made it one, as found in the text (shown to officers; handed to the hotline); behind
    `BY_MODEL` where no rule was certain."""
    reasons: tuple[str, ...] = ()
    """For a plea: the names of the rules or signs that made it one, most pressing first; empty in older scores."""
    regions: tuple[str, ...] = ()
    """Six-digit division codes, most certain first: Hunan to county, elsewhere to city."""
    keywords: tuple[str, ...] = ()
    sketch: int = 0
    """The sketch of older versions, now 0: folds go by `grams`."""
    scorer: str = ""
    """Name and version of the scorer that said so."""
    grams: bytes = b""
    """Similarity sketch of the normalised text (`text.sketch`) for folding reposts; empty for a text too short to fold."""
    terms: bytes = b""
    """Hashes of the telling words, by which posts of one happening are found (`pipeline.event`); empty for a plea."""
    target: Target = ""
    """At whom the sentiment is directed; "" too in scores of older versions."""

    @property
    def may_support(self) -> bool:
        """可能为声援: the text may defend women, or quote an attack to refuse it."""
        return self.counter >= MARKED

    @property
    def may_attack(self) -> bool:
        """疑似攻击: of a text, never of a person; never beside 可能为声援."""
        return self.attack >= MARKED and not self.may_support

    @property
    def is_advice(self) -> bool:
        """意见建议: criticism of the federation itself, owed an answer. A plea is a plea first."""
        return self.target == "federation" and self.sentiment == -1 and self.lane is None and not self.may_attack
