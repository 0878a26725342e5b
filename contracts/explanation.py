"""Why a scorer judged a text as it did: for every head the stretches of text that weighed most."""

from collections.abc import Callable

import msgspec


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Characters `start` up to `end` of the shown text, and what they added to the head's log-odds (below 0: against it)."""

    start: int
    end: int
    weight: float


class HeadReason(msgspec.Struct, frozen=True):
    """One head: its probability, and its strongest spans, the strongest first; they never overlap."""

    head: str
    """`negative`, `neutral`, `positive`, a topic's code, or `help`, `attack`, `counter`, `danger`."""
    p: float
    spans: tuple[Span, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """What the model alone says, before the rules for pleas and counter-speech have their say."""

    scorer: str
    heads: tuple[HeadReason, ...]

    def of(self, head: str) -> HeadReason:
        """Return one head. Raises KeyError for a name that is none."""
        for one in self.heads:
            if one.head == head:
                return one
        raise KeyError(head)


Explain = Callable[[str], Explanation]
"""From a text as it is shown to the reasons of its judgement; computed when asked, stored nowhere."""
