"""Which posts are about one happening: the same topic and place within three days, and words that name it."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from contracts.identity import digest
from pipeline.keywords import is_distinctive

QUIET: Final = timedelta(hours=72)
"""An event without a post for so long is over; what comes later is a new one."""
CAPACITY: Final = 20_000
_SHARED_MATTER: Final = 2
"""So many words of matter make up for a name."""


class _Event(msgspec.Struct):
    id: str
    last: datetime


class Events:
    """The running events in memory. What it answers depends only on what was added before, in that order."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._by_key: OrderedDict[tuple[str, str, str], _Event] = OrderedDict()

    def event_of(
        self, post: str, at: datetime, topics: Sequence[str], regions: Sequence[str], words: Sequence[str]
    ) -> str:
        """Return the event that a post belongs to, a new one named after the post, or "" for a post without a happening."""
        if not topics or not words:
            return ""
        shared: dict[str, float] = {}
        for word in words:
            event = self._by_key.get(_key(topics, regions, word))
            if event and abs(at - event.last) <= QUIET:
                shared[event.id] = shared.get(event.id, 0) + (_SHARED_MATTER if is_distinctive(word) else 1)
        if shared:
            found = max(shared, key=lambda event: shared[event])
            if shared[found] >= _SHARED_MATTER:
                return found
        named = any(is_distinctive(word) for word in words)
        return digest("event", post) if named or len(words) > _SHARED_MATTER else ""

    def add(
        self, event: str, at: datetime, topics: Sequence[str], regions: Sequence[str], words: Sequence[str]
    ) -> None:
        """Remember that a post of these words belongs to the event."""
        if not event:
            return
        for word in words:
            key = _key(topics, regions, word)
            known = self._by_key.get(key)
            if known is None or abs(at - known.last) > QUIET:
                self._by_key[key] = _Event(event, at)
            elif known.id == event:
                known.last = max(known.last, at)
            self._by_key.move_to_end(key)
        while len(self._by_key) > self._capacity:
            self._by_key.popitem(last=False)


def _key(topics: Sequence[str], regions: Sequence[str], word: str) -> tuple[str, str, str]:
    return (topics[0] if topics else "", regions[0][:4] if regions else "", word)
