"""Decides whether a post is a plea for help and how pressing it is, from visible rules and the scorer's judgement.

Recall of real danger goes first: a rule's hit stands whatever the score says, and a score may make a plea of its own
(then its mark says 模型判断, and it is never called critical on a score alone).
"""

import re
from typing import Final

import msgspec

from contracts.lane import DANGEROUS, LANES, Lane
from contracts.ports.scorer import Judgement
from pipeline import help_rules as rules

BY_MODEL: Final = "模型判断"
"""The mark of a plea that no rule found."""
PLEA: Final = 0.5
"""From this probability on the model alone makes a plea: its operating point (see the model card)."""
PLEA_AT_A_HINT: Final = 0.2
"""The same for a text with a word of need: a danger missed weighs more than a look too many."""
PLEA_IN_TALK: Final = 0.92
"""The same for a text that reads as news, fiction, advice, fun, or as a story that is over."""
DANGER: Final = 0.5
_NO_PLEA: Final = 0.49
"""What `help` is at most without a lane, and `danger` without a dangerous one: words and numbers never disagree."""
_MARK_LENGTH: Final = 24
_SHORT: Final = 160
"""Characters that are read as one: a plea is often broken into sentences of five words."""
_MARKS: Final = 6
"""Words shown at most."""


class LaneVerdict(msgspec.Struct, frozen=True):
    """The lane (None: no plea), the words that decided it, and the probabilities after the rules had their say."""

    lane: Lane | None
    marks: tuple[str, ...] = ()
    help: float = 0.0
    danger: float = 0.0


class _Compiled(msgspec.Struct, frozen=True):
    lane: Lane
    core: re.Pattern[str]
    who: re.Pattern[str] | None
    also: re.Pattern[str] | None


_who: Final = {
    "self": re.compile(rules.SELF), "person": re.compile(f"{rules.SELF}|{rules.CLOSE}"), "any": None
}  # fmt: skip
_also: Final = {rule.also: re.compile(rule.also) if rule.also else None for rule in rules.RULES}
_rules: Final = tuple(
    _Compiled(rule.lane, re.compile(rule.core), _who[rule.who], _also[rule.also]) for rule in rules.RULES
)
_any_core: Final = re.compile("|".join(rule.core for rule in rules.RULES))
_elsewhere: Final = re.compile(f"{rules.NEWS}|{rules.FICTION}|{rules.ADVERT}|{rules.OVER}")
_idle: Final = re.compile(f"{rules.TALK}|{rules.ADVICE}|{rules.FUN}")
_hint: Final = re.compile(rules.HINT)
_who_person: Final = re.compile(f"{rules.SELF}|{rules.CLOSE}")
_rescue: Final = re.compile(rules.RESCUE)
_request: Final = re.compile(rules.REQUEST)
_urgent: Final = re.compile("|".join(rule.core for rule in rules.RULES if rule.lane == "urgent"))
_sentence: Final = re.compile(r"[^。!?\n;]+[。!?\n;]*")
_TO_ASCII: Final = str.maketrans("，！？：；（）～", ",!?:;()~")
"""Character by character, so that a place found in the one is the place in the other."""


def judge(text: str, judgement: Judgement) -> LaneVerdict:
    """Return the verdict on a normalised text; pure, and cheap for a text without any word of need."""
    plain = text.translate(_TO_ASCII)
    found = _rules_find(text, plain)
    if found is not None:
        lane, marks = found
        dangerous = lane in DANGEROUS
        return LaneVerdict(
            lane,
            marks,
            max(judgement.help, 0.95 if dangerous else 0.8),
            max(judgement.danger, {"critical": 0.95, "suspected": 0.6}.get(lane, 0.0)),
        )
    hinted = judgement.help >= PLEA_AT_A_HINT and bool(_hint.search(plain) and _who_person.search(plain))
    if judgement.help >= PLEA_AT_A_HINT and judgement.help >= _floor(plain, hinted=hinted):
        words = tuple(dict.fromkeys(match.group() for match in _request.finditer(text)))
        # danger is called by its words: a score of danger alone, without any word of need, rings for nothing too often
        dangerous = hinted and judgement.danger >= DANGER
        return LaneVerdict(
            "suspected" if dangerous else "urgent" if _urgent.search(plain) else "ordinary",
            (BY_MODEL, *words)[:_MARKS],
            max(judgement.help, PLEA),
            judgement.danger if dangerous else min(judgement.danger, _NO_PLEA),
        )
    return LaneVerdict(None, (), min(judgement.help, _NO_PLEA), min(judgement.danger, _NO_PLEA))


def _floor(plain: str, *, hinted: bool) -> float:
    """Return the probability from which the model alone makes this text a plea."""
    if _elsewhere.search(plain) or _idle.search(plain):
        return PLEA_IN_TALK
    return PLEA_AT_A_HINT if hinted else PLEA


def rules_find(text: str) -> tuple[Lane, tuple[str, ...]] | None:
    """Return the lane and the words by which the visible rules alone make a text a plea, or None."""
    return _rules_find(text, text.translate(_TO_ASCII))


def _rules_find(text: str, plain: str) -> tuple[Lane, tuple[str, ...]] | None:
    if not _any_core.search(plain) or _elsewhere.search(plain):
        return None
    hits: dict[Lane, list[tuple[int, int]]] = {}
    allowed = [rule for rule in _rules if rule.also is None or rule.also.search(plain)]
    for start, end in _units(plain):
        for rule in allowed:
            found = rule.core.search(plain, start, end)
            if found is not None and (rule.who is None or rule.who.search(plain, start, end)):
                hits.setdefault(rule.lane, []).append(found.span())
    for lane in LANES:
        if lane in hits:
            spans = [span for found in LANES for span in hits.get(found, ())]
            if lane in DANGEROUS:
                spans += [match.span() for match in _rescue.finditer(plain)]
            words = dict.fromkeys(text[start : min(end, start + _MARK_LENGTH)] for start, end in spans)
            return lane, tuple(words)[:_MARKS]
    return None


def _units(plain: str) -> list[tuple[int, int]]:
    """Return what rules read at a time: a short text as a whole, else each sentence; never what merely talks."""
    if len(plain) <= _SHORT and not _idle.search(plain):
        return [(0, len(plain))]
    return [match.span() for match in _sentence.finditer(plain) if not _idle.search(match.group())]
