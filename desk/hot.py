"""热榜: the entries of a hot list with what they say, and where one post stands on its list."""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.standing import Standing
from desk.visit import Visit
from response.access import may

SHOWN_MAX: Final = 50
_OFF_SHOWN_MAX: Final = 10
_WORDS_MAX: Final = 60


class HotRow(msgspec.Struct, frozen=True):
    """One entry as the page of its source shows it; `words` is "" where this officer may not read the post, or it is a plea."""

    standing: Standing
    words: str = ""


def rows(visit: Visit, source: str) -> Sequence[HotRow]:
    """Return what is on the list, by rank, and what left it within the last day."""
    known = visit.desk.standings(source)
    on = sorted((one for one in known if one.change != "off"), key=lambda one: one.rank)[:SHOWN_MAX]
    off = sorted((one for one in known if one.change == "off"), key=lambda one: one.since, reverse=True)
    shown = [*on, *off[:_OFF_SHOWN_MAX]]
    may_read = may(visit.officer, "search")
    documents = visit.desk.index.get([one.post for one in shown if one.post]) if may_read else {}
    said = {
        post: (document.post.title or document.post.text)[:_WORDS_MAX]
        for post, document in documents.items()
        if document.score.lane is None
    }
    return [HotRow(one, said.get(one.post, "")) for one in shown]


def standing_of(visit: Visit, source: str, post: str) -> Standing | None:
    """Return where a post stands on the list that it came from; None for a post of anything else."""
    if not any(card.id == source and card.kind == "hotlist" for card in visit.desk.sources()):
        return None
    return next((one for one in visit.desk.standings(source) if one.post == post), None)
