"""口径库: agreed facts with source, verifier and validity; drafts cite them."""

from starlette.responses import Response

from contracts.errors import Rejected
from contracts.topic import TOPIC_WORDS
from desk import names
from desk.visit import NotFound, Visit
from response import facts as library


def facts(visit: Visit) -> Response:
    """Show the newest version of every fact."""
    with visit.desk.database.reading() as connection:
        found = library.listing(connection)
        people = names.of(connection)
    return visit.page(
        "facts.html",
        facts=found,
        people=people,
        topics=TOPIC_WORDS,
        is_valid=lambda fact: library.is_valid(fact, visit.now),
    )


def add(visit: Visit) -> Response:
    """Write a fact or a new version of one; or, a lead only, approve a holding fact."""
    with visit.desk.database.writing() as connection:
        if visit.field("holding") == "1":
            library.write_holding(
                connection, visit.officer, text=visit.text("text"), topic=visit.field("topic"), now=visit.now
            )
        else:
            valid_until = visit.field_time("valid_until")
            if valid_until is None:
                raise Rejected("口径缺少有效期。请填写到哪一天为止有效。")
            library.write(
                connection, visit.officer, title=visit.field("title"), text=visit.text("text"),
                source=visit.field("source"), valid_until=valid_until, fact=visit.field("fact"),
                topic=visit.field("topic"), now=visit.now,
            )  # fmt: skip
    return visit.done("/facts", "fact")


def verify(visit: Visit) -> Response:
    """Verify what somebody else wrote."""
    with visit.desk.database.writing() as connection:
        if library.get(connection, visit.part("id")) is None:
            raise NotFound(visit.part("id"))
        library.verify(connection, visit.officer, visit.part("id"), now=visit.now)
    return visit.done("/facts", "fact")


def withdraw(visit: Visit) -> Response:
    """Stop a fact that turned out wrong, with the reason."""
    with visit.desk.database.writing() as connection:
        if library.get(connection, visit.part("id")) is None:
            raise NotFound(visit.part("id"))
        library.withdraw(connection, visit.officer, visit.part("id"), reason=visit.field("reason"), now=visit.now)
    return visit.done("/facts", "fact_withdrawn")
