"""意见建议: what is said against the federation's own work, and whether it has been answered."""

import msgspec
from starlette.responses import Response

from contracts.region import HUNAN
from desk import names
from desk.owed import DAYS, MOST, listing
from desk.visit import Visit
from response import advice as owing


def advice(visit: Visit) -> Response:
    """Show what is owed an answer, the longest waiting first; or all of it, the newest first."""
    open_only = visit.asked("show") != "all"
    everywhere = visit.asked("area") == "all"
    found = listing(visit, everywhere=everywhere)
    waiting = tuple(row for row in found.rows if row.answer is None)
    shown = waiting if open_only else found.rows[::-1]
    if visit.wants_json:
        return visit.json(
            {
                "owed": len(waiting), "csrf": visit.csrf,
                "advice": [
                    {
                        "post": row.document.post.id, "published_at": row.owed_since, "task": row.task,
                        "answer": msgspec.to_builtins(row.answer),
                    }
                    for row in shown
                ],
            }
        )  # fmt: skip
    with visit.desk.database.reading() as connection:
        people = names.of(connection)
    return visit.page(
        "advice.html", rows=shown, owed=len(waiting), open_only=open_only, days=DAYS,
        most=MOST, is_cut=found.is_cut, people=people, everywhere=everywhere, narrowed=visit.officer.unit != HUNAN,
    )  # fmt: skip


def answer(visit: Visit) -> Response:
    """记为已答复: one answer may stand for several posts."""
    posts = visit.fields("post")
    with visit.desk.database.writing() as connection:
        owing.record(connection, visit.officer, posts, place=visit.field("place"), now=visit.now)
    return visit.done(f"/posts/{posts[0]}" if visit.field("from") == "post" else "/advice", "advice")
