"""用户: who works here, in which unit and roles."""

import secrets

from starlette.responses import Response

from contracts.errors import Conflict
from desk.visit import NotFound, Visit
from response import people, units
from response.access import ROLES, require_unit

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def users(visit: Visit) -> Response:
    """Show everybody."""
    return _page(visit)


def add(visit: Visit) -> Response:
    """Add a person; the one-time password is shown once and kept nowhere."""
    password = _one_time_password()
    with visit.desk.database.writing() as connection:
        require_unit(visit.officer, visit.field("unit"))
        people.add(
            connection, name=visit.field("name"), unit=visit.field("unit"), roles=visit.fields("roles"),
            password=password, by=visit.officer.id, now=visit.now,
        )  # fmt: skip
    return _page(visit, shown=(visit.field("name"), password))


def set_password(visit: Visit) -> Response:
    """Give a one-time password to somebody who forgot theirs; every session of theirs ends."""
    password = _one_time_password()
    with visit.desk.database.writing() as connection:
        person = _person(visit, people.get(connection, visit.part("id")))
        people.set_password(connection, person.id, password=password, one_time=True, by=visit.officer.id, now=visit.now)
    return _page(visit, shown=(person.name, password))


def set_active(visit: Visit) -> Response:
    """Let a person in, or no more."""
    active = visit.field("active") == "1"
    with visit.desk.database.writing() as connection:
        person = _person(visit, people.get(connection, visit.part("id")))
        if person.id == visit.officer.id:
            raise Conflict("不能停用自己。请另一位管理员来做。")
        people.set_active(connection, person.id, active=active, by=visit.officer.id, now=visit.now)
    return visit.done("/users", "user")


def _person(visit: Visit, person: people.Person | None) -> people.Person:
    if person is None:
        raise NotFound(visit.part("id"))
    require_unit(visit.officer, person.unit)
    return person


def _page(visit: Visit, shown: tuple[str, str] | None = None) -> Response:
    with visit.desk.database.reading() as connection:
        everybody = people.listing(connection)
        known = units.listing(connection, visit.officer.unit)
    names = {unit.code: unit.name for unit in known}
    return visit.page(
        "users.html", people=[one for one in everybody if one.unit in names], units=known, unit_names=names, roles=ROLES,
        shown=shown,
    )  # fmt: skip


def _one_time_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
