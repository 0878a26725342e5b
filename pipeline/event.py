"""Which posts are about one happening: words that few posts have, within three days, the same topic and place preferred.

Posts come one at a time; each joins the event it is nearest to or begins one (single-pass clustering, Allan et al. 1998).
A post that is near two events that have become alike merges them: its announcement says so, no post is written anew. An
event that grew to hold two matters is split: later posts of the second matter get an event of their own. Pleas are never
given to it.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import mul
from struct import unpack
from typing import Final

import msgspec

from contracts.identity import digest

QUIET: Final = timedelta(hours=72)
"""An event without a post for so long is over; what comes later is a new one."""
_QUIET_H: Final = QUIET.total_seconds() / 3600
CAPACITY: Final = 20_000
"""Events in memory; the one that had no post for longest goes first."""
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
_NEAREST: Final = JOINS / (_SAME_TOPIC * _SAME_PLACE)
"""Below this cosine neither topic nor place bring a post near enough."""
_LEADING: Final = 12
"""Of a post's terms the most telling so many lead to its event; with nine long posts of one hashtag no longer met."""
_ALONE: Final = 2
"""The most telling so many of those that lead anywhere are enough alone to make an event a candidate."""
_REMEMBERED: Final = 4
"""Events that a term leads to: those it came into last."""
_TERMS: Final = 96
"""Terms that an event keeps; at twice as many the lightest go."""
_MEMBERS: Final = 16
"""Newest posts of an event that a split can tell apart."""
_SPLITS_FROM: Final = 12
_APART: Final = 0.02
_PART: Final = 4
"""Posts that each half of a split has at least."""
_PLACES: Final = 8

Vector = tuple[tuple[int, float], ...]
"""Terms, each once, the heaviest first, and their weights."""


class Features(msgspec.Struct, frozen=True, gc=False):
    """What of a post tells its event."""

    at: datetime
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    terms: bytes = b""
    """As in `Score.terms`."""


class Belonging(msgspec.Struct, frozen=True, gc=False):
    """Where a post belongs: its event ("" for none), and another that is merged into that one by it."""

    event: str = ""
    absorbed: str = ""


class _Event(msgspec.Struct, eq=False, gc=False):
    id: str
    last_h: float
    """Hour of its newest post."""
    number: int
    """Rising with age: the elder of two keeps its name."""
    sums: dict[int, float]
    """Sum of its posts' vectors."""
    square: float
    members: dict[str, bytes] = {}
    """The terms of its newest posts, oldest first."""
    posts: int = 0
    topics: dict[str, int] = {}
    places: dict[str, int] = {}


