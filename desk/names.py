"""Names of the people who work here, by id: those of members of the public are nowhere."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from response import people

PROGRAM: Final = {"watch": "监测程序", "notify": "通知程序", "timers": "时限程序", "-": "程序", "": "程序"}


def of(connection: Connection) -> Mapping[str, str]:
    """Return every officer's name by id, and words for the program's own acts."""
    return PROGRAM | {person.id: person.name for person in people.listing(connection)}
