"""What belongs to another unit is neither seen nor touched: a county officer before the province's things."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from alerts import silences, store
from contracts.document import Document
from contracts.identity import task_id
from response import accounts, answering, helping, judging, people, shifts
from response.access import Denied, Officer
from response.inbox import inbox
from tests.desk_world import CHANGSHA, EVERYBODY, XIANGTAN, make_world, served
from tests.response_world import CHEAP, World, later

COUNTY = "430104"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(people, "_hasher", lambda: CHEAP)
    world = World(tmp_path)
    yield world
    world.close()


def test_a_county_officer_cannot_touch_what_is_the_provinces(world: World) -> None:
    county = world.person("county", "officer", "lead", "admin", "commentator", "reviewer", unit=COUNTY)
    alert, other = world.alert(key="topic=a"), world.alert(key="topic=b")
    task = world.plea(region="")
    plea = world.do(lambda c: helping.get(c, task))
    assert plea is not None
    note = world.do(lambda c: shifts.leave_note(c, world.officers["officer"], note="无", now=later()))
    silence = world.do(
        lambda c: silences.add(c, topic="employment", until=later(hours=2), by="x", reason="同一件事", now=later())
    ).id
    acts: dict[str, Callable[[Connection, Officer], object]] = {
        "acknowledge": lambda c, who: judging.acknowledge(c, who, alert, now=later()),
        "acknowledge a plea": lambda c, who: judging.acknowledge(c, who, plea.alert, now=later()),
        "level": lambda c, who: judging.confirm_level(c, who, alert, level="red", reason="x", now=later()),
        "silence": lambda c, who: judging.silence(c, who, alert, hours=1, reason="x", now=later()),
        "end silence": lambda c, who: judging.end_silence(c, who, silence, now=later()),
        "judge": lambda c, who: judging.decide(
            c, who, task_id(alert, "judgement"), outcome="respond", reason="x", level="blue", now=later()
        ),
        "claim": lambda c, who: answering.claim(c, who, task_id(alert, "response"), now=later()),
        "merge": lambda c, who: judging.merge(c, who, other, into=alert, reason="x", now=later()),
        "account": lambda c, who: accounts.set_active(c, who, world.account, active=False, now=later()),
        "shift": lambda c, who: shifts.sign(c, who, note, now=later()),
    }
    everything = world.person("province", *county.roles)
    refused = []
    for name, act in acts.items():
        try:
            world.do(lambda c, act=act: act(c, county))  # type: ignore[misc]
        except Denied:
            refused.append(name)
        world.do(lambda c, act=act: act(c, everything))  # type: ignore[misc]
    assert refused == list(acts)


def test_lists_and_inbox_hold_the_own_unit_alone(world: World) -> None:
    alert = world.alert()
    world.do(
        lambda c: judging.decide(
            c, world.officers["officer"], task_id(alert, "judgement"), outcome="respond", reason="x", level="red", now=later()
        )
    )  # fmt: skip
    county = world.person("county", "officer", "lead", "commentator", "reviewer", unit=COUNTY)
    assert world.do(lambda c: answering.listing(c, officer=county)) == ()
    assert len(world.do(lambda c: answering.listing(c, officer=world.officers["officer"]))) == 1
    assert world.do(lambda c: inbox(c, county, later(hours=9))) == ()


def test_the_desk_shows_a_county_nothing_of_the_province(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    officer = ("officer", "lead", "commentator", "reviewer", "writer")
    with world.database.writing() as connection:
        people.add(
            connection, name="县里全能", unit=XIANGTAN, roles=officer, password="long-enough-word", one_time=False, by="test",
            now=world.clock.now(),
        )  # fmt: skip
    with served(world):
        theirs, own = world.opinion("red", region=CHANGSHA), world.opinion("red", region=XIANGTAN)
        province = world.client("officer")
        for alert in (theirs, own):
            province.done(
                f"/judgements/{world.judgement(alert)}/decide", outcome="respond", reason="公众在问", level="red"
            )
        report = world.client("writer").done("/reports", week="2026-W40").split("?")[0]
        EVERYBODY["all"] = ("县里全能", XIANGTAN, officer)  # type: ignore[assignment]
        try:
            county = world.client("all")
        finally:
            del EVERYBODY["all"]
        assert [one["id"] for one in county.json("/alerts")["alerts"]] == [own.id]
        assert [one["id"] for one in county.json("/tasks")["tasks"]] == [world.task(own)]
        assert theirs.id not in county.get(f"/alerts/{own.id}").text, "not even to merge into"
        assert report not in county.get("/reports").text
        task = f"/tasks/{world.task(theirs)}"
        for address in (
            f"/alerts/{theirs.id}",
            task,
            report,
            f"{report}/figures/overview.all.posts",
            f"{report}/file/html",
        ):
            assert county.get(address).status_code == 404, address
        for act in ("claim", "check", "draft", "submit", "verify", "review", "publish", "effect", "close", "withdraw"):
            assert county.act(f"{task}/{act}", text="x", reason="x").status_code == 404, act
        for act in ("acknowledge", "level", "merge", "silence"):
            assert (
                county.act(f"/alerts/{theirs.id}/{act}", reason="x", hours="1", level="red", into=own.id).status_code
                == 404
            )
        with world.database.reading() as connection:
            assert store.get(connection, theirs.id) is not None
        assert county.get(f"/tasks/{world.task(own)}").status_code == 200
    world.close()


def test_a_plea_that_names_two_places_belongs_to_the_unit_of_its_task_everywhere(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with served(world):
        plea = world.plea(region=CHANGSHA)
        post = plea.posts[0]
        document = world.index.get([post])[post]
        # an edit may turn the places round: the task stays where it is
        for regions in ((CHANGSHA, XIANGTAN), (XIANGTAN, CHANGSHA)):
            fetched_at = document.post.fetched_at + timedelta(minutes=1)
            document = Document(
                post=msgspec.structs.replace(document.post, fetched_at=fetched_at),
                score=msgspec.structs.replace(document.score, regions=regions),
            )
            world.index.put([document])
            province, county = world.client("officer"), world.client("county")
            assert f"/help/post/{post}" in province.get("/search?q=打我").text
            page = county.get("/search?q=打我").text
            assert post not in page
            assert "新的在前" not in page, "nor is it counted"
            for address in (f"/help/post/{post}", f"/help/{world.help(plea)}", f"/alerts/{plea.id}"):
                assert county.get(address).status_code == 404, address
            assert county.json("/help")["help"] == []
        own = world.plea(region=XIANGTAN)
        assert f"/help/post/{own.posts[0]}" in world.client("county").get("/search?q=打我").text
    world.close()