class Events:
    """The running events in memory. What it answers depends only on what was added before, in that order."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._events: OrderedDict[str, _Event] = OrderedDict()
        self._by_term: dict[int, tuple[_Event, ...]] = {}
        """By term: the running events that it leads to, of whose sum it is a part, the newest last."""
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
        near = self._near(vector, features)
        if near:
            if len(near) > 1:
                near.sort(key=_nearest)
                event, other = near[0][1], near[1][1]
                if _are_one(event, other):
                    elder, younger = (event, other) if event.number < other.number else (other, event)
                    return Belonging(elder.id, younger.id)
            return Belonging(near[0][1].id)
        begins = bool(features.topics) and len(vector) >= _LEAST_TERMS
        return Belonging(digest("event", post)) if begins else Belonging()

    def add(self, post: str, belonging: Belonging, features: Features, *, is_copy: bool = False) -> None:
        """Remember that a post belongs to the event, and what it merged; twice changes nothing.

        A copy keeps its event going, but lends it no words: what is often repeated must not outweigh what is told.
        """
        if not belonging.event:
            return
        event = self.standing(belonging.event)
        known = self._events.get(event)
        hour = _hour(features.at)
        if known:
            known.last_h = max(known.last_h, hour)
            self._events.move_to_end(event)
            if is_copy or post in known.members:
                return
        vector = _vector(features.terms)
        if not vector:
            return
        if known is None:
            known = self._begin(event, hour, dict(vector), 1.0)
            self._absorb(known, belonging.absorbed)
        else:
            self._absorb(known, belonging.absorbed)
            self._extend(known, vector)
        known.members[post] = features.terms
        known.posts += 1
        if features.topics:
            _count(known.topics, features.topics[:2])
        if features.regions:
            _count(known.places, _places(features.regions))
        if len(known.members) > _MEMBERS:
            del known.members[next(iter(known.members))]
        if known.posts % _SPLITS_FROM == 0:
            self._split(known)

    def _begin(self, event: str, hour: float, sums: dict[int, float], square: float) -> _Event:
        self._begun += 1
        begun = self._events[event] = _Event(event, hour, self._begun, sums, square)
        self._lead(begun, [*sums][:_LEADING])
        if len(self._events) > self._capacity:
            gone = self._events.popitem(last=False)[1]
            self._leave(gone, gone.sums)
        return begun

    def _leave(self, event: _Event, terms: Iterable[int]) -> None:
        """Let these terms lead to an event no more."""
        for term in terms:
            led = self._by_term.get(term, ())
            if event in led:
                if len(led) > 1:
                    self._by_term[term] = tuple([other for other in led if other is not event])
                else:
                    del self._by_term[term]

    def _near(self, vector: Vector, features: Features) -> list[tuple[float, _Event]]:
        """Return the candidates near enough to be joined, and how near each is."""
        found = []
        for event in self._candidates(vector):
            near = _product(vector, event.sums) / math.sqrt(event.square)
            if near <= _NEAREST:
                continue
            gap = abs(_hour(features.at) - event.last_h)
            if gap > _QUIET_H:
                continue
            near *= math.exp(-gap / _FADES_H)
            if features.topics and event.topics:
                near *= _OTHER_TOPIC if event.topics.keys().isdisjoint(features.topics[:2]) else _SAME_TOPIC
            if features.regions and event.places and (places := _places(features.regions)):
                near *= _OTHER_PLACE if places.isdisjoint(event.places) else _SAME_PLACE
            if near > JOINS:
                found.append((near, event))
        return found

    def _candidates(self, vector: Vector) -> set[_Event]:
        """Return the events that two terms lead to, and the newest of each of the most telling terms that lead anywhere."""
        led = [events for term, _ in vector[:_LEADING] if (events := self._by_term.get(term))]
        candidates = {events[-1] for events in led[:_ALONE]}
        once: set[_Event] = set()
        for events in led:
            if not once.isdisjoint(events):
                candidates.update(once.intersection(events))
            once.update(events)
        return candidates

    def _extend(self, event: _Event, vector: Vector) -> None:
        """Add a vector to an event's sum."""
        sums, square = event.sums, event.square
        for term, weight in vector:
            before = sums.get(term, 0.0)
            sums[term] = before + weight
            square += weight * (2 * before + weight)
        event.square = square
        self._lead(event, [term for term, _ in vector[:_LEADING]])
        if len(sums) > 2 * _TERMS:
            lightest = sorted(sums, key=lambda term: (-sums[term], term))[_TERMS:]
            self._leave(event, lightest)
            for term in lightest:
                del sums[term]
            event.square = _square(sums.values())

    def _lead(self, event: _Event, terms: Iterable[int]) -> None:
        """Let these terms lead to an event."""
        by_term = self._by_term
        for term in terms:
            led = by_term.get(term)
            if led is None:
                by_term[term] = (event,)
            elif event not in led:
                by_term[term] = (*led[1 - _REMEMBERED :], event)

    def _absorb(self, stands: _Event, other: str) -> None:
        """Make another event part of this one; nothing to do for one that is not in memory."""
        if other == stands.id or other not in self._events:
            return
        goes = self._events.pop(other)
        stands.last_h = max(stands.last_h, goes.last_h)
        stands.posts += goes.posts
        for mine, others in ((stands.topics, goes.topics), (stands.places, goes.places)):
            for key, count in others.items():
                mine[key] = mine.get(key, 0) + count
        stands.members.update(goes.members)
        while len(stands.members) > _MEMBERS:
            del stands.members[next(iter(stands.members))]
        self._leave(goes, goes.sums)
        self._extend(stands, tuple(goes.sums.items()))
        self._merged[goes.id] = stands.id
        if len(self._merged) > self._capacity:
            self._merged.popitem(last=False)

    def _split(self, event: _Event) -> None:
        """Take a second matter out of an event where its newest posts fall into two parts that hardly share a word."""
        if len(event.members) < 2 * _PART:
            return
        vectors = {post: _vector(terms) for post, terms in event.members.items()}
        often = Counter([term for vector in vectors.values() for term, _ in vector])
        if max(often.values()) > len(vectors) - _PART:
            return  # a word of nearly all of them holds them together
        kept, apart, sums, own_sums = _parts(vectors)
        if min(len(kept), len(apart)) < _PART or _alike(sums, own_sums) >= _APART:
            return
        own = digest("event", "split", next(iter(apart)))
        if own in self._events or own in self._merged:
            return
        new = self._begin(own, event.last_h, own_sums, _square(own_sums.values()))
        new.posts, new.topics, new.places = len(apart), dict(event.topics), dict(event.places)
        new.members = {post: event.members[post] for post in apart}
        event.members = {post: event.members[post] for post in kept}
        event.posts -= len(apart)
        self._leave(event, event.sums.keys() - sums.keys())
        event.sums = sums
        event.square = _square(sums.values())


