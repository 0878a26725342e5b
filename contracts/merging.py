"""Events that turned out to be one, and which of them stands for all.

Whoever counts or searches by event keeps, for every event that was absorbed, the event that it is part of by now; the
posts keep the event that they joined.
"""

from collections.abc import Iterable, Mapping
from itertools import chain


def merged(pairs: Iterable[tuple[str, str]], standing: Mapping[str, str]) -> dict[str, str]:
    """Return what changes in `standing` when, one after the other, absorbed events become part of others.

    `pairs` are (absorbed, the event that it is part of), in the order of the log. `standing` leads from each absorbed
    event to the one that stands; it has to hold every entry that leads from or to an event of `pairs`. What is one already stays as it is: the same
    pairs again, in part or whole, change nothing, and no order of them leads in a circle (disjoint sets, Galler and
    Fischer 1964).
    """
    moved: dict[str, str] = {}

    def stands(event: str) -> str:
        while on := moved.get(event) or standing.get(event):
            event = on
        return event

    for absorbed, event in pairs:
        goes, stays = stands(absorbed), stands(event)
        if goes != stays:
            moved[goes] = stays
    return {event: now for event in chain(standing, moved) if (now := stands(event)) != standing.get(event)}
