"""Which posts are about one happening: words that few posts have, within three days, the same topic and place preferred.

Posts come one at a time; each joins the event it is nearest to or begins one (single-pass clustering, Allan et al. 1998).
A post that is near two events that have become alike merges them: its announcement says so, no post is written anew. An
event that grew to hold two matters is split: later posts of the second matter get an event of their own. Pleas are never
given to it.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec

from contracts.identity import digest

QUIET: Final = timedelta(hours=72)
"""An event without a post for so long is over; what comes later is a new one."""
_QUIET_H: Final = QUIET.total_seconds() / 3600
CAPACITY: Final = 20_000
"""Events in memory, some 3 kB each; the one that had no post for longest goes first."""
JOINS: Final = 0.12
"""From this nearness on a post joins: chosen, with the numbers below, on the threads of the training writers."""
MERGES: Final = 0.3
"""Two events of so alike words are one."""
_FADES_H: Final = 24.0
"""After so many hours without a post an event is 1/e as near."""
_SAME_TOPIC, _OTHER_TOPIC = 1.5, 0.5
_SAME_PLACE, _OTHER_PLACE = 1.3, 0.6
_LEAST_TERMS: Final = 3
"""A post of fewer telling words begins no event."""
_LOOKED_UP: Final = 9
"""Of a post's terms the most telling so many lead to candidates."""
_REMEMBERED: Final = 4
"""Events that a term leads to: those it was seen in last."""
_COMPARED: Final = 3
_TERMS: Final = 96
"""Terms that an event keeps; at twice as many the lightest go."""
_MEMBERS: Final = 16
"""Newest posts of an event that a split can tell apart."""
_SPLITS_FROM: Final = 12
_APART: Final = 0.02
_PART: Final = 4
"""Posts that each half of a split has at least."""
_PLACES: Final = 8

Vector = Mapping[int, float]


class Features(msgspec.Struct, frozen=True):
    """What of a post tells its event."""

    at: datetime
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    terms: bytes = b""
    """As in `Score.terms`."""


class Belonging(msgspec.Struct, frozen=True):
    """Where a post belongs: its event ("" for none), and another that is merged into that one by it."""

    event: str = ""
    absorbed: str = ""


class _Event(msgspec.Struct, eq=False):
    id: str
    last_h: float
    """Hour of its newest post."""
    number: int
    """Rising with age: the elder of two keeps its name."""
    sums: dict[int, float]
    """Sum of its posts' vectors."""
    square: float
    members: dict[str, Vector]
    """Its newest posts, oldest first."""
    posts: int = 0
    topics: dict[str, int] = {}
    places: dict[str, int] = {}


