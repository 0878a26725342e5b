"""Counting pleas: by lane and by the unit that they concern, each plea once, never one by one."""

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


def by_lane(index: Index, query: Query, unit: str) -> dict[str, int]:
    """Count a unit's pleas by lane; every lane is there."""
    found = Counter(document.score.lane for document in _concerning(index, query, unit))
    return {lane: found[lane] for lane in LANES}


def by_place(index: Index, query: Query, unit: str) -> dict[str, int]:
    """Count a unit's pleas by the unit below it that the likeliest place lies in; every unit is there."""
    parts = below(unit)
    found = Counter(
        next((part for part in parts if within(_place(document), part)), ELSEWHERE)
        for document in _concerning(index, query, unit)
    )
    return {part: found[part] for part in (*parts, ELSEWHERE)}


def hidden(index: Index, unit: str, since: datetime, until: datetime) -> bool:
    """Whether the report of the unit above withholds this unit's number: then this unit's own report must too."""
    above = parent(unit)
    return bool(above) and places_told(index, above, since, until).parts[unit] is None


def places_told(index: Index, unit: str, since: datetime, until: datetime) -> Told:
    """Return what may be told of a unit's pleas by place."""
    counted = by_place(index, question(unit, since, until), unit)
    return protect(counted, hidden=hidden(index, unit, since, until))


def _concerning(index: Index, query: Query, unit: str) -> Iterator[Document]:
    offset = 0
    while hits := index.search(replace(query, limit=_PAGE, offset=offset)).hits:
        yield from (hit.document for hit in hits if unit == HUNAN or within(_place(hit.document), unit))
        offset += len(hits)


def _place(document: Document) -> str:
    return document.score.regions[0] if document.score.regions else ""
