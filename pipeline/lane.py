"""Decides whether a post is a plea for help and how pressing it is: visible rules first, then signs added to the score.

A rule's hit stands whatever the score says. Where no rule is certain, the signs of `pipeline.help_signs` are added to
the score's log-odds: such a verdict is marked 模型判断, and it is never called critical. A text that asks nobody for
anything, and in which somebody seems to be in danger all the same, is 疑似危急 too; its `help` stays below one half.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from math import exp, log
from typing import Final, Literal

import msgspec

from contracts.lane import BY_MODEL, DANGER_BY_MODEL, DANGEROUS, LANES, Lane
from contracts.ports.scorer import Judgement
from pipeline import help_rules as rules
from pipeline.help_gate import Sieve
from pipeline.help_guards import GUARDS, Guard, Scope
from pipeline.help_points import Points, points
from pipeline.help_signs import SCORE_WEIGHT, START

PLEA: Final = 0.35
"""From this fused probability on a text without a rule's hit is a plea: missing one weighs more than a look too many."""
DANGER: Final = 0.2
"""From this fused probability on a plea is 疑似危急: one soft sound, somebody looks at it today."""
DANGER_ALONE: Final = 0.25
"""The same for a text that does not ask for anything."""
PLEA_ELSEWHERE: Final = 0.75
"""The same for a text that reads as news, fiction, advertising or a notice."""
DANGER_ELSEWHERE: Final = 0.7
_SILENT: Final = 0.02
"""Below this a score of a plea or of danger says that it hears nothing at all: the signs are not counted."""
_NO_PLEA: Final = 0.49
"""What `help` is at most without a request, and `danger` without a dangerous lane: words and numbers never disagree."""
_CERTAIN: Final = {"critical": (0.95, 0.95), "suspected": (0.95, 0.6), "urgent": (0.8, 0.0), "ordinary": (0.8, 0.0)}
"""What `help` and `danger` are at least after a rule's hit."""
_MARK_LENGTH: Final = 24
_MARKS: Final = 6
"""Words and reasons shown at most."""
_AGAINST: Final = -0.4
"""Points from which on a sign is told as what kept a text from being a plea: fewer are the "她" of many a post."""
_TELLING: Final = 0.2
"""Points from which on a sign is told as what spoke for it: fewer are the "I" of many a post."""
_NEAR: Final = 80
"""Characters before and after a hit in which its person and its present are looked for."""
_ALSO: Final = 150
"""The same for what a rule asks for besides."""
_HITS: Final = 4
"""Hits of one rule that are looked at: what is silenced four times is talk."""


class LaneVerdict(msgspec.Struct, frozen=True):
    """The lane (None: no plea), why, where, and the probabilities after rules and signs had their say."""

    lane: Lane | None
    marks: tuple[str, ...] = ()
    """The words that decided it, as found in the text, behind BY_MODEL where no rule was certain."""
    help: float = 0.0
    danger: float = 0.0
    reasons: tuple[str, ...] = ()
    """Why, in words that an officer understands: the names of the rules or signs, most pressing first."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where the words stand: begin and end in the normalised text."""


class Held(msgspec.Struct, frozen=True):
    """What sounded like a plea and was held back: the rule ("" for the score alone), the guard, and where each stands.

    Where the score alone heard it, the guard may be a sign that speaks against a plea.
    """

    rule: str
    guard: str
    said: tuple[int, int] | None
    guarded: tuple[int, int] | None


class Hit(msgspec.Struct, frozen=True):
    """A rule that hears a text, and where its words stand in the normalised text."""

    rule: str
    begin: int
    end: int


class _Heard(msgspec.Struct, frozen=True):
    """A rule and where it was found."""

    rule: rules.Rule
    begin: int
    end: int


class _Said(msgspec.Struct, frozen=True):
    """What score and signs make of a text that no rule hears, and whether its author asks for something."""

    lane: Lane
    asks: bool


