"""What makes a new home: the folder, the schema, the units, and the first administrator."""

import secrets
from pathlib import Path

from qingting.home import Home
from qingting.preparing import prepare
from qingting.settings import load
from qingting.wiring import House

ADMINISTRATOR = "admin"


def found(home: Home, settings_file: Path | None = None) -> tuple[str, str]:
    """Create the home, with these settings instead of the default ones, and return its first administrator and password.

    Raises Conflict where a home stands already, NotConfigured where it cannot be written or the settings have faults.
    """
    from backends.database import open_database
    from response import people, units

    if settings_file:
        load(settings_file)
    home.create(settings_file)
    house = House(home, load(home.settings_file))
    prepare(home, house.settings, house.database_url)
    database = open_database(house.database_url)
    try:
        password = secrets.token_urlsafe(12)
        now = house.clock.now()
        with database.writing() as connection:
            units.seed(connection)
            people.add(
                connection, name=ADMINISTRATOR, unit=units.PROVINCE, roles=("admin",), password=password,
                one_time=True, by="qingting init", now=now,
            )  # fmt: skip
    finally:
        database.close()
    return ADMINISTRATOR, password
