"""待办: what waits for the morning, and pleas that came too late for an alert."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from alerts.tables import historic_pleas
from contracts.errors import Conflict, Rejected
from contracts.level import Level
from response import audit, historic, inbox, judging
from response.access import Denied
from tests.response_world import World, later


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def _groups(world: World, hours: float) -> dict[str, int]:
    """Count what stands in each group, so many hours after noon in Changsha."""
    found = world.do(lambda c: inbox.inbox(c, world.officers["officer"], later(hours=hours)))
    return {group.code: len(group.rows) for group in found}


def _list(connection: Connection, post: str, region: str) -> None:
    connection.execute(
        insert(historic_pleas),
        {
            "post": post, "lane": "urgent", "region": region, "source": "s", "sample": False,
            "published_at": later(hours=-999), "listed_at": later(),
        },
    )  # fmt: skip


@pytest.mark.parametrize("level", ["yellow", "blue"])
@pytest.mark.parametrize("opened", [8, 13, 19.9])
def test_what_is_below_orange_and_came_in_the_night_waits_for_the_morning(
    world: World, level: Level, opened: float
) -> None:
    alert = world.alert(level=level, at=later(hours=opened))
    assert _groups(world, 19.9) == {"morning": 1}
    assert _groups(world, 20) == {"judge": 1}
    judgement = world.do(lambda c: judging.of_alert(c, alert))
    assert judgement
    assert judgement.due_at == later(hours=28), "eight hours from the morning on"


def test_what_came_by_day_or_cannot_wait_stands_at_once(world: World) -> None:
    world.alert(level="yellow", key="by day", at=later(hours=7.9))
    assert _groups(world, 9) == {"judge": 1}
    world.alert(level="orange", key="by night", at=later(hours=10))
    assert _groups(world, 11) == {"judge": 1, "levels": 1}


def test_a_plea_that_came_too_late_leaves_the_list_with_a_reason(world: World) -> None:
    for post, region in (("old", "430111"), ("lost", "")):
        world.do(partial(_list, post=post, region=region))
    hotline, county = world.officers["hotline"], world.person("county", "officer", unit="430300")

    def settle(who: str, post: str = "old", reason: str = "原帖已删，无法联系") -> None:
        officer = county if who == "county" else world.officers[who]
        world.do(lambda c: historic.settle(c, officer, post, reason=reason, now=later(hours=1)))

    for who, post in (("commentator", "old"), ("lead", "old"), ("county", "old"), ("county", "lost"), ("hotline", "x")):
        with pytest.raises(Denied):
            settle(who, post)
    with pytest.raises(Rejected):
        settle("hotline", reason=" ")
    assert len(world.do(lambda c: historic.waiting(c, hotline))) == 2
    settle("hotline")
    assert [plea.post for plea in world.do(lambda c: historic.waiting(c, hotline))] == ["lost"]
    with pytest.raises(Conflict):
        settle("officer")
    (row,) = world.do(lambda c: audit.listing(c, subject="old"))
    assert (row.act, row.by, row.detail) == ("settle historic plea", hotline.id, "原帖已删，无法联系")
