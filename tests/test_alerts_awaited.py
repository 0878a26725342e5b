"""What is still owed a person's answer does not end by itself, and never leaves 待办."""

from datetime import timedelta
from pathlib import Path

from alerts import store
from contracts.alert import Alert, Reason
from contracts.identity import alert_id, task_id
from contracts.level import Level
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from qingting import roles
from qingting.wiring import House
from response import judging, units
from response.access import Officer
from response.inbox import inbox
from response.opening import open_work
from tests.house import opened, step_until

OFFICER = Officer(id="a", name="甲", unit=units.PROVINCE, roles=("officer",))


def opinion(house: House, level: Level, key: str) -> str:
    alert = Alert(
        id=alert_id("rule", key, 1), rule="rule", key=key, state="open", opened_at=NOON, level=level, topic="employment",
        reason=Reason(rule_type="burst", sentence="30 分钟 12 帖", count=12), count=12, posts=("p1",),
    )  # fmt: skip
    with house.database.writing() as connection:
        store.open_alert(connection, alert, opening=1, active_at=NOON, escalate_at=None, now=NOON)
        open_work(connection, alert, NOON)
    return alert.id


def state(house: House, alert: str) -> str:
    with house.database.reading() as connection:
        found = store.get(connection, alert)
    assert found is not None
    return found.state


def test_an_alert_that_nobody_has_judged_stays_answerable(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    with opened(tmp_path, clock) as house:
        waiting, watched = opinion(house, "orange", "a"), opinion(house, "yellow", "b")
        red = opinion(house, "red", "c")
        with house.database.writing() as connection:
            judging.decide(
                connection, OFFICER, task_id(watched, "judgement"), outcome="watch", reason="再看看", now=NOON
            )
            for number in range(600):  # newer ones, ended by their officers
                key = f"n{number}"
                alert = Alert(
                    id=alert_id("rule", key, 1), rule="rule", key=key, state="open", opened_at=NOON, level="blue",
                    reason=Reason(rule_type="burst", sentence="30 分钟 12 帖"),
                )  # fmt: skip
                store.open_alert(connection, alert, opening=1, active_at=NOON, escalate_at=None, now=NOON)
                open_work(connection, alert, NOON + timedelta(minutes=1))
                store.change(connection, alert.id, "merged", by="a", reason="同一件事", now=NOON, into=red)
        clock.advance(timedelta(hours=4))
        role = roles.notify_role(house)
        step_until(role, lambda: state(house, watched) == "resolved")
        role.close()
        assert (state(house, waiting), state(house, red)) == ("open", "open")
        with house.database.reading() as connection:
            groups = {group.code: [row.id for row in group.rows] for group in inbox(connection, OFFICER, clock.now())}
        assert sorted(groups["levels"]) == sorted([waiting, red])
        with house.database.writing() as connection:
            judging.decide(
                connection,
                OFFICER,
                task_id(waiting, "judgement"),
                outcome="false_alarm",
                reason="旧闻",
                now=clock.now(),
            )
        assert state(house, waiting) == "false_alarm"
