"""What makes a new home: the folder, the schema, the units, and the first administrator."""

import secrets

from qingting.home import Home
from qingting.migrating import migrate
from qingting.settings import load
from qingting.wiring import House

ADMINISTRATOR = "admin"


def found(home: Home) -> tuple[str, str]:
    """Create the home and return name and one-time password of its first administrator.

    Raises Conflict where a home stands already, NotConfigured where it cannot be written.
    """
    from backends.database import open_database
    from response import people, units

    home.create()
    house = House(home, load(home.settings_file))
    database = open_database(house.database_url)
    try:
        migrate(database.engine)
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
