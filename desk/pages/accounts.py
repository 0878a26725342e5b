"""账号矩阵: the register of official accounts; no credential is kept."""

from starlette.responses import Response

from desk.visit import NotFound, Visit
from response import accounts as register_of
from response import units


def accounts(visit: Visit) -> Response:
    """Show the register."""
    with visit.desk.database.reading() as connection:
        found = register_of.listing(connection)
        known = units.listing(connection, visit.officer.unit)
        names = {unit.code: unit.name for unit in units.listing(connection)}
    return visit.page("accounts.html", accounts=found, units=known, unit_names=names)


def register(visit: Visit) -> Response:
    """Register an account."""
    with visit.desk.database.writing() as connection:
        register_of.add(
            connection, visit.officer, name=visit.field("name"), platform=visit.field("platform"), url=visit.field("url"),
            responsible=visit.field("responsible"), unit=visit.field("unit"), now=visit.now,
        )  # fmt: skip
    return visit.done("/accounts", "account")


def set_active(visit: Visit) -> Response:
    """Let an account speak, or no more."""
    with visit.desk.database.writing() as connection:
        if register_of.get(connection, visit.part("id")) is None:
            raise NotFound(visit.part("id"))
        register_of.set_active(
            connection, visit.officer, visit.part("id"), active=visit.field("active") == "1", now=visit.now
        )
    return visit.done("/accounts", "account")
