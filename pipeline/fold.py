"""Folding: a repost, a cut or an edited copy is found again as a copy of its original, among the last 100,000 originals.

Candidates share at least two of the sketch's 4-grams; a copy is one of which the other holds most 2-grams, or the other
way round. Pleas are never asked about and never added: see the index role.
"""

from array import array
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Final

from text.sketch import KEYS, held, keys

CAPACITY: Final = 100_000
LEAST_HELD: Final = 0.65
"""Of unrelated posts of thirty and more characters hardly one in a thousand holds so much of another."""
_LEAST_SHARED: Final = 2
_WALK: Final = 24
"""Originals looked at for one 4-gram, newest first: a fixed phrase of thousands of posts must not cost time."""
_COMPARED: Final = 8


class Folds:
    """The originals in memory. What it answers depends only on what was added before, in that order.

    An original's 4-grams hang in chains by hash, newest first, in rings of fixed size: the walk ends where an original
    was overwritten, so nothing is ever taken out. Some 60 MB at 100,000 originals.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        buckets = 1 << (capacity * KEYS).bit_length()
        self._mask = buckets - 1
        self._newest = array("Q", bytes(8 * buckets))
        """By hash: the newest entry, counted from 1; an entry is an original's number × KEYS + the place of its key."""
        self._older = array("Q", bytes(8 * capacity * KEYS))
        self._hashes = array("I", bytes(4 * capacity * KEYS))
        self._posts: list[str] = [""] * capacity
        self._sketches: list[bytes] = [b""] * capacity
        self._added = 0
        self._events: list[str] = [""] * capacity
        self._known: dict[str, int] = {}
        """By original: where it lies in the rings."""
        self._roots: OrderedDict[str, str] = OrderedDict()

    def original_of(self, sketch: bytes, repost_of: str = "") -> str:
        """Return the id of the original that a post repeats; "" for a post that is new.

        What the source itself calls a repost is one, also when its original was never seen here.
        """
        if repost_of:
            return self._roots.get(repost_of, repost_of)
        asked = keys(sketch)
        sharing = self._sharing(asked)
        least = min(_LEAST_SHARED, len(asked))  # 哈哈哈哈… has one 4-gram only
        if not sharing or (least > 1 and len(set(sharing)) == len(sharing)):
            return ""
        likely = [(-count, original) for original, count in Counter(sharing).items() if count >= least]
        best, most = "", 0.0
        for _, original in sorted(likely)[:_COMPARED]:
            slot = original % self._capacity
            part = held(sketch, self._sketches[slot])
            if part >= LEAST_HELD and part > most:  # on a tie the one that shares more, then the older stands
                best, most = self._posts[slot], part
        return best

    def event_of(self, original: str) -> str:
        """Return the event of an original in memory; "" for any other post."""
        slot = self._known.get(original)
        return "" if slot is None else self._events[slot]

    def drop(self, post: str) -> None:
        """Forget a post that can have no copies any more; without effect for one that is not known."""
        self._roots.pop(post, None)
        slot = self._known.pop(post, None)
        if slot is not None:
            self._posts[slot], self._sketches[slot], self._events[slot] = "", b"", ""

    def add(self, post: str, sketch: bytes, fold_of: str, event: str = "") -> None:
        """Remember a post: an original by its sketch, with its event, a copy by its original; twice changes nothing."""
        if post in self._known:
            return
        if fold_of:
            self._roots[post] = fold_of
            if len(self._roots) > self._capacity:
                self._roots.popitem(last=False)
        elif sketch:
            slot = self._added % self._capacity
            self._known.pop(self._posts[slot], None)
            self._known[post] = slot
            self._posts[slot], self._sketches[slot], self._events[slot] = post, sketch, event
            asked, entry, number = keys(sketch), slot * KEYS, self._added * KEYS + 1
            self._hashes[entry : entry + len(asked)] = array("I", asked)
            newest, older, mask = self._newest, self._older, self._mask
            for place, key in enumerate(asked):
                bucket = key & mask
                older[entry + place] = newest[bucket]
                newest[bucket] = number + place
            self._added += 1

    def _sharing(self, asked: Sequence[int]) -> list[int]:
        """Return the numbers of the originals that have any of the 4-grams, each as often as it has one."""
        newest, older, hashes, mask = self._newest, self._older, self._hashes, self._mask
        oldest = max(0, self._added - self._capacity) * KEYS
        ring = self._capacity * KEYS
        sharing: list[int] = []
        for key in asked:
            entry = newest[key & mask]
            if entry <= oldest:  # most 4-grams are nobody's
                continue
            left = _WALK
            while entry > oldest and left:
                place = (entry - 1) % ring
                if hashes[place] == key:
                    sharing.append((entry - 1) // KEYS)
                    left -= 1
                entry = older[place]
        return sharing
