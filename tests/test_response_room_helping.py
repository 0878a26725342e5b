"""A plea on its way: seen by few, handed over, returned when nobody received it, and forgotten in time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts import opening, store
from alerts.rule import PLEA
from alerts.settings import AlertSettings
from contracts.document import Query
from contracts.errors import Conflict, Rejected
from contracts.events import PostIndexed
from contracts.identity import plea_alert_id, task_id
from contracts.lane import Lane
from contracts.task import HelpTask
from response import access, audit, helping, hours, people, timers
from response.access import MATRIX, ROLES, Denied
from response.inbox import GROUPS, inbox
from response.opening import open_work
from response.settings import HotlineHours, ResponseSettings
from tests.response_world import CHEAP, World, later

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = HotlineHours(opens="08:30", closes="17:30", holidays=("2026-11-24",), workdays=("2026-11-28",))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", lambda: CHEAP)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def found(world: World, task: str) -> HelpTask:
    task_now = world.do(lambda c: helping.get(c, task))
    assert task_now is not None
    return task_now


def hand_over(world: World, task: str, who: str = "officer", **settings: object) -> None:
    world.do(
        lambda c: helping.hand_over(
            c, world.officers[who], task, to="12338 值班坐席", link="https://a.example/1", said_at=later(),
            now=later(minutes=2), settings=ResponseSettings(**settings),  # type: ignore[arg-type]
        )
    )  # fmt: skip


def test_the_whole_way_leaves_receipt_and_outcome_alone(world: World) -> None:
    task = world.plea()
    hand_over(world, task)
    world.do(lambda c: helping.receive(c, world.officers["hotline"], task, receipt="工单 7", now=later(minutes=5)))
    world.do(lambda c: helping.answer(c, world.officers["hotline"], task, outcome="已联系派出所", now=later(hours=1)))
    world.do(lambda c: helping.close(c, world.officers["officer"], task, outcome="", now=later(hours=2)))
    assert found(world, task).state == "closed"
    assert found(world, task).post == "plea1"
    over = world.do(lambda c: helping.past_keeping(c, later(days=8), ResponseSettings()))
    world.do(lambda c: helping.forget(c, over, now=later(days=8)))
    kept = found(world, task)
    assert (kept.post, kept.marks, kept.place, kept.receipt, kept.outcome) == ("", (), "", "工单 7", "已联系派出所")
    (handed,) = world.do(lambda c: helping.hand_overs_of(c, task))
    assert (handed.link, handed.marks, handed.said_at) == ("", (), None)


def test_a_hand_over_that_nobody_received_comes_back_after_ten_minutes(world: World) -> None:
    task = world.plea()
    hand_over(world, task)
    world.do(lambda c: timers.run(c, later(minutes=11)))
    assert found(world, task).state == "handed_over"
    for _ in range(2):  # the timer may run twice
        world.do(lambda c: timers.run(c, later(minutes=13)))
    assert (found(world, task).state, found(world, task).overdue) == ("pending", True)
    hand_over(world, task)
    assert len(world.do(lambda c: helping.hand_overs_of(c, task))) == 2


def test_an_ordinary_one_waits_an_hour_of_opening_hours(world: World) -> None:
    task = world.plea(lane="ordinary")
    hand_over(world, task, hotline={"430000": OFFICE})  # Monday 12:02; open until 17:30
    assert found(world, task).due_at == later(minutes=62)


def test_what_was_deleted_at_its_source_leaves_at_once(world: World) -> None:
    task = world.plea()
    assert world.do(lambda c: helping.forget(c, ["plea1", "other"], now=later())) == 1
    assert (found(world, task).post, found(world, task).marks) == ("", ())


def test_each_opening_is_audited_and_refused_to_those_who_may_not(world: World) -> None:
    task = world.plea()
    for role in ROLES:
        if role in {"officer", "hotline"}:
            world.do(lambda c, role=role: helping.open_post(c, world.officers[role], task, now=later()))  # type: ignore[misc]
        else:
            with pytest.raises(Denied):
                world.do(lambda c, role=role: helping.open_post(c, world.officers[role], task, now=later()))  # type: ignore[misc]
    opened = [row.by for row in world.do(lambda c: audit.listing(c, subject=task)) if row.act == "open plea"]
    assert set(opened) == {world.officers["officer"].id, world.officers["hotline"].id}


def test_a_county_sees_its_own_and_the_province_sees_all(world: World) -> None:
    here, elsewhere = world.plea("p1", region="430104"), world.plea("p2", region="430211")
    nowhere = world.plea("p3", region="")
    county, city = world.person("county", "officer", unit="430104"), world.person("city", "officer", unit="430100")

    def seen(officer: access.Officer) -> set[str]:
        return {task.id for task in world.do(lambda c: helping.listing(c, officer=officer))}

    assert seen(county) == seen(city) == {here}
    assert seen(world.officers["officer"]) == {here, elsewhere, nowhere}
    assert seen(world.officers["commentator"]) == set()


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"officer", "hotline"}))
def test_no_other_role_meets_a_plea_anywhere(world: World, role: str) -> None:
    world.plea()
    officer = world.officers[role]
    rows = [row for group in world.do(lambda c: inbox(c, officer, later())) for row in group.rows]
    assert all(row.kind != "help" for row in rows)
    assert access.narrowed(officer, Query(pleas="with")).pleas == "none"
    only = access.narrowed(officer, Query(pleas="only"))
    assert (only.pleas, only.sources) == ("none", ("-",))
    assert not access.sees_plea(officer, "430104")


def test_unknown_acts_are_denied_to_everybody(world: World) -> None:
    assert all(not access.may(officer, "no such act") for officer in world.officers.values())
    assert not any(roles - set(ROLES) for roles in MATRIX.values())


def test_wrong_steps_are_refused_in_words(world: World) -> None:
    task = world.plea()
    with pytest.raises(Conflict, match="待研判"):
        world.do(lambda c: helping.receive(c, world.officers["hotline"], task, receipt="1", now=later()))
    with pytest.raises(Rejected, match="转交给谁"):
        world.do(lambda c: helping.hand_over(c, world.officers["officer"], task, to=" ", now=later()))
    with pytest.raises(Rejected, match="理由"):
        world.do(lambda c: helping.close(c, world.officers["officer"], task, outcome="", now=later()))
    hand_over(world, task)
    with pytest.raises(Rejected, match="凭证"):
        world.do(lambda c: helping.receive(c, world.officers["hotline"], task, receipt=" ", now=later(minutes=3)))


def test_help_stands_above_everything_and_danger_above_help(world: World) -> None:
    world.plea("p1", lane="ordinary")
    world.plea("p2", lane="critical")
    world.plea("p3", lane="suspected")
    world.alert(level="red")
    groups = [group.code for group in world.do(lambda c: inbox(c, world.officers["officer"], later()))]
    assert groups == ["critical", "suspected", "help", "levels"]
    assert [code for code, _ in GROUPS if code in groups] == groups


@pytest.mark.parametrize(
    ("at", "is_open", "opens"),
    [
        ("2026-11-23T12:00", True, "2026-11-25T08:30"), ("2026-11-23T08:29", False, "2026-11-23T08:30"),
        ("2026-11-23T17:30", False, "2026-11-25T08:30"), ("2026-11-24T12:00", False, "2026-11-25T08:30"),
        ("2026-11-28T12:00", True, "2026-11-30T08:30"), ("2026-11-29T12:00", False, "2026-11-30T08:30"),
    ],
)  # fmt: skip
def test_hours_know_holidays_and_moved_workdays(at: str, is_open: bool, opens: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=CHINA)
    assert hours.is_open(OFFICE, moment) is is_open
    assert hours.next_opening(OFFICE, moment) == datetime.fromisoformat(opens).replace(tzinfo=CHINA)


def test_hours_that_nobody_set_mean_closed(world: World) -> None:
    assert not hours.is_open(None, later())
    assert hours.next_opening(None, later()) is None
    lines = helping.instructions(found(world, world.plea()), later(), ResponseSettings())
    assert "110" in lines[0]
    assert any("没有设置工作时间" in line for line in lines)
    assert any("不公开回复" in line for line in lines)


def test_opening_time_is_counted_over_nights_and_holidays() -> None:
    start = datetime(2026, 11, 23, 17, 0, tzinfo=CHINA)
    assert hours.after_open_time(OFFICE, start, timedelta(hours=1)) == datetime(2026, 11, 25, 9, 0, tzinfo=CHINA)


def indexed(lane: Lane, *marks: str, minutes: float = 0) -> PostIndexed:
    at = later(minutes=minutes)
    return PostIndexed(
        id="plea7", source="forum", published_at=later(), fetched_at=at, indexed_at=at, lane=lane, marks=marks, regions=("430104",)
    )  # fmt: skip


def watched(world: World, plea: PostIndexed) -> None:
    now = plea.indexed_at
    world.do(lambda c: opening.take_pleas(c, PLEA, [plea], AlertSettings(), open_work, now))


def test_an_edited_plea_that_became_more_pressing_takes_its_task_along(world: World) -> None:
    watched(world, indexed("ordinary", "求助"))
    task = task_id(plea_alert_id(PLEA.id, "plea7"), "help")
    assert found(world, task).due_at == later(minutes=60)
    hand_over(world, task)
    for _ in range(2):  # an announcement may come again
        watched(world, indexed("critical", "又打我", minutes=20))
    pressed = found(world, task)
    assert (pressed.state, pressed.lane, pressed.marks, pressed.due_at) == (
        "handed_over", "critical", ("又打我",), later(minutes=30)
    )  # fmt: skip
    alert = world.do(lambda c: store.get(c, pressed.alert))
    assert alert is not None
    assert alert.reason.marks == ("又打我",)
    watched(world, indexed("urgent", "急", minutes=25))
    assert found(world, task) == pressed, "it never becomes less pressing by itself"
    acts = [row.act for row in world.do(lambda c: audit.listing(c, subject=task))]
    assert acts.count("help: pressed") == 1
    world.do(lambda c: helping.receive(c, world.officers["hotline"], task, receipt="1", now=later(minutes=26)))
    assert found(world, task).due_at is None


def test_what_was_forgotten_is_not_pressed_back(world: World) -> None:
    watched(world, indexed("ordinary", "求助"))
    task = task_id(plea_alert_id(PLEA.id, "plea7"), "help")
    world.do(lambda c: helping.forget(c, ["plea7"], now=later()))
    watched(world, indexed("critical", "又打我", minutes=20))
    assert (found(world, task).lane, found(world, task).marks) == ("ordinary", ())