class Events:
    """The running events in memory. What it answers depends only on what was added before, in that order."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._events: OrderedDict[str, _Event] = OrderedDict()
        self._by_term: OrderedDict[int, dict[_Event, None]] = OrderedDict()
        self._merged: OrderedDict[str, str] = OrderedDict()
        self._begun = 0

    @property
    def aliases(self) -> Mapping[str, str]:
        """Events that were merged, and the event that each is now part of."""
        return {event: self.standing(event) for event in self._merged}

    def standing(self, event: str) -> str:
        """Return the event that this one is part of by now; itself where it was never merged."""
        while event in self._merged:
            event = self._merged[event]
        return event

    def belonging(self, post: str, features: Features) -> Belonging:
        """Return the event that a post belongs to, a new one named after the post, or none for a post without a happening."""
        vector = _vector(features.terms)
        if not vector:
            return Belonging()
        hour = _hour(features.at)
        near = [(self._nearness(event, vector, hour, features), event) for event in self._candidates(vector)]
        near = [one for one in near if one[0] > JOINS]
        if near:
            near.sort(key=_nearest)
            event = near[0][1]
            if len(near) > 1 and self._are_one(event, other := near[1][1]):
                elder, younger = (event, other) if event.number < other.number else (other, event)
                return Belonging(elder.id, younger.id)
            return Belonging(event.id)
        begins = bool(features.topics) and len(vector) >= _LEAST_TERMS
        return Belonging(digest("event", post)) if begins else Belonging()

    def add(self, post: str, belonging: Belonging, features: Features, *, is_copy: bool = False) -> None:
        """Remember that a post belongs to the event, and what it merged; twice changes nothing.

        A copy keeps its event going, but lends it no words: what is often repeated must not outweigh what is told.
        """
        event = self.standing(belonging.event)
        known = self._events.get(event)
        hour = _hour(features.at)
        if known:
            known.last_h = max(known.last_h, hour)
            self._events.move_to_end(event)
            if is_copy or post in known.members:
                return
        vector = _vector(features.terms)
        if not event or not vector:
            return
        if known is None:
            known = self._begin(event, hour, {post: vector}, dict(vector), 1.0)
        else:
            if belonging.absorbed in self._events and belonging.absorbed != event:
                self._absorb(known, belonging.absorbed)
            known.members[post] = vector
            self._extend(known, vector)
        known.posts += 1
        _count(known.topics, features.topics[:2])
        _count(known.places, _places(features.regions))
        if len(known.members) > _MEMBERS:
            del known.members[next(iter(known.members))]
        if known.posts % _SPLITS_FROM == 0:
            self._split(known)

    def _begin(
        self, event: str, hour: float, members: dict[str, Vector], sums: dict[int, float], square: float
    ) -> _Event:
        self._begun += 1
        begun = self._events[event] = _Event(event, hour, self._begun, sums, square, members)
        self._lead(begun, sums)
        if len(self._events) > self._capacity:
            self._leave(self._events.popitem(last=False)[1])
        return begun

    def _leave(self, event: _Event) -> None:
        """Let no term lead to an event any more."""
        for term in event.sums:
            led = self._by_term.get(term)
            if led and event in led:
                del led[event]
                if not led:
                    del self._by_term[term]

    def _candidates(self, vector: Vector) -> list[_Event]:
        """Return the few events that share the most weight with a post's most telling terms."""
        by_term = self._by_term
        shared: dict[_Event, float] = {}
        for term in islice(vector, _LOOKED_UP):
            if led := by_term.get(term):
                weight = vector[term]
                for event in led:
                    shared[event] = shared.get(event, 0.0) + weight
        standing = self._events
        likely = sorted(shared.items(), key=_weight, reverse=True)[: 2 * _COMPARED]
        return [event for event, _ in likely if event.id in standing][:_COMPARED]

    def _nearness(self, event: _Event, vector: Vector, hour: float, features: Features) -> float:
        gap = abs(hour - event.last_h)
        if gap > _QUIET_H:
            return 0.0
        sums = event.sums
        near = sum([weight * sums[term] for term, weight in vector.items() if term in sums])
        near *= math.exp(-gap / _FADES_H) / math.sqrt(event.square)
        if features.topics and event.topics:
            near *= _OTHER_TOPIC if event.topics.keys().isdisjoint(features.topics[:2]) else _SAME_TOPIC
        if event.places and (places := _places(features.regions)):
            near *= _OTHER_PLACE if places.isdisjoint(event.places) else _SAME_PLACE
        return near

    def _are_one(self, one: _Event, other: _Event) -> bool:
        if one.places and other.places and one.places.keys().isdisjoint(other.places):
            return False
        return _alike(one.sums, other.sums) >= MERGES

    def _extend(self, event: _Event, vector: Vector) -> None:
        sums = event.sums
        for term, weight in vector.items():
            before = sums.get(term, 0.0)
            sums[term] = before + weight
            event.square += (2 * before + weight) * weight
        if len(sums) > 2 * _TERMS:
            heaviest = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:_TERMS]
            event.sums = dict(heaviest)
            event.square = sum(weight * weight for weight in event.sums.values())
        self._lead(event, vector)

    def _lead(self, event: _Event, terms: Iterable[int]) -> None:
        """Let terms lead to an event, the newest last."""
        by_term = self._by_term
        for term in islice(terms, _LOOKED_UP):
            led = by_term.pop(term, None)
            if led is None:
                led = {}
                if len(by_term) > self._capacity * _LOOKED_UP:
                    by_term.popitem(last=False)
            elif event in led:
                del led[event]
            elif len(led) >= _REMEMBERED:
                del led[next(iter(led))]
            led[event] = None
            by_term[term] = led

    def _absorb(self, stands: _Event, other: str) -> None:
        """Make another event part of this one."""
        goes = self._events.pop(other)
        stands.last_h = max(stands.last_h, goes.last_h)
        stands.posts += goes.posts
        for mine, others in ((stands.topics, goes.topics), (stands.places, goes.places)):
            for key, count in others.items():
                mine[key] = mine.get(key, 0) + count
        stands.members.update(goes.members)
        while len(stands.members) > _MEMBERS:
            del stands.members[next(iter(stands.members))]
        self._leave(goes)
        self._extend(stands, goes.sums)
        self._merged[goes.id] = stands.id
        if len(self._merged) > self._capacity:
            self._merged.popitem(last=False)

    def _split(self, event: _Event) -> None:
        """Take a second matter out of an event where its newest posts fall into two parts that hardly share a word."""
        if len(event.members) < 2 * _PART:
            return
        kept, apart = _parts(event.members)
        if min(len(kept), len(apart)) < _PART or _alike(_sum(kept), _sum(apart)) >= _APART:
            return
        own = digest("event", "split", next(iter(apart)))
        if own in self._events or own in self._merged:
            return
        sums = _sum(apart)
        new = self._begin(own, event.last_h, apart, sums, sum(weight * weight for weight in sums.values()))
        new.posts, new.topics, new.places = len(apart), dict(event.topics), dict(event.places)
        event.members = kept
        event.posts -= len(apart)
        event.sums = _sum(kept)
        event.square = sum(weight * weight for weight in event.sums.values())