class _Reader(msgspec.Struct, frozen=True):
    rule: rules.Rule
    core: re.Pattern[str]
    who: re.Pattern[str] | None
    also: re.Pattern[str] | None


class _Keeper(msgspec.Struct, frozen=True):
    guard: Guard
    pattern: re.Pattern[str]


_self: Final = re.compile(rules.SELF)
_now: Final = re.compile(rules.PRESENT)
_call: Final = re.compile(rules.CALL)
_request: Final = re.compile(rules.REQUEST)
_who: Final = {"self": _self, "person": re.compile(f"{rules.SELF}|{rules.CLOSE}"), "any": None}
_sieve: Final = Sieve([rule.core for rule in rules.RULES])
_ENDS: Final = "。!?\n;"
_TO_ASCII: Final = tuple(zip("，！？：；（）～", ",!?:;()~", strict=True))


@cache
def _reader(number: int) -> _Reader:
    """Return a rule ready to read; compiled at its first use, since all of them together cost a start .2 s."""
    rule = rules.RULES[number]
    return _Reader(rule, re.compile(rule.core), _who[rule.who], re.compile(rule.also) if rule.also else None)


@cache
def _keepers(scope: Scope) -> tuple[_Keeper, ...]:
    """Return the guards over a text or a sentence; compiled at their first use, as the rules are."""
    return tuple(_Keeper(guard, re.compile(guard.pattern)) for guard in GUARDS if guard.scope == scope)


@cache
def _urgent() -> re.Pattern[str]:
    return re.compile("|".join(rule.core for rule in rules.RULES if rule.lane == "urgent"))


def judge(text: str, judgement: Judgement) -> LaneVerdict:
    """Return the verdict on a normalised text; pure, linear in its length, cheap for a text without words of need."""
    return judge_all([text], [judgement])[0]


def judge_all(texts: Sequence[str], judgements: Sequence[Judgement]) -> list[LaneVerdict]:
    """Return the verdicts on a batch of normalised texts."""
    plains = [in_ascii(text) for text in texts]
    candidates = _sieve.candidates_of(plains)
    return [*map(_judged, texts, plains, judgements, candidates)]


def _judged(text: str, plain: str, judgement: Judgement, candidates: int) -> LaneVerdict:
    heard = _heard(plain, candidates)
    if heard:
        lane: Lane = heard[0].rule.lane
        places = [(one.begin, one.end) for one in heard]
        help_, danger = _CERTAIN[lane]
        reasons = [one.rule.name for one in heard]
        if lane not in DANGEROUS and _sounds_dangerous(judgement, plain):
            lane, danger = "suspected", _CERTAIN["suspected"][1]
            reasons.insert(0, DANGER_BY_MODEL)
        elif lane in DANGEROUS:
            places += [match.span() for match in _call.finditer(plain)]
        return _verdict(
            text, lane, reasons, places,
            (max(judgement.help, help_), max(judgement.danger, danger) if danger else min(judgement.danger, _NO_PLEA)),
        )  # fmt: skip
    if judgement.help < _SILENT and judgement.danger < _SILENT:
        return LaneVerdict(None, (), judgement.help, judgement.danger)
    found = points(plain)
    by_score = _by_score(judgement, found, plain)
    if by_score is None:
        return LaneVerdict(None, (), min(judgement.help, _NO_PLEA), min(judgement.danger, _NO_PLEA))
    dangerous = by_score.lane == "suspected"
    reasons = _strongest(found, "danger" if dangerous else "plea")
    return _verdict(
        text, by_score.lane, [BY_MODEL, *reasons], [match.span() for match in _request.finditer(plain)],
        (max(judgement.help, 0.5) if by_score.asks else min(judgement.help, _NO_PLEA),
         max(judgement.danger, 0.5) if dangerous else min(judgement.danger, _NO_PLEA)),
        (BY_MODEL,),
    )  # fmt: skip


