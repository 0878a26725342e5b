"""Numbers of people who asked for help: told to those who may see them, never small, and nowhere else to be computed."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.events import AlertChanged
from contracts.ports.log import Partition, Record
from contracts.zone import BEIJING
from desk.live import Listener, Live
from response.access import Officer
from tests.desk_world import EVERYBODY, World, make_world, served


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path)
    with served(world):
        yield world
    world.close()


def test_the_situation_tells_pleas_to_those_who_may_see_them_as_one_total(world: World) -> None:
    for _ in range(2):
        world.plea("urgent")
    officer, county = world.client("officer"), world.client("county")
    assert officer.json("/situation")["pleas"] is None, "two are too few to be told"
    assert "不列出" in officer.get("/situation").text
    for _ in range(2):
        world.plea("urgent", region="430200")
    narrow = "/situation?topic=domestic_violence&region=430100"
    assert officer.json("/situation")["pleas"] == officer.json(narrow)["pleas"] == 4, "whatever else is filtered"
    assert county.json("/situation")["pleas"] is None or county.json("/situation")["pleas"] == 0
    for who in ("commentator", "reviewer", "lead", "writer", "auditor"):
        client = world.client(who)
        for address in ("/situation", narrow, "/situation?hours=168"):
            assert "pleas" not in client.json(address), who
            assert "求助" not in client.get(address).text.split("<main")[1], who


class Loop:
    """Stands for the server's loop: counts how often it is woken."""

    woken = 0

    def call_soon_threadsafe(self, put: object) -> None:
        self.woken += 1


def test_the_live_wire_does_not_let_anybody_count_what_it_hides(world: World) -> None:
    """Ids that rise by one, or a pulse that a hidden event puts off, would say that a plea came in."""
    live, loops = Live(world.desk), {}
    for who, (name, unit, roles) in EVERYBODY.items():
        loops[who] = Loop()
        officer = Officer(id=who, name=name, unit=unit, roles=roles)
        live._listeners.add(Listener(officer, asyncio.Queue(), loops[who]))  # type: ignore[arg-type]
    for change, alert in enumerate((world.opinion("blue"), world.plea(), world.opinion("blue", region="430200"))):
        live._tell_record(
            Record(
                Partition("alerts.changed.v1", 0), change, world.clock.now(),
                AlertChanged(id=alert.id, alert_key="", state="open", changed_at=world.clock.now(), change=1, lane=alert.lane),
            )
        )  # fmt: skip
    assert loops["officer"].woken == loops["hotline"].woken + 2 == 3
    assert loops["commentator"].woken == loops["lead"].woken == 2
    ids = [told.id for told in live._kept]
    assert len(set(ids)) == 4
    assert not any(one.rpartition("-")[2].isdigit() and "-" in one for one in ids)


def test_a_figure_of_pleas_is_asked_again_only_by_those_who_may_see_pleas(world: World) -> None:
    """Looked at twice, a number that moves by one would tell of one person."""
    for _ in range(5):
        world.plea("urgent")
    writer = world.client("writer")
    week = (world.clock.now() - timedelta(minutes=3)).astimezone(BEIJING).strftime("%G-W%V")
    where = writer.done("/reports", week=week).split("?")[0]
    world.plea("urgent")
    figure = f"{where}/figures/help.all"
    for who in ("commentator", "writer", "lead"):
        text = world.client(who).get(figure).text
        assert "现在重算" not in text
        assert "周报中" in text
    assert "现在重算" in world.client("officer").get(figure).text
