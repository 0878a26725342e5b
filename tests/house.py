"""A house of one home with a clock of the test's own, and a way to run one of its roles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.ports.clock import Clock
from contracts.role import Role
from qingting import preparing
from qingting.home import Home
from qingting.wiring import House
from response import units
from tests.desk_world import wait_for


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[House]:
    home = Home(folder / "home")
    home.create()
    with House.at(home) as house:
        preparing.prepare(home, house.settings, house.database_url)
        house.__dict__["clock"] = clock  # before anything else is opened with it
        with house.database.writing() as connection:
            units.seed(connection)
        yield house


def step_until(role: Role, until: Callable[[], object]) -> None:
    def turn() -> object:
        role.step(0.0)
        return until()

    wait_for(turn)
