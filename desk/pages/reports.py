"""周报: the list, a report with its locked figures, its editable words, and the second person's signature."""

from starlette.responses import Response

from contracts.report import Report
from desk import names
from desk.visit import NotFound, Visit


def reports(visit: Visit) -> Response:
    """Show the reports, newest week first."""
    from reports import store

    with visit.desk.database.reading() as connection:
        found = store.listing(connection)
        people = names.of(connection)
    return visit.page("reports.html", reports=found, people=people, states=STATES)


STATES = {"draft": "草稿", "signed": "已签发", "published": "已发布"}


def report(visit: Visit) -> Response:
    """Show one report; each figure opens the posts behind it, help figures their count only."""
    found = _found(visit)
    with visit.desk.database.reading() as connection:
        people = names.of(connection)
    return visit.page("report.html", report=found, people=people, states=STATES)


def file(visit: Visit) -> Response:
    raise NotFound(visit.part("name"))


def edit(visit: Visit) -> Response:
    """Keep the writer's 研判 and 建议; figures stay as they are."""
    from reports import signing

    with visit.desk.database.writing() as connection:
        signing.edit(
            connection,
            visit.officer,
            _found(visit).id,
            assessment=visit.text("assessment"),
            advice=visit.text("advice"),
            now=visit.now,
        )
    return visit.done(f"/reports/{visit.part('id')}", "report")


def sign(visit: Visit) -> Response:
    """The second person signs."""
    from reports import signing

    with visit.desk.database.writing() as connection:
        signing.sign(connection, visit.officer, _found(visit).id, now=visit.now)
    return visit.done(f"/reports/{visit.part('id')}", "signed")


def _found(visit: Visit) -> Report:
    from reports import store

    with visit.desk.database.reading() as connection:
        found = store.get(connection, visit.part("id"))
    if found is None:
        raise NotFound(visit.part("id"))
    return found
