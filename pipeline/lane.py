"""Decides whether a post is a plea for help and how pressing it is, from visible rules and the scorer's judgement.

Recall of real danger goes first: a rule's hit stands whatever the score says, and a score may make a plea of its own
(then its mark says 模型判断, and it is never called critical on a score alone).
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.lane import Lane
from contracts.ports.scorer import Judgement
from pipeline import help_rules as rules

BY_MODEL: Final = "模型判断"
"""The mark of a plea that no rule found."""
PLEA: Final = 0.5
"""From this probability on the model alone makes a plea: its operating point (see the model card)."""
DANGER: Final = 0.5
_MARKS: Final = 6


class LaneVerdict(msgspec.Struct, frozen=True):
    """The lane (None: no plea), the words that decided it, and the probabilities after the rules had their say."""

    lane: Lane | None
    marks: tuple[str, ...] = ()
    help: float = 0.0
    danger: float = 0.0


def _any(*fragments: str) -> re.Pattern[str]:
    return re.compile("|".join(fragments))


_self = _any(rules.SELF)
_person = _any(rules.SELF, rules.CLOSE)
_now = _any(rules.NOW)
_danger = _any(rules.VIOLENCE, rules.HELD, rules.THREAT, rules.SELF_HARM)
_stalked = _any(rules.STALKED)
_self_harm = _any(rules.SELF_HARM)
_rescue = _any(rules.RESCUE)
_request = _any(rules.REQUEST)
_grievance = _any(rules.GRIEVANCE)
_urgent = _any(rules.URGENT)
_elsewhere = _any(rules.NEWS, rules.FICTION, rules.ADVERT, rules.THANKS)
_talk = _any(rules.TALK, rules.ADVICE, rules.JOKE)
_worth_reading = _any(rules.VIOLENCE, rules.HELD, rules.THREAT, rules.SELF_HARM, rules.STALKED, rules.RESCUE)
_sentence = re.compile(r"[^。！？!?\n；;]+[。！？!?\n；;]*")


def judge(text: str, judgement: Judgement) -> LaneVerdict:
    """Return the verdict on a normalised text; pure, and cheap for a text without any word of need."""
    found = _by_rules(text)
    if found is not None:
        lane, marks = found
        dangerous = lane in {"critical", "suspected"}
        return LaneVerdict(
            lane,
            marks,
            max(judgement.help, 0.95 if dangerous else 0.8),
            max(judgement.danger, {"critical": 0.95, "suspected": 0.6}.get(lane, 0.0)),
        )
    if judgement.help >= PLEA:
        words = tuple(dict.fromkeys(match.group() for match in _request.finditer(text)))
        return LaneVerdict(_by_model(text, judgement), (BY_MODEL, *words)[:_MARKS], judgement.help, judgement.danger)
    return LaneVerdict(None, (), judgement.help, judgement.danger)


def _by_model(text: str, judgement: Judgement) -> Lane:
    if judgement.danger >= DANGER:
        return "suspected"
    return "urgent" if _urgent.search(text) else "ordinary"


def _by_rules(text: str) -> tuple[Lane, tuple[str, ...]] | None:
    if not _worth_reading.search(text):
        return None
    if _elsewhere.search(text):
        return None
    critical: list[str] = []
    suspected: list[str] = []
    urgent: list[str] = []
    rescue = _rescue.search(text)
    asked = rescue or _request.search(text)
    for sentence in _sentence.findall(text):
        if not _person.search(sentence) or _talk.search(sentence):
            continue
        words = _words(_danger, sentence)
        if words and (now := _now.search(sentence)) and (asked or _self.search(sentence)):
            critical += [*words, now.group()]
        elif words and (asked or _self_harm.search(sentence)):
            suspected += words
        elif asked and (words := _words(_stalked, sentence)):
            urgent += words
    if critical:
        return "critical", _marks([*critical, *suspected, *([rescue.group()] if rescue else [])])
    if suspected:
        return "suspected", _marks([*suspected, *([rescue.group()] if rescue else [])])
    if urgent:
        return "urgent", _marks(urgent)
    return None


def _words(pattern: re.Pattern[str], sentence: str) -> list[str]:
    return [match.group() for match in pattern.finditer(sentence)]


def _marks(words: list[str]) -> tuple[str, ...]:
    return tuple(_distinct(words))[:_MARKS]


def _distinct(words: list[str]) -> Iterator[str]:
    return iter(dict.fromkeys(word for word in words if word))
