"""求助: the lane of its own. Officers and the hotline of the area only; every opening of a post is audited."""

from typing import Any

import msgspec
from starlette.responses import RedirectResponse, Response

from alerts import store
from contracts.document import Document
from contracts.lane import LANES
from contracts.task import HELP_WORDS, HelpTask
from contracts.topic import TOPIC_WORDS
from desk import names
from desk.judged import apart
from desk.pages.posts import labels_in, labels_of, reasons_of
from desk.plea_reasons import why_plea
from desk.visit import NotFound, Visit
from response import audit, correcting, helping, historic
from response.access import sees_plea, unit_of_plea
from text.overlap import nearly_identical

_ALIKE_AMONG = 100


def pleas(visit: Visit) -> Response:
    """Show the help tasks of the officer's area, the most pressing lane first."""
    open_only = visit.asked("show") != "all"
    with visit.desk.database.reading() as connection:
        found = helping.listing(connection, officer=visit.officer, open_only=open_only)
        waiting = historic.waiting(connection, visit.officer)
    tasks = sorted(found, key=lambda task: (task.state == "closed", LANES.index(task.lane), task.opened_at))
    if visit.wants_json:
        return visit.json({"help": msgspec.to_builtins(tasks), "csrf": visit.csrf})
    return visit.page("help.html", tasks=tasks, states=HELP_WORDS, open_only=open_only, historic=waiting)


def of_post(visit: Visit) -> Response:
    """Lead from a plea's post to its card; a plea without a task (too old for one) is shown here, audited too."""
    post = visit.part("post")
    with visit.desk.database.reading() as connection:
        tasks = [task for task in helping.listing(connection, officer=visit.officer) if task.post == post]
    if tasks:
        return RedirectResponse(f"/help/{tasks[0].id}", 303)
    document = visit.desk.index.get([post]).get(post)
    if document is None or document.score.lane is None:
        raise NotFound(post)
    with visit.desk.database.reading() as connection:
        unit = unit_of_plea(connection, post, document.score.regions)
    if not sees_plea(visit.officer, unit):
        raise NotFound(post)
    with visit.desk.database.writing() as connection:
        audit.append(connection, by=visit.officer.id, act="open plea", subject=post, now=visit.now)
    with visit.desk.database.reading() as connection:
        entry = store.historic_plea(connection, post)
        people = names.of(connection)
    return visit.page("historic_plea.html", document=document, entry=entry, people=people, **_why(visit, document))


def settle(visit: Visit) -> Response:
    """已核: a plea that came too late leaves the list, with what came of it."""
    with visit.desk.database.writing() as connection:
        historic.settle(connection, visit.officer, visit.part("post"), reason=visit.text("reason"), now=visit.now)
    return visit.done("/help", "settled")


def plea(visit: Visit) -> Response:
    """Show the card; opening it is audited before anything is shown."""
    identity = _seen(visit).id
    with visit.desk.database.writing() as connection:
        task = helping.open_post(connection, visit.officer, identity, now=visit.now)
    with visit.desk.database.reading() as connection:
        hand_overs = helping.hand_overs_of(connection, task.id)
        history = audit.listing(connection, subject=task.id, limit=100)
        people = names.of(connection)
        others = helping.listing(connection, officer=visit.officer, open_only=True)
        corrections = correcting.of_post(connection, task.post) if task.post else ()
    documents = visit.desk.index.get(
        [one for one in (task.post, *(other.post for other in others[:_ALIKE_AMONG])) if one]
    )
    document = documents.get(task.post)
    alike = [
        other for other in others[:_ALIKE_AMONG]
        if other.id != task.id and document and (twin := documents.get(other.post)) and _alike(document, twin)
    ]  # fmt: skip
    return visit.page(
        "plea.html", task=task, document=document, alike=alike, hand_overs=hand_overs, history=history, people=people,
        states=HELP_WORDS, todo=helping.instructions(task, visit.now, visit.desk.response), acts=_ACTS,
        corrections=corrections, topics=TOPIC_WORDS,
        labels=corrections[0].labels if corrections else labels_of(document) if document else None,
        **(_why(visit, document) if document else {}),
    )  # fmt: skip


def _why(visit: Visit, document: Document) -> dict[str, Any]:
    """Return why it is a plea, and where the words that say so stand in title and text."""
    why = why_plea(document.post, document.score, reasons_of(visit, document))
    title_spans, text_spans = apart(document.post, why.spans)
    return {"why": why, "title_spans": title_spans, "text_spans": text_spans}


_ACTS = {
    "open plea": "打开", "help: handed_over": "转交", "help: received": "对方签收", "help: answered": "反馈",
    "help: closed": "办结", "help: returned": "无人签收，退回", "help: pressed": "原帖有变，更加紧急", "forget plea": "原帖已删，文字撤下",
}  # fmt: skip


def hand_over(visit: Visit) -> Response:
    """转交, with link and time of the post; never its author."""
    task = _seen(visit)
    document = visit.desk.index.get([task.post]).get(task.post) if task.post else None
    with visit.desk.database.writing() as connection:
        helping.hand_over(
            connection, visit.officer, task.id, to=visit.field("to"), link=document.post.url if document else "",
            said_at=document.post.published_at if document else None, now=visit.now, settings=visit.desk.response,
        )  # fmt: skip
    return visit.done(f"/help/{task.id}", "handed_over")


def receive(visit: Visit) -> Response:
    """对方已签收."""
    task = _seen(visit)
    with visit.desk.database.writing() as connection:
        helping.receive(connection, visit.officer, task.id, receipt=visit.field("receipt"), now=visit.now)
    return visit.done(f"/help/{task.id}", "received")


def answer(visit: Visit) -> Response:
    """已反馈."""
    task = _seen(visit)
    with visit.desk.database.writing() as connection:
        helping.answer(connection, visit.officer, task.id, outcome=visit.text("outcome"), now=visit.now)
    return visit.done(f"/help/{task.id}", "answered")


def close(visit: Visit) -> Response:
    """办结."""
    task = _seen(visit)
    with visit.desk.database.writing() as connection:
        helping.close(connection, visit.officer, task.id, outcome=visit.text("outcome"), now=visit.now)
    return visit.done("/help", "closed")


def correct(visit: Visit) -> Response:
    """改正 of a plea's judgement; the plea itself stands until a person closes it."""
    task = _seen(visit)
    document = visit.desk.index.get([task.post]).get(task.post) if task.post else None
    if document is None:
        raise NotFound(task.id)
    labels = labels_in(visit)
    with visit.desk.database.writing() as connection:
        correcting.correct(connection, visit.officer, task.post, labels, scorer=document.score.scorer, now=visit.now)
    return visit.done(f"/help/{task.id}", "corrected")


def _seen(visit: Visit) -> HelpTask:
    with visit.desk.database.reading() as connection:
        task = helping.get(connection, visit.part("id"))
    if task is None or not sees_plea(visit.officer, task.unit):
        raise NotFound(visit.part("id"))
    return task


def _alike(one: Document, other: Document) -> bool:
    return nearly_identical(one.post.text, other.post.text)
