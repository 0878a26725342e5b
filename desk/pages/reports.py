"""周报: the list, a report with its locked figures, its editable words, and the second person's signature."""

from typing import Final

from starlette.responses import Response

from contracts.errors import Rejected
from contracts.report import Report
from contracts.topic import TOPIC_WORDS
from desk import names, wording
from desk.visit import NotFound, Visit
from reports import files, html, period, resolving, sections, signing, store, weekly
from response.access import may, sees

STATES: Final = {"draft": "草稿", "signed": "已签发", "published": "已发布"}
KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def reports(visit: Visit) -> Response:
    """Show the reports, newest week first."""
    with visit.desk.database.reading() as connection:
        found = store.listing(connection, visit.officer)
        people = names.of(connection)
    weeks = [period.week_of(visit.now, back) for back in (1, 0, 2, 3)]
    return visit.page("reports.html", reports=found, people=people, states=STATES, weeks=weeks)


def build(visit: Visit) -> Response:
    """Build the draft of a week, or bring its figures up to date."""
    report = weekly.build(
        visit.field("week"),
        visit.officer.unit,
        index=visit.desk.index,
        database=visit.desk.database,
        now=visit.now,
        sample=visit.desk.sample,
    )
    with visit.desk.database.writing() as connection:
        store.save(connection, report)
    return visit.done(f"/reports/{report.id}", "report_built")


def report(visit: Visit) -> Response:
    """Show one report; each figure opens the posts behind it, help figures their count only."""
    found = _found(visit)
    with visit.desk.database.reading() as connection:
        people = names.of(connection)
    return visit.page(
        "report.html", report=found, people=people, states=STATES, sections=sections.sections(found),
        told=sections.told, title=sections.title(found), issue=sections.issue(found), seen=signing.fingerprint(found),
        link_of=lambda figure: f"/reports/{found.id}/figures/{figure.id}",
    )  # fmt: skip


def figure(visit: Visit) -> Response:
    """Open a figure: its question, its value then and now, and its posts where it may show them."""
    found = _found(visit)
    asked = next((one for one in found.figures if one.id == visit.part("figure")), None)
    if asked is None:
        raise NotFound(visit.part("figure"))
    value_now, refusal = None, ""
    # a number of pleas that moves between two looks would tell of a single one
    of_pleas = asked.query is not None and asked.query.pleas != "none"
    if asked.suppressed or not of_pleas or may(visit.officer, "see_pleas"):
        try:
            value_now = resolving.resolve(asked, visit.desk.index, visit.desk.database)
        except Rejected as withheld:
            refusal = str(withheld)
    return visit.page(
        "figure.html", report=found, figure=asked, told=sections.told(asked), value_now=value_now, refusal=refusal, posts=html.address(asked), topics=TOPIC_WORDS,
        sentiments=wording.SENTIMENTS,
    )  # fmt: skip


def file(visit: Visit) -> Response:
    """Hand out the report as a file."""
    found = _found(visit)
    kind = visit.part("kind")
    with visit.desk.database.reading() as connection:
        people = names.of(connection)
    if kind == "html":
        content: str | bytes = html.render(found, people=people)
    elif kind == "docx":
        from reports import docx

        content = docx.render(found, people=people)
    else:
        raise NotFound(kind)
    name = f'attachment; filename="weekly-{found.week}.{kind}"'
    return Response(content, media_type=KINDS[kind], headers={"content-disposition": name})


def edit(visit: Visit) -> Response:
    """Keep the writer's 研判 and 建议; figures stay as they are."""
    found = _found(visit)
    with visit.desk.database.writing() as connection:
        signing.edit(
            connection, visit.officer, found.id, assessment=visit.text("assessment"), advice=visit.text("advice"),
            now=visit.now,
        )  # fmt: skip
    return visit.done(f"/reports/{found.id}", "report")


def sign(visit: Visit) -> Response:
    """Sign, as a second person."""
    found = _found(visit)
    with visit.desk.database.writing() as connection:
        signed = signing.sign(connection, visit.officer, found.id, seen=visit.field("seen"), now=visit.now)
        people = names.of(connection)
    files.write(signed, visit.desk.reports, people=people)
    return visit.done(f"/reports/{found.id}", "signed")


def _found(visit: Visit) -> Report:
    with visit.desk.database.reading() as connection:
        found = store.get(connection, visit.part("id"))
    if found is None or not sees(visit.officer, "see_reports", found.unit):
        raise NotFound(visit.part("id"))
    return found
