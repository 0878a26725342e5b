"""Filters of a question as conditions on the index's columns `rid`, `flags`, `facet`, `micro`, `event`, `fold_of`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from contracts.document import Document, Query
from contracts.identity import TIE_BITS
from contracts.instant import microseconds
from contracts.region import prefix

_COPY: Final = 1
_PLEA: Final = 2
_SENTIMENT_SHIFT: Final = 2
_SENTIMENT_MASK: Final = 3
_ADVICE: Final = 16

Value = str | int


class Where(msgspec.Struct, frozen=True):
    """A condition and its values; empty = all."""

    parts: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()

    def __add__(self, other: "Where") -> "Where":
        return Where(self.parts + other.parts, self.values + other.values)

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "1"


def second(moment: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return microseconds(moment) // 1_000_000


def flags(document: Document) -> int:
    """Return sentiment, plea, copy and advice of a document as one small number."""
    return (
        (document.score.sentiment + 1 << _SENTIMENT_SHIFT)
        | (_PLEA if document.score.lane is not None else 0)
        | (_COPY if document.fold_of else 0)
        | (_ADVICE if document.score.is_advice else 0)
    )


def sentiment(flag: int) -> int:
    return (flag >> _SENTIMENT_SHIFT & _SENTIMENT_MASK) - 1


def listed(values: Sequence[str]) -> str:
    """Return values as one searchable column: ` a b `."""
    return f" {' '.join(values)} "


def unlisted(column: str) -> list[str]:
    return column.split()


def by_facet(query: Query) -> Where:
    """Sentiment, advice, source, topics, regions and pleas: what the roll-up knows too."""
    where = Where()
    if query.sentiments:
        wanted = ", ".join(str(int(value) + 1) for value in query.sentiments)
        where += Where((f"flags >> {_SENTIMENT_SHIFT} & {_SENTIMENT_MASK} IN ({wanted})",))
    if query.originals_only:
        where += Where((f"flags & {_COPY} = 0",))
    if query.advice_only:
        where += Where((f"flags & {_ADVICE} = {_ADVICE}",))
    if query.pleas != "with":
        where += Where((f"flags & {_PLEA} = {_PLEA if query.pleas == 'only' else 0}",))
    if query.sources:
        where += _facets(_one_of("source = ?", query.sources))
    if query.topics:
        where += _facets(_one_of("instr(topics, ?)", [listed([topic]) for topic in query.topics]))
    if query.regions:
        where += _facets(_within(query.regions))
    if query.pleas_within and query.pleas != "none":
        area = _facets(_within(query.pleas_within))
        where += Where((f"(flags & {_PLEA} = 0 OR {area.sql})",), area.values)
    return where


def by_post(query: Query) -> Where:
    """Event and fold: what only the posts know."""
    where = Where()
    if query.events:
        events = _one_of("event = ?", query.events)
        where += Where((*events.parts, "event != ''"), events.values)
    if query.fold_of:
        where += Where(("fold_of = ?", "fold_of != ''"), (query.fold_of,))
    return where


def by_time(since: datetime | None, until: datetime | None, rid: str = "rid") -> Where:
    """From `since` to before `until`, exact to the microsecond."""
    where = Where()
    if since is not None:
        start, micro = divmod(microseconds(since), 1_000_000)
        where += Where((f"{rid} >= ?",), (start << TIE_BITS,))
        if micro:
            where += Where((f"({rid} >= ? OR micro >= ?)",), (start + 1 << TIE_BITS, micro))
    if until is not None:
        end, micro = divmod(microseconds(until), 1_000_000)
        where += Where((f"{rid} < ?",), (end + (micro > 0) << TIE_BITS,))
        if micro:
            where += Where((f"({rid} < ? OR micro < ?)",), (end << TIE_BITS, micro))
    return where


def _one_of(condition: str, values: Sequence[str]) -> Where:
    return Where((f"({' OR '.join([condition] * len(values))})",), tuple(values))


def _facets(where: Where) -> Where:
    return Where((f"facet IN (SELECT id FROM facets WHERE {where.sql})",), where.values)  # noqa: S608 - values are bound


def _within(areas: Sequence[str]) -> Where:
    """Areas by division code or prefix; "" is no place at all."""
    placed = [f" {prefix(area)}" for area in areas if area]
    parts = [*(["instr(regions, ?)"] * len(placed)), *(["regions = '  '"] if "" in areas else [])]
    return Where((f"({' OR '.join(parts)})",), tuple(placed))
