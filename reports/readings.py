"""What a figure reads from the index with its query: a count, a share of it, its change, or a number of pleas."""

from msgspec.structs import replace

from contracts.document import Query
from contracts.errors import Rejected
from contracts.ports.index import Index
from reports import pleas
from reports.period import WEEK

COUNT = ""
NEGATIVE_SHARE = "negative_share"
CHANGE = "change_from_week_before"
PLEAS = "pleas"
_DIGITS = 1


def read(index: Index, query: Query, source: str) -> float:
    """Ask the index. `negative_share` is per cent with one digit, 0 of nothing; `change…` is in posts."""
    name, *asked = source.split(" ")
    if name == COUNT:
        return _count(index, query)
    if name == NEGATIVE_SHARE:
        total = _count(index, query)
        return round(100 * _count(index, replace(query, sentiments=(-1,))) / total, _DIGITS) if total else 0.0
    if name == CHANGE:
        assert query.since is not None
        assert query.until is not None
        return _count(index, query) - _count(index, replace(query, since=query.since - WEEK, until=query.until - WEEK))
    if name == PLEAS and len(asked) in (1, 3):
        return _pleas(index, query, *asked)
    raise Rejected(f"周报里的数字写着不认识的来源 {source[:40]}；请用现在的版本重新生成这份周报草稿。")


def _count(index: Index, query: Query) -> int:
    return sum(index.count(query).values())


def _pleas(index: Index, query: Query, unit: str, by: str = "lane", part: str = "") -> int:
    """Return a number of pleas as it may be told now: what was told once may since have become too small."""
    told = pleas.tell(index, query, unit, by)
    value = told.parts[part] if part else told.total
    if value is None:
        raise Rejected("这个求助数现在不足 3 条，或会让别的小数字被推算出来，按规则不予列出。")
    return value
