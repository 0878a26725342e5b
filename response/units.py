"""Units: the province, its prefectures, their counties; everything belongs to one."""

from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select

from contracts.region import HUNAN, names, parent, prefix, within
from response.tables import units

PROVINCE: Final = HUNAN


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A women's federation of one division."""

    code: str
    name: str
    parent: str
    level: str
    """province · city · county"""


def seed(connection: Connection) -> None:
    """Write every unit of the province that is missing; running it twice changes nothing."""
    known = {row.code for row in connection.execute(select(units.c.code))}
    missing = [
        {"code": code, "name": f"{name}妇联", "parent": parent(code), "level": _level(code)}
        for code, name in names().items()
        if code.startswith(prefix(PROVINCE)) and code not in known
    ]
    if missing:
        connection.execute(insert(units), missing)


def get(connection: Connection, code: str) -> Unit | None:
    """Return one unit."""
    row = connection.execute(select(units).where(units.c.code == code)).first()
    return Unit(**row._mapping) if row else None  # noqa: SLF001 - the documented way to a mapping


def listing(connection: Connection, within_unit: str = PROVINCE) -> tuple[Unit, ...]:
    """Return a unit and those below it, by code."""
    rows = connection.execute(select(units).order_by(units.c.code))
    return tuple(Unit(**row._mapping) for row in rows if within(row.code, within_unit))  # noqa: SLF001


def _level(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"
