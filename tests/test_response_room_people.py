"""People, sessions, judgements, facts, shifts and the chain of the audit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from contracts.errors import Conflict, Rejected
from contracts.identity import task_id
from contracts.task import Outcome
from response import access, answering, audit, facts, judging, people, shifts, units
from response.access import Denied
from response.settings import ResponseSettings
from tests.response_world import CHEAP, World, later

SETTINGS = ResponseSettings(sign_in_failures=3)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", lambda: CHEAP)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def sign_in(world: World, password: str, seconds: float = 0, address: str = "10.0.0.1") -> people.Person | None:
    return world.do(
        lambda c: people.authenticate(
            c, name="officer", password=password, address=address, now=later(seconds=seconds), settings=SETTINGS
        )
    )


def test_wrong_passwords_cost_more_and_more_time(world: World) -> None:
    assert sign_in(world, "correct horse") is not None
    for _ in range(3):
        assert sign_in(world, "wrong") is None
    with pytest.raises(Denied, match="秒后再试"):
        sign_in(world, "correct horse", seconds=1)
    with pytest.raises(Denied):  # the name is throttled from another address too
        sign_in(world, "correct horse", seconds=1, address="10.0.0.2")
    assert sign_in(world, "correct horse", seconds=60) is not None


def test_an_unknown_name_is_answered_like_a_wrong_password(world: World) -> None:
    assert world.do(
        lambda c: people.authenticate(c, name="nobody", password="x", address="a", now=later(), settings=SETTINGS)
    ) is None  # fmt: skip


def test_sessions_end_by_idleness_by_age_and_by_a_new_password(world: World) -> None:
    officer = world.officers["officer"]
    settings = ResponseSettings(session_idle_minutes=30, session_hours=2)

    def held(token: str, **span: float) -> bool:
        return world.do(lambda c: people.officer_of_session(c, token, now=later(**span), settings=settings)) is not None

    token = world.do(lambda c: people.open_session(c, officer.id, now=later(), settings=settings))
    assert held(token, minutes=29)
    assert not held(token, minutes=31)
    assert world.do(lambda c: people.is_resting(c, token, now=later(minutes=6)))
    world.do(lambda c: people.touch_session(c, token, now=later(minutes=110)))
    assert not world.do(lambda c: people.is_resting(c, token, now=later(minutes=111)))
    assert held(token, minutes=119)
    assert not held(token, minutes=121)
    again = world.do(lambda c: people.open_session(c, officer.id, now=later(), settings=settings))
    world.do(lambda c: people.set_password(c, officer.id, password="another horse", by="x", now=later()))
    assert not held(again)
    assert not held("made up")


def test_the_database_knows_no_token_and_no_password(world: World) -> None:
    token = world.do(lambda c: people.open_session(c, world.officers["officer"].id, now=later(), settings=SETTINGS))
    dump = world.do(
        lambda c: [
            str(row) for table in ("sessions", "users", "audit") for row in c.execute(text(f"SELECT * FROM {table}"))
        ]
    )
    assert not [row for row in dump if token in row or "correct horse" in row]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "姓名"),
        ({"unit": "110000"}, "单位"),
        ({"roles": ("king",)}, "角色"),
        ({"roles": ()}, "角色"),
        ({"password": "short"}, "口令"),
    ],
)
def test_a_person_is_added_whole_or_not(world: World, fields: dict[str, object], said: str) -> None:
    given: dict[str, Any] = {
        "name": "新人", "unit": units.PROVINCE, "roles": ("officer",), "password": "long enough password"
    }  # fmt: skip
    with pytest.raises(Rejected, match=said):
        world.do(lambda c: people.add(c, by="test", now=later(), **given | fields))
    with pytest.raises(Conflict):
        world.do(lambda c: people.add(c, by="test", now=later(), **given | {"name": "officer"}))


def test_units_stand_from_province_to_county_once(world: World) -> None:
    world.do(units.seed)
    found = world.do(units.listing)
    assert len(found) == 1 + 14 + 122
    assert [access.unit_of(code) for code in ("430104", "430199")] == ["430104", "430100"]
    assert {access.unit_of(code) for code in ("110000", "", "430000")} == {units.PROVINCE}


@pytest.mark.parametrize(
    ("outcome", "alert_state", "task"),
    [("watch", "acknowledged", False), ("refer", "acknowledged", False), ("no_response", "resolved", False),
     ("false_alarm", "false_alarm", False), ("respond", "acknowledged", True)],
)  # fmt: skip
def test_only_a_decision_to_respond_makes_a_task(world: World, outcome: Outcome, alert_state: str, task: bool) -> None:
    from alerts import store

    alert = world.alert()
    judgement = task_id(alert, "judgement")
    officer = world.officers["officer"]
    with pytest.raises(Rejected, match="理由"):
        world.do(
            lambda c: judging.decide(c, officer, judgement, outcome=outcome, reason=" ", level="yellow", now=later())
        )
    if outcome == "respond":
        with pytest.raises(Conflict, match="先定级"):
            world.do(lambda c: judging.decide(c, officer, judgement, outcome=outcome, reason="有理由", now=later()))
    world.do(
        lambda c: judging.decide(c, officer, judgement, outcome=outcome, reason="有理由", level="yellow", now=later())
    )
    found = world.do(lambda c: store.get(c, alert))
    assert found is not None
    assert found.state == alert_state
    assert (world.do(lambda c: answering.of_alert(c, alert)) is not None) is task

    def again() -> object:
        return world.do(lambda c: judging.decide(c, officer, judgement, outcome="refer", reason="改主意", now=later()))

    if outcome == "watch":
        again()
    else:
        with pytest.raises(Conflict):
            again()


def test_only_those_who_judge_may_judge_and_a_plea_is_never_judged(world: World) -> None:
    alert = world.alert()
    with pytest.raises(Denied):
        world.do(
            lambda c: judging.decide(
                c, world.officers["commentator"], task_id(alert, "judgement"), outcome="watch", reason="x", now=later()
            )
        )
    into = _alert_of(world, world.plea())
    assert {judgement.alert for judgement in world.do(judging.awaiting)} == {alert}
    with pytest.raises(Rejected, match="求助"):
        world.do(lambda c: judging.merge(c, world.officers["officer"], alert, into=into, reason="x", now=later()))


def _alert_of(world: World, task: str) -> str:
    from response import helping

    found = world.do(lambda c: helping.get(c, task))
    assert found is not None
    return found.alert


def test_a_fact_is_verified_by_somebody_else(world: World) -> None:
    writer = world.person("writes and checks", "commentator", "reviewer")
    version = world.do(
        lambda c: facts.write(c, writer, title="t", text="x", source="s", valid_until=later(hours=1), now=later())
    )
    with pytest.raises(Conflict):
        world.do(lambda c: facts.verify(c, writer, version, now=later()))
    world.do(lambda c: facts.verify(c, world.officers["reviewer"], version, now=later()))
    fact = world.do(lambda c: facts.get(c, version))
    assert fact is not None
    assert facts.is_valid(fact, later())
    assert not facts.is_valid(fact, later(hours=1))


def test_a_shift_is_taken_over_by_another_person(world: World) -> None:
    officer, lead = world.officers["officer"], world.officers["lead"]
    deputy = world.person("deputy", "officer")
    world.do(
        lambda c: shifts.roster(
            c, lead, starts_at=later(), ends_at=later(hours=12), main=officer.id, leader=lead.id, now=later()
        )
    )
    shift = world.do(lambda c: shifts.current(c, units.PROVINCE, later(hours=1)))
    assert shift is not None
    assert shift.main == officer.id
    assert world.do(lambda c: shifts.current(c, units.PROVINCE, later(hours=12))) is None
    note = world.do(lambda c: shifts.leave_note(c, officer, note="两件待签收", now=later(hours=11)))
    with pytest.raises(Conflict):
        world.do(lambda c: shifts.sign(c, officer, note, now=later(hours=12)))
    world.do(lambda c: shifts.sign(c, deputy, note, now=later(hours=12)))
    with pytest.raises(Conflict):
        world.do(lambda c: shifts.sign(c, deputy, note, now=later(hours=12)))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET detail = 'x' WHERE seq = 3", "UPDATE audit SET by = 'x' WHERE seq = 3",
        "UPDATE audit SET at = at + 1 WHERE seq = 3", "DELETE FROM audit WHERE seq = 3",
        "UPDATE audit SET seq = seq + 100 WHERE seq = 3",
    ],
)  # fmt: skip
def test_any_change_of_the_audit_is_refused_and_found(world: World, tampering: str) -> None:
    assert world.do(audit.verify).ok
    with pytest.raises(Exception, match="append-only"):
        world.do(lambda c: c.execute(text(tampering)))
    for trigger in ("audit_no_update", "audit_no_delete"):  # somebody with the file in hand can do more
        world.do(lambda c, trigger=trigger: c.execute(text(f"DROP TRIGGER {trigger}")))  # type: ignore[misc]
    world.do(lambda c: c.execute(text(tampering)))
    verdict = world.do(audit.verify)
    assert (verdict.ok, verdict.first_bad) == (False, 3)