def _nearest(one: tuple[float, _Event]) -> tuple[float, int]:
    return -one[0], one[1].number


def _hour(at: datetime) -> float:
    return at.timestamp() / 3600


def _are_one(one: _Event, other: _Event) -> bool:
    if one.places and other.places and one.places.keys().isdisjoint(other.places):
        return False
    common = one.sums.keys() & other.sums.keys()
    product = math.fsum(map(mul, map(one.sums.__getitem__, common), map(other.sums.__getitem__, common)))
    return product >= MERGES * math.sqrt(one.square * other.square)


def _parts(
    members: Mapping[str, Vector],
) -> tuple[dict[str, Vector], dict[str, Vector], dict[int, float], dict[int, float]]:
    """Return the posts around the first one, and those around the one least like it; and the sum of each part."""
    posts = list(members)
    one = _sum([members[posts[0]]])
    to_first = {post: _product(members[post], one) for post in posts[1:]}
    other = _sum([members[min(to_first, key=lambda post: (to_first[post], post))]])
    kept: dict[str, Vector] = {}
    apart: dict[str, Vector] = {}
    for _ in range(3):
        before = kept
        of_one, of_other = math.sqrt(_square(one.values())), math.sqrt(_square(other.values()))
        kept, apart = {}, {}
        for post, vector in members.items():
            nearer = _product(vector, one) / of_one >= _product(vector, other) / of_other
            (kept if nearer else apart)[post] = vector
        if not kept or not apart or kept.keys() == before.keys():
            break
        one, other = _sum(kept.values()), _sum(apart.values())
    return kept, apart, one, other


def _sum(vectors: Iterable[Vector]) -> dict[int, float]:
    sums: dict[int, float] = {}
    for vector in vectors:
        for term, weight in vector:
            sums[term] = sums.get(term, 0.0) + weight
    return sums


def _product(vector: Iterable[tuple[int, float]], sums: Mapping[int, float]) -> float:
    return sum([weight * sums[term] for term, weight in vector if term in sums], 0.0)


def _square(weights: Collection[float]) -> float:
    return sum([weight * weight for weight in weights], 0.0)


def _alike(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """Return the cosine of two sums of terms, 0 to 1."""
    return _product(one.items(), other) / math.sqrt(_square(one.values()) * _square(other.values()))


def words_of(terms: bytes) -> Sequence[int]:
    """Return the hashes of the words in `Score.terms`."""
    return [term for term, _ in _vector(terms)]


@lru_cache(maxsize=4)  # asked for once to find the event, once to remember the post
def _vector(terms: bytes) -> Vector:
    """Return a post's vector, of length 1."""
    if not terms or len(terms) % 4:
        return ()
    telling = terms[::4]
    length = math.sqrt(sum([_SQUARES[low] for low in telling]))
    if not length:
        return ()
    # a word always has the same weight: its hash with the weight in it still names the word
    return tuple(zip(unpack(f"<{len(telling)}I", terms), [_WEIGHTS[low] / length for low in telling], strict=True))


_WEIGHTS: Final = tuple(((low & 15) / 9) ** 2 for low in range(256))
"""By the low byte of a term, of which four bits say how telling it is."""
_SQUARES: Final = tuple(weight * weight for weight in _WEIGHTS)


def _count(counts: dict[str, int], found: Iterable[str]) -> None:
    for one in found:
        if one in counts or len(counts) < _PLACES:
            counts[one] = counts.get(one, 0) + 1


@lru_cache(maxsize=4096)
def _places(regions: Sequence[str]) -> frozenset[str]:
    """Return the cities, of other provinces the provinces; all Hunan says nothing."""
    return frozenset(code[:4] if code.startswith("43") else code[:2] for code in regions if code != "430000")
