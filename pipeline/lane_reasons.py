"""Why a text is a plea, or why what sounds like one is none: rules, signs and guards by name, their words in place.

Computed when somebody asks, never on the way of a post: `pipeline.lane.judge` is asked once more, then told apart.
"""

import re
from collections.abc import Sequence
from typing import Final

from contracts.explanation import PleaReason, PleaVerdict
from contracts.lane import BY_MODEL
from contracts.ports.scorer import Judgement
from pipeline import lane
from pipeline.help_signs import SIGNS

_TELLING: Final = 0.3
"""Points from which on a sign's words are marked: fewer are the "我" of nearly every post."""
_SIGNS: Final = {
    sign.name: re.compile(sign.pattern) for sign in SIGNS if sign.pattern and max(sign.plea, sign.danger) >= _TELLING
}
_HELD: Final = 3
"""Held-back reasons shown at most: one guard mostly silences many rules."""


def plea_verdict(clean: str, places: Sequence[int], judgement: Judgement) -> PleaVerdict:
    """Return the verdict on a normalised text whose characters stand at `places` of the shown one; pure."""

    def shown(begin: int, end: int) -> tuple[int, int]:
        return places[begin], places[end - 1] + 1

    verdict = lane.judge(clean, judgement)
    if verdict.lane is None:
        once = {(one.rule, one.guard): one for one in reversed(lane.held_back(clean, judgement))}
        held = tuple(once.values())[::-1][:_HELD]
        return PleaVerdict(
            reasons=tuple(
                PleaReason(
                    name=one.rule,
                    guard=one.guard,
                    spans=tuple(shown(*span) for span in (one.said, one.guarded) if span),
                )
                for one in held
            )
        )
    by_model = BY_MODEL in verdict.reasons
    spans = {one.rule: (one.begin, one.end) for one in lane.hits(clean)}
    if by_model:
        plain = lane.in_ascii(clean)
        spans = {name: hit.span() for name, sign in _SIGNS.items() if (hit := sign.search(plain)) and hit.group()}
    reasons = [
        PleaReason(name=name, spans=(shown(*spans[name]),) if name in spans else ())
        for name in verdict.reasons
        if name != BY_MODEL
    ]
    if by_model:
        asked = tuple(shown(*span) for span in verdict.spans)
        reasons.insert(0, PleaReason(name=BY_MODEL, spans=asked))
    return PleaVerdict(lane=verdict.lane, by_model=by_model, reasons=tuple(reasons))