def rules_find(text: str) -> tuple[Lane, tuple[str, ...]] | None:
    """Return the lane and the words by which the visible rules alone make a text a plea, or None."""
    heard = _rules_heard(text)
    return (heard[0].rule.lane, _words(text, [(one.begin, one.end) for one in heard])) if heard else None


def rules_named(text: str) -> tuple[str, ...]:
    """Return the names of the rules that hear a normalised text, most pressing first."""
    return tuple(one.rule.name for one in _rules_heard(text))


def hits(text: str) -> tuple[Hit, ...]:
    """Return the rules that hear a normalised text with the place of their words, most pressing first."""
    return tuple(Hit(one.rule.name, one.begin, one.end) for one in _rules_heard(text))


def held_back(text: str, judgement: Judgement) -> tuple[Held, ...]:
    """Return what a guard kept from being a plea in a normalised text that is none; empty for a plea. Not for the hot path."""
    if judge(text, judgement).lane:
        return ()
    plain = in_ascii(text)
    held: list[Held] = []
    _heard(plain, _sieve.candidates(plain), held)
    found = points(plain)
    if not held and _by_score(judgement, found, plain, doubting=False):
        doubting = (
            (keeper.guard.name, keeper.pattern.search(plain)) for keeper in _keepers("text") if keeper.guard.doubts
        )
        held = [Held("", name, None, hit.span()) for name, hit in doubting if hit]
    elif not held and judgement.help >= _SILENT:
        against = [sign for sign in found.signs if sign.plea <= _AGAINST]
        without = found.plea - sum(sign.plea for sign in against)
        if _probability(judgement.help, without, 0) >= PLEA:
            held = [Held("", sign.name, None, _span(sign.pattern, plain)) for sign in against]
    return tuple(held)


def guards_named(text: str) -> tuple[str, ...]:
    """Return the names of the guards whose words stand in a normalised text."""
    plain = in_ascii(text)
    return tuple(
        keeper.guard.name for keeper in (*_keepers("text"), *_keepers("sentence")) if keeper.pattern.search(plain)
    )


def in_ascii(text: str) -> str:
    """Return the text with ASCII punctuation, character by character: a place in the one is the place in the other."""
    for wide, narrow in _TO_ASCII:
        text = text.replace(wide, narrow)
    return text


def _rules_heard(text: str) -> list[_Heard]:
    plain = in_ascii(text)
    return _heard(plain, _sieve.candidates(plain))


def _heard(plain: str, candidates: int, held: list[Held] | None = None) -> list[_Heard]:
    """Return each rule that hears the text and no guard silences, with its first such hit, most pressing first.

    Only the rules of `candidates` can hear it. What a guard silences is told to `held`, where one is given.
    """
    heard: list[_Heard] = []
    over_text: list[Guard] | None = None
    while candidates:
        lowest = candidates & -candidates
        candidates ^= lowest
        reader = _reader(lowest.bit_length() - 1)
        for count, hit in enumerate(reader.core.finditer(plain)):
            if count == _HITS:
                break
            begin, end = hit.span()
            if reader.who is not None and not reader.who.search(plain, max(0, begin - _NEAR), end + _NEAR):
                continue
            if reader.also is not None and not reader.also.search(plain, max(0, begin - _ALSO), end + _ALSO):
                continue
            if over_text is None:
                over_text = [keeper.guard for keeper in _keepers("text") if keeper.pattern.search(plain)]
            guard = _silenced(plain, reader.rule, begin, end, over_text)
            if guard is None:
                heard.append(_Heard(reader.rule, begin, end))
                break
            if held is not None:
                held.append(Held(reader.rule.name, guard.name, (begin, end), _found(plain, guard, begin, end)))
    heard.sort(key=lambda one: LANES.index(one.rule.lane))
    return heard


def _sentence(plain: str, begin: int, end: int) -> tuple[int, int]:
    """Return where the sentence of a hit begins and ends."""
    first = max(plain.rfind(mark, max(0, begin - _ALSO), begin) for mark in _ENDS) + 1 or max(0, begin - _ALSO)
    stops = (plain.find(mark, end, end + _ALSO) for mark in _ENDS)
    return first, min((stop for stop in stops if stop >= 0), default=end + _ALSO)


