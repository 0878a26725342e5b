"""The roster: who may fill it, who is rung after whom, and whose the open items are."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from alerts import escalation, store
from alerts.settings import AlertSettings
from alerts.tables import alerts
from contracts.errors import Conflict, Rejected
from response import audit, inbox, people, shifts, units
from response.access import Denied, Officer
from tests.response_world import World, later

CHANGSHA, YUHUA = "430100", "430111"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.officers["deputy"] = world.person("deputy", "officer")
    yield world
    world.close()


def rostered(world: World, by: str = "lead", **fields: Any) -> str:
    main, deputy, leader = (world.officers[name].id for name in ("officer", "deputy", "lead"))
    given: dict[str, Any] = {
        "main": main,
        "deputy": deputy,
        "leader": leader,
        "starts_at": later(),
        "ends_at": later(hours=12),
    }
    return world.do(lambda c: shifts.roster(c, world.officers[by], now=later(), **given | fields))


def ring(world: World, minutes: int) -> None:
    """Let so many minutes pass with every alert unsigned since it opened."""
    world.do(lambda c: c.execute(update(alerts).values(escalate_at=later(minutes=minutes))))
    world.do(lambda c: escalation.escalate(c, AlertSettings(), later(minutes=minutes), shifts.rung_in_turn))


@pytest.mark.parametrize("by", ["officer", "commentator", "hotline", "auditor"])
def test_only_a_lead_or_an_admin_fills_the_roster(world: World, by: str) -> None:
    with pytest.raises(Denied):
        rostered(world, by)
    shift = rostered(world, "admin")
    with pytest.raises(Denied):
        world.do(lambda c: shifts.strike(c, world.officers[by], shift, now=later()))


def test_a_shift_that_does_not_hold_is_refused_with_the_reason(world: World) -> None:
    stranger = world.person("hers", "officer", unit=CHANGSHA)
    gone = world.person("gone", "officer")
    world.do(lambda c: people.set_active(c, gone.id, active=False, by="x", now=later()))
    for fields in (
        {"ends_at": later()}, {"ends_at": later(hours=25)}, {"main": ""}, {"main": "nobody"},
        {"starts_at": later(hours=-9), "ends_at": later(hours=-1)}, {"main": stranger.id}, {"main": gone.id},
        {"main": world.officers["commentator"].id}, {"leader": world.officers["reviewer"].id},
        {"deputy": world.officers["officer"].id},
    ):  # fmt: skip
        with pytest.raises(Rejected):
            rostered(world, **fields)
    shift = rostered(world)
    with pytest.raises(Conflict):
        rostered(world, starts_at=later(hours=11), ends_at=later(hours=20))
    rostered(world, starts_at=later(hours=12), ends_at=later(hours=24))
    world.do(lambda c: shifts.strike(c, world.officers["lead"], shift, now=later(hours=1)))
    assert world.do(lambda c: shifts.current(c, units.PROVINCE, later(hours=1))) is None
    acts = [row.act for row in world.do(lambda c: audit.listing(c, subject=shift))]
    assert acts == ["strike roster", "roster"]


def test_an_unsigned_plea_goes_to_the_deputy_and_then_to_the_leader(world: World) -> None:
    rostered(world)
    task = world.plea(region=YUHUA)
    assert _rung(world, "deputy") == []
    ring(world, 10)
    assert [row.id for row in _rung(world, "deputy")] == [task]
    assert _rung(world, "lead") == []
    ring(world, 20)
    (call,) = _rung(world, "lead")
    assert (call.kind, call.word, call.link) == ("call", "危急", "/shift")
    assert task not in call.id + call.sentence, "a leader may not see pleas: whom to call, and nothing of the plea"
    world.do(lambda c: store.change(c, store.listing(c)[0].id, "acknowledged", by="x", reason="", now=later()))
    assert _rung(world, "deputy") == _rung(world, "lead") == []


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        ({}, "deputy", "lead"), ({"deputy": ""}, "lead", "lead"), ({"leader": ""}, "deputy", "deputy"),
        ({"deputy": "", "leader": ""}, "officer", "officer"),
    ],
)  # fmt: skip
def test_whoever_is_rostered_is_rung(world: World, fields: dict[str, str], first: str, second: str) -> None:
    rostered(world, **fields)
    world.alert(level="red")
    for minutes, name in ((10, first), (20, second)):
        ring(world, minutes)
        assert _rung(world, name), (minutes, name)


def test_a_county_without_a_roster_is_answered_for_by_the_nearest_unit_above(world: World) -> None:
    rostered(world)
    shift = world.do(lambda c: shifts.covering(c, YUHUA, later(hours=1)))
    assert shift
    assert shift.unit == units.PROVINCE
    lead, main = world.person("city lead", "lead", unit=CHANGSHA), world.person("city", "officer", unit=CHANGSHA)
    world.officers["city lead"] = lead
    rostered(world, "city lead", main=main.id, deputy="", leader=lead.id)
    shift = world.do(lambda c: shifts.covering(c, YUHUA, later(hours=1)))
    assert shift
    assert shift.main == main.id


def test_after_the_signature_every_open_item_has_an_owner(world: World) -> None:
    officer, deputy = world.officers["officer"], world.officers["deputy"]
    world.plea()
    world.alert(level="red")
    assert set(_owners(world, officer).values()) == {""}
    rostered(world)
    assert set(_owners(world, officer).values()) == {officer.id}
    note = world.do(lambda c: shifts.leave_note(c, officer, note="无", now=later(hours=1)))
    assert set(_owners(world, officer).values()) == {officer.id}, "until it is signed the old shift answers"
    world.do(lambda c: shifts.sign(c, deputy, note, now=later(hours=1)))
    owned = _owners(world, officer)
    assert len(owned) == 2
    assert set(owned.values()) == {deputy.id}
    assert world.do(lambda c: shifts.holder(c, YUHUA, later(hours=2))) == deputy.id
    assert world.do(lambda c: shifts.holder(c, YUHUA, later(hours=1) + shifts.SHIFT_MAX)) == ""


def test_a_note_of_another_unit_cannot_be_signed(world: World) -> None:
    note = world.do(lambda c: shifts.leave_note(c, world.officers["officer"], note="无", now=later()))
    stranger = world.person("hers", "officer", unit=CHANGSHA)
    with pytest.raises(Denied):
        world.do(lambda c: shifts.sign(c, stranger, note, now=later()))


def _rung(world: World, name: str) -> list[inbox.InboxRow]:
    groups = world.do(lambda c: inbox.inbox(c, world.officers[name], later(minutes=30)))
    return [row for group in groups for row in group.rows if row.rung]


def _owners(world: World, officer: Officer) -> dict[str, str]:
    at = later() + timedelta(hours=2)
    groups = world.do(lambda c: inbox.unfinished(c, officer, at))
    return dict(world.do(lambda c: inbox.owners(c, (row for group in groups for row in group.rows), at)))