def _nearest(one: tuple[float, _Event]) -> tuple[float, int]:
    return -one[0], one[1].number


def _weight(one: tuple[_Event, float]) -> float:
    return one[1]


def _hour(at: datetime) -> float:
    return at.timestamp() / 3600


def _parts(members: Mapping[str, Vector]) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Return the posts around the first one, and those around the one least like it."""
    posts = list(members)
    one = members[posts[0]]
    other = members[min(posts[1:], key=lambda post: (_alike(one, members[post]), post))]
    kept: dict[str, Vector] = {}
    apart: dict[str, Vector] = {}
    for _ in range(3):
        kept, apart = {}, {}
        for post, vector in members.items():
            (kept if _alike(vector, one) >= _alike(vector, other) else apart)[post] = vector
        if not kept or not apart:
            break
        one, other = _sum(kept), _sum(apart)
    return kept, apart


def _sum(members: Mapping[str, Vector]) -> dict[int, float]:
    sums: dict[int, float] = {}
    for vector in members.values():
        for term, weight in vector.items():
            sums[term] = sums.get(term, 0.0) + weight
    return sums


def _alike(one: Vector, other: Vector) -> float:
    """Return the cosine of two sums of terms, 0 to 1."""
    shared = sum([weight * other[term] for term, weight in one.items() if term in other])
    if not shared:
        return 0.0
    return shared / math.sqrt(sum([w * w for w in one.values()]) * sum([w * w for w in other.values()]))


def words_of(terms: bytes) -> Iterable[int]:
    """Return the hashes of the words in `Score.terms`."""
    return _vector(terms)


@lru_cache(maxsize=4)  # asked for once to find the event, once to remember the post
def _vector(terms: bytes) -> Vector:
    """Return the weights of a post's terms, the heaviest first, of length 1."""
    if not terms or len(terms) % 4:
        return {}
    weights = {term >> 4: _WEIGHTS[term & 15] for term in memoryview(terms).cast("I")}
    length = math.sqrt(sum([weight * weight for weight in weights.values()]))
    return {term: weight / length for term, weight in weights.items()} if length else {}


_WEIGHTS: Final = tuple((telling / 9) ** 2 for telling in range(16))


def _count(counts: dict[str, int], found: Iterable[str]) -> None:
    for one in found:
        if one in counts or len(counts) < _PLACES:
            counts[one] = counts.get(one, 0) + 1


@lru_cache(maxsize=4096)
def _places(regions: Sequence[str]) -> frozenset[str]:
    """Return the cities, of other provinces the provinces; all Hunan says nothing."""
    return frozenset(code[:4] if code.startswith("43") else code[:2] for code in regions if code != "430000")
