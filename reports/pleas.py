"""Counting pleas by lane and by place; a count leaves this file only after the suppression of small numbers."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from contracts.document import Document, Query
from contracts.lane import LANES
from contracts.ports.index import Index
from contracts.region import HUNAN, names, parent, within
from reports.suppression import Told, protect

ELSEWHERE: Final = "elsewhere"
"""The part of a unit's pleas that none of the units below it holds."""
_PAGE: Final = 500


def question(unit: str, since: datetime, until: datetime) -> Query:
    """Return the question for a unit's pleas; the province also counts those without a place."""
    regions = () if unit == HUNAN else (unit,)
    return Query(since=since, until=until, regions=regions, pleas="only", limit=_PAGE)


def below(unit: str) -> tuple[str, ...]:
    """Return the codes of the units directly below."""
    return tuple(code for code in names() if parent(code) == unit)


def tell(index: Index, query: Query, unit: str, by: str) -> Told:
    """Return what may be told of a unit's pleas by `lane` or by `place`; there is no way around it.

    Each plea counts once: by its lane, or by the unit directly below that its likeliest place lies in. A number that
    the report of the unit above withholds is withheld here too.
    """
    counted = _by_place(index, query, unit) if by == "place" else _by_lane(index, query, unit)
    return protect(counted, hidden=_hidden_above(index, query, unit))


def _hidden_above(index: Index, query: Query, unit: str) -> bool:
    above = parent(unit)
    if not above:
        return False
    assert query.since is not None
    assert query.until is not None
    return tell(index, question(above, query.since, query.until), above, "place").parts[unit] is None


def _by_lane(index: Index, query: Query, unit: str) -> dict[str, int]:
    found = Counter(document.score.lane for document in _concerning(index, query, unit))
    return {lane: found[lane] for lane in LANES}


def _by_place(index: Index, query: Query, unit: str) -> dict[str, int]:
    parts = below(unit)
    found = Counter(
        next((part for part in parts if within(_place(document), part)), ELSEWHERE)
        for document in _concerning(index, query, unit)
    )
    return {part: found[part] for part in (*parts, ELSEWHERE)}


def _concerning(index: Index, query: Query, unit: str) -> Iterator[Document]:
    offset = 0
    while hits := index.search(replace(query, limit=_PAGE, offset=offset)).hits:
        yield from (hit.document for hit in hits if unit == HUNAN or within(_place(hit.document), unit))
        offset += len(hits)


def _place(document: Document) -> str:
    return document.score.regions[0] if document.score.regions else ""
