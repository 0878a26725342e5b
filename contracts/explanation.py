"""Why a scorer judged a text as it did: for every head the stretches of text that weighed most."""

from collections.abc import Callable

import msgspec

from contracts.lane import Lane


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


class PleaReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a text is a plea, or why what sounds like one is none.

    `name` is a rule's, a sign's or, with `guard`, the rule's that the guard held back ("" where the score alone heard it).
    """

    name: str
    guard: str = ""
    """The kind of text that no plea is: 新闻报道, 往事, 广告 …; "" for a reason that counts."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where the rule's words stand in the shown text; of a held-back one the guard's words come last."""


class PleaVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What rules and score together make of a text today: its lane, or None, and why."""

    lane: Lane | None = None
    by_model: bool = False
    """No rule was certain: score and signs decided."""
    reasons: tuple[PleaReason, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """What the model alone says, before the rules for pleas and counter-speech have their say; and what those say."""

    scorer: str
    heads: tuple[HeadReason, ...]
    plea: PleaVerdict = PleaVerdict()

    def of(self, head: str) -> HeadReason:
        """Return one head. Raises KeyError for a name that is none."""
        for one in self.heads:
            if one.head == head:
                return one
        raise KeyError(head)


Explain = Callable[[str], Explanation]
"""From a text as it is shown to the reasons of its judgement; computed when asked, stored nowhere."""
