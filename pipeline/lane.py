"""Decides whether a post is a plea for help and how pressing it is, from visible rules and the scorer's judgement.

Recall of real danger goes first: a rule's hit stands whatever the score says, and a score may make a plea of its own
(then its mark says 模型判断, and it is never called critical on a score alone).
"""

import re
from typing import Final

import msgspec

from contracts.lane import LANES, Lane
from contracts.ports.scorer import Judgement
from pipeline import help_rules as rules
from pipeline.help_gate import Sieve
from pipeline.help_guards import GUARDS, Guard

BY_MODEL: Final = "模型判断"
"""The mark of a plea that no rule found."""
PLEA: Final = 0.5
"""From this probability on the model alone makes a plea: its operating point (see the model card)."""
DANGER: Final = 0.5
_NO_PLEA: Final = 0.49
"""What `help` is at most without a lane, and `danger` without a dangerous one: words and numbers never disagree."""
_MARK_LENGTH: Final = 24
_MARKS: Final = 6
"""Words shown at most."""
_NEAR: Final = 80
"""Characters before and after a hit in which its person and its present are looked for."""
_ALSO: Final = 150
"""The same for what a rule asks for besides."""
_HITS: Final = 4
"""Hits of one rule that are looked at: what a guard silences four times is talk."""


class LaneVerdict(msgspec.Struct, frozen=True):
    """The lane (None: no plea), the words that decided it, and the probabilities after the rules had their say."""

    lane: Lane | None
    marks: tuple[str, ...] = ()
    """As found in the text."""
    help: float = 0.0
    danger: float = 0.0
    reasons: tuple[str, ...] = ()
    """Why, in words that an officer understands: the names of the rules or signs."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where the marks stand: begin and end in the normalised text."""


class _Compiled(msgspec.Struct, frozen=True):
    rule: rules.Rule
    core: re.Pattern[str]
    also: re.Pattern[str] | None


class _Held(msgspec.Struct, frozen=True):
    guard: Guard
    pattern: re.Pattern[str]


_self: Final = re.compile(rules.SELF)
_who: Final = {"self": _self, "person": re.compile(f"{rules.SELF}|{rules.CLOSE}"), "any": None}
_also: Final = {rule.also: re.compile(rule.also) if rule.also else None for rule in rules.RULES}
_rules: Final = tuple(_Compiled(rule, re.compile(rule.core), _also[rule.also]) for rule in rules.RULES)
_sieve: Final = Sieve([rule.core for rule in rules.RULES])
_over_text: Final = tuple(_Held(guard, re.compile(guard.pattern)) for guard in GUARDS if guard.scope == "text")
_over_sentence: Final = tuple(_Held(guard, re.compile(guard.pattern)) for guard in GUARDS if guard.scope == "sentence")
_now: Final = re.compile(rules.PRESENT)
_rescue: Final = re.compile(rules.CALL)
_DANGEROUS: Final = frozenset({"critical", "suspected"})
_ENDS: Final = "。!?\n;"


def _plain(text: str) -> str:
    """Return the text with ASCII punctuation, character by character: a place in the one is the place in the other."""
    for wide, narrow in (("，", ","), ("！", "!"), ("？", "?"), ("：", ":"), ("；", ";"), ("（", "("), ("）", ")")):
        text = text.replace(wide, narrow)
    return text


def rules_find(text: str) -> tuple[Lane, tuple[str, ...]] | None:
    """Return the lane and the words by which the visible rules alone make a text a plea, or None."""
    found = _rules_find(_plain(text))
    return None if not found else (found[0][0].lane, tuple(text[a:b] for _, a, b in found))


def _rules_find(plain: str) -> list[tuple[rules.Rule, int, int]]:
    found = []
    candidates = _sieve.candidates(plain)
    held: list[Guard] | None = None
    while candidates:
        lowest = candidates & -candidates
        candidates ^= lowest
        one = _rules[lowest.bit_length() - 1]
        for count, hit in enumerate(one.core.finditer(plain)):
            if count == _HITS:
                break
            begin, end = hit.span()
            who = _who[one.rule.who]
            if who is not None and not who.search(plain, max(0, begin - _NEAR), end + _NEAR):
                continue
            if one.also is not None and not one.also.search(plain, max(0, begin - _ALSO), end + _ALSO):
                continue
            if held is None:
                held = [each.guard for each in _over_text if each.pattern.search(plain)]
            if _silent(plain, one.rule, begin, end, held):
                continue
            found.append((one.rule, begin, end))
            break
    found.sort(key=lambda each: LANES.index(each[0].lane))
    return found


def _silent(plain, rule, begin, end, held):
    start = max(plain.rfind(mark, 0, begin) for mark in _ENDS) + 1
    stops = [at for mark in _ENDS if (at := plain.find(mark, end)) >= 0]
    stop = min(stops, default=len(plain))
    holding = held + [each.guard for each in _over_sentence if each.pattern.search(plain, start, stop)]
    if not holding:
        return False
    if rule.lane not in _DANGEROUS:
        return True
    near = (max(0, begin - _NEAR), end + _NEAR)
    if not (_self.search(plain, *near) and _now.search(plain, *near)):
        return True
    return any(guard.yields == "rescue" for guard in holding) and not _rescue.search(plain, *near)


def judge(text: str, judgement: Judgement) -> LaneVerdict:
    plain = _plain(text)
    found = _rules_find(plain)
    if found:
        lane = found[0][0].lane
        dangerous = lane in _DANGEROUS
        return LaneVerdict(lane, tuple(text[a:b] for _, a, b in found)[:_MARKS], max(judgement.help, .95 if dangerous else .8),
            max(judgement.danger, {"critical": 0.95, "suspected": 0.6}.get(lane, 0.0)), tuple(r.name for r,_,_ in found))
    if judgement.help >= PLEA:
        return LaneVerdict("ordinary", (BY_MODEL,), judgement.help)
    return LaneVerdict(None)
