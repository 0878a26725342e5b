"""检索: posts by words and filters; a plea is named and opened on its own card, never quoted or exported here."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote_plus, urlencode

import msgspec
from starlette.responses import Response, StreamingResponse

from contracts.document import Document, Hit, Query
from contracts.errors import Rejected
from contracts.region import names
from contracts.topic import TOPIC_WORDS
from contracts.zone import BEIJING
from desk import wording
from desk.rendering import teller
from desk.visit import Visit
from response import audit
from response.access import narrowed, sees_plea, unit_of_plea
from text.mask import mask

PAGE_SIZE: Final = 30
EXPORT_MAX: Final = 10_000
_EXPORT_PAGE: Final = 500
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these is run as a formula by spreadsheets."""


def search(visit: Visit) -> Response:
    """Show a page of hits."""
    asked = query_of(visit)
    query = narrowed(visit.officer, asked)
    page_number = visit.asked_number("page", 1, lowest=1, highest=300)
    failure, found = "", None
    try:
        found = visit.desk.index.search(
            msgspec.structs.replace(query, limit=PAGE_SIZE, offset=(page_number - 1) * PAGE_SIZE)
        )
    except Rejected as broken:
        failure = str(broken)
    others = _others(visit, query) if found else frozenset()
    hits = tuple(hit for hit in found.hits if hit.document.post.id not in others) if found else ()
    total = found.total if found else 0
    words = {name: value for name, value in visit.request.query_params.multi_items() if name not in ("page", "done")}
    return visit.page(
        "search.html",
        status=400 if failure else 200,
        asked=asked, hits=hits, total=total - len(others), failure=failure, page_number=page_number,
        pages=min(300, -(-total // PAGE_SIZE)), address="/search?" + urlencode(words), query=urlencode(words),
        topics=TOPIC_WORDS, regions=_prefectures(), sources=visit.desk.sources(),
        sentiments=wording.SENTIMENTS, typed=visit.request.query_params,
    )  # fmt: skip


def _others(visit: Visit, query: Query) -> frozenset[str]:
    """Return the pleas among the matches that name a place of the officer's area, yet are another unit's."""
    if query.pleas == "none" or not query.pleas_within:
        return frozenset()
    found: list[Document] = []
    asked = msgspec.structs.replace(query, pleas="only", limit=_EXPORT_PAGE)
    while hits := visit.desk.index.search(msgspec.structs.replace(asked, offset=len(found))).hits:
        found += [hit.document for hit in hits]
    with visit.desk.database.reading() as connection:
        units = {one.post.id: unit_of_plea(connection, one.post.id, one.score.regions) for one in found}
    return frozenset(post for post, unit in units.items() if not sees_plea(visit.officer, unit))


def export(visit: Visit) -> Response:
    """Hand out the hits as CSV; never a plea, whoever asks; each export is audited with its question."""
    query = msgspec.structs.replace(query_of(visit), pleas="none", pleas_within=())
    visit.desk.index.search(
        msgspec.structs.replace(query, limit=1)
    )  # a broken question is refused before the answer starts
    with visit.desk.database.writing() as connection:
        audit.append(
            connection, by=visit.officer.id, act="export", subject="search", detail=mask(unquote_plus(visit.request.url.query)).text[:500],
            now=visit.now,
        )  # fmt: skip
    name = visit.now.astimezone(BEIJING).strftime("qingting-%Y%m%d-%H%M.csv")
    return StreamingResponse(
        _rows(visit, query), media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _rows(visit: Visit, query: Query) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # spreadsheets read UTF-8 only with this mark
    yield _line(
        "编号",
        "来源",
        "谁说的",
        "发布时间（北京）",
        "正文（已遮盖个人信息）",
        "情感",
        "话题",
        "性质",
        "地区",
        "折叠条数",
        "链接",
        "态度针对",
    )
    for offset in range(0, EXPORT_MAX, _EXPORT_PAGE):
        hits = visit.desk.index.search(msgspec.structs.replace(query, limit=_EXPORT_PAGE, offset=offset)).hits
        yield b"".join(_row(hit) for hit in hits if hit.document.score.lane is None)
        if len(hits) < _EXPORT_PAGE:
            return


def _row(hit: Hit) -> bytes:
    post, score = hit.document.post, hit.document.score
    return _line(
        post.id, post.source, teller(post), post.published_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M"), post.text,
        wording.SENTIMENTS[score.sentiment] if score.certain else "拿不准",
        "、".join(TOPIC_WORDS.get(topic, topic) for topic in score.topics),
        wording.kind(score), "、".join(names().get(code, code) for code in score.regions), str(hit.copies), post.url,
        wording.TARGETS[score.target] if score.target else "",
    )  # fmt: skip


def _line(*cells: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in cells])
    return buffer.getvalue().encode("utf-8", "replace")


def query_of(visit: Visit) -> Query:
    """Return the question that the address asks. Raises Rejected for values that mean nothing."""
    sentiments = tuple(_sentiment(text) for text in visit.asked_all("sentiment"))
    topics = visit.asked_all("topic")
    if unknown := [topic for topic in topics if topic not in TOPIC_WORDS]:
        raise Rejected(f"没有叫 {unknown[0][:30]} 的话题。请在页面上选一个话题。")
    regions = visit.asked_all("region")
    if unknown := [region for region in regions if region not in names()]:
        raise Rejected(f"没有代码为 {unknown[0][:30]} 的地区。请在页面上选一个地区。")
    since, until = visit.asked_time("since"), visit.asked_time("until")
    if since and until and since >= until:
        raise Rejected("起始时间要早于结束时间。请改正后再检索。")
    return Query(
        text=visit.asked("q"), since=since, until=until, topics=topics, regions=regions, sentiments=sentiments,
        sources=visit.asked_all("source"), events=visit.asked_all("event"), fold_of=visit.asked("fold_of"),
        originals_only=visit.asked("originals") == "1", advice_only=visit.asked("advice") == "1", oldest_first=visit.asked("order") == "oldest",
    )  # fmt: skip


def _sentiment(text: str) -> int:
    if text not in ("-1", "0", "1"):
        raise Rejected("情感只能是 -1（负面）、0（中性）或 1（正面）。")
    return int(text)


def _prefectures() -> Mapping[str, str]:
    return {code: name for code, name in names().items() if code.startswith("43") and code.endswith("00")}
