"""意见建议 as the desk lists it: what criticises the federation, with the answer that is out or still owed."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from contracts.document import Document, Query
from contracts.region import HUNAN
from desk.visit import Visit
from response import advice
from response.advice import Answer

DAYS: Final = 90
"""How far back the list reaches."""
MOST: Final = 500
"""Posts that the list reads at most; where there are more it says so."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One post; `answer` None: owed. `task` is the response task that is to answer it, "" for none."""

    document: Document
    copies: int = 0
    answer: Answer | None = None
    task: str = ""

    @property
    def owed_since(self) -> datetime:
        return self.document.post.published_at


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The rows, the longest owed first, and how many posts the index holds of the kind."""

    rows: tuple[Row, ...]
    total: int

    @property
    def is_cut(self) -> bool:
        return self.total > MOST


def listing(visit: Visit, *, everywhere: bool = False) -> Listing:
    """Return the advice of the last DAYS in the officer's area, answered and owed, oldest first."""
    since = visit.now - timedelta(days=DAYS)
    asked = Query(
        advice_only=True, originals_only=True, since=since, oldest_first=True, limit=MOST,
        regions=() if everywhere or visit.officer.unit == HUNAN else (visit.officer.unit,),
    )  # fmt: skip
    page = visit.desk.index.search(asked)
    with visit.desk.database.reading() as connection:
        corrected = advice.corrected(connection)
        found = {hit.document.post.id: (hit.document, hit.copies) for hit in page.hits}
        added = visit.desk.index.get(sorted(corrected.added - found.keys()))
        found |= {
            post: (document, 0) for post, document in added.items()
            if document.score.lane is None and document.post.published_at >= since
        }  # fmt: skip
        kept = {post: one for post, one in found.items() if post not in corrected.away}
        answers = advice.answers(connection, sorted(kept))
        under_way = advice.under_way(connection)
    rows = [
        Row(document=document, copies=copies, answer=answers.get(post), task=under_way.get(post, ""))
        for post, (document, copies) in kept.items()
    ]
    return Listing(rows=tuple(sorted(rows, key=lambda row: row.owed_since)), total=page.total)


def owed(visit: Visit) -> Listing:
    """Return what is still without an answer."""
    found = listing(visit)
    return msgspec.structs.replace(found, rows=tuple(row for row in found.rows if row.answer is None))


def of_post(visit: Visit, document: Document) -> Row | None:
    """Return the row of one post, None for a post that is no advice, corrections counted."""
    post = document.post.id
    with visit.desk.database.reading() as connection:
        corrected = advice.corrected(connection)
        if post in corrected.away or not (document.score.is_advice or post in corrected.added):
            return None
        return Row(
            document=document,
            answer=advice.answers(connection, [post]).get(post),
            task=advice.under_way(connection).get(post, ""),
        )