def _found(plain: str, guard: Guard, begin: int, end: int) -> tuple[int, int] | None:
    """Return where the words of a guard stand that holds a hit back."""
    first, last = (0, len(plain)) if guard.scope == "text" else _sentence(plain, begin, end)
    return _span(guard.pattern, plain, first, last)


def _span(pattern: str, plain: str, first: int = 0, last: int | None = None) -> tuple[int, int] | None:
    found = re.compile(pattern).search(plain, first, len(plain) if last is None else last) if pattern else None
    return found.span() if found and found.end() > found.start() else None


def _silenced(plain: str, rule: rules.Rule, begin: int, end: int, over_text: Iterable[Guard]) -> Guard | None:
    """Return the guard that holds a hit back; none does where the author tells of a present danger of her own."""
    first, last = _sentence(plain, begin, end)
    holding = [
        *over_text,
        *(keeper.guard for keeper in _keepers("sentence") if keeper.pattern.search(plain, first, last)),
    ]
    if not holding:
        return None
    near = (max(0, begin - _NEAR), end + _NEAR)
    if rule.lane not in DANGEROUS or not (_self.search(plain, *near) and _now.search(plain, *near)):
        return holding[0]
    if _call.search(plain, *near):
        return None
    return next((guard for guard in holding if guard.yields == "rescue"), None)


def _strongest(found: Points, of: Literal["plea", "danger"]) -> list[str]:
    """Return the names of the signs that speak for it, those with most points first; no form is a reason for danger."""
    speaking = [(getattr(sign, of), sign.name) for sign in found.signs if of == "plea" or sign.pattern]
    return [name for worth, name in sorted(speaking, key=lambda one: -one[0]) if worth >= _TELLING]


def _sounds_dangerous(judgement: Judgement, plain: str) -> bool:
    """Say whether a text that a rule already made a plea is a dangerous one by score and signs."""
    return judgement.danger >= _SILENT and _probability(judgement.danger, points(plain).danger, 1) >= DANGER


def _by_score(judgement: Judgement, found: Points, plain: str, *, doubting: bool = True) -> _Said | None:
    plea = _probability(judgement.help, found.plea, 0)
    danger = _probability(judgement.danger, found.danger, 1)
    if plea < PLEA and danger < DANGER_ALONE:
        return None
    elsewhere = doubting and any(keeper.guard.doubts and keeper.pattern.search(plain) for keeper in _keepers("text"))
    asks = plea >= (PLEA_ELSEWHERE if elsewhere else PLEA)
    if danger >= (DANGER_ELSEWHERE if elsewhere else DANGER if asks else DANGER_ALONE):
        return _Said("suspected", asks)
    if not asks:
        return None
    return _Said("urgent" if _urgent().search(plain) else "ordinary", asks)


def _probability(score: float, more: float, of: int) -> float:
    bounded = min(max(score, 0.001), 0.999)
    return 1 / (1 + exp(-(SCORE_WEIGHT[of] * log(bounded / (1 - bounded)) + START[of] + more)))


def _verdict(
    text: str, lane: Lane, reasons: Iterable[str], places: Iterable[tuple[int, int]], numbers: tuple[float, float],
    before: tuple[str, ...] = (),
) -> LaneVerdict:  # fmt: skip
    spans = tuple(dict.fromkeys((begin, min(end, begin + _MARK_LENGTH)) for begin, end in places if end > begin))[
        :_MARKS
    ]
    marks = (*before, *_words(text, spans))[:_MARKS]
    return LaneVerdict(lane, marks, *numbers, tuple(dict.fromkeys(reasons))[:_MARKS], spans)


def _words(text: str, places: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    words = (text[begin : min(end, begin + _MARK_LENGTH)].strip() for begin, end in places)
    return tuple(dict.fromkeys(word for word in words if word))[:_MARKS]
