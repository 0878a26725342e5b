"""Telling people: at least once, each channel for itself, and no timer takes another with it."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from alerts import outbox, store
from alerts.escalation import Next
from alerts.notify import NotifyRole, retry_after_s
from alerts.rule import Rule
from alerts.settings import AlertSettings
from alerts.tables import deliveries
from contracts.errors import Rejected, Retryable
from contracts.events import ALERTS_CHANGED, POSTS_INDEXED, AlertChanged, Event
from contracts.notification import Notification, Receipt
from contracts.testing.clock import FakeClock
from tests.scenarios.memory_log import MemoryLog
from tests.scenarios.timeline import START, FreeLease, Killed, MortalDatabase, Phone, Scenario, only

TEN = Rule(id="ten", type="frequency", min_posts=10)


class Hall:
    """A notify role with channels of the test's own, and nothing else of the house."""

    def __init__(self, **channels: Any) -> None:
        self.clock = FakeClock(START)
        self.log = MemoryLog(self.clock)
        self.database = MortalDatabase()
        self.channels = channels
        self.timers: list[Any] = []
        self.role = self.open()

    def open(self) -> NotifyRole:
        return NotifyRole(self.log, self.database, FreeLease(), self.clock, self.channels, self.timers, lambda *_: ())

    def tell(self, name: str = "a", **fields: Any) -> None:
        message = Notification(
            id=f"message {name}", alert="alert", channel="", kind="opened", text="【建议红色预警】", link="/alerts/a",
            created_at=self.clock.now(), **fields,
        )  # fmt: skip
        with self.database.writing() as connection:
            outbox.notify(connection, message)

    def states(self) -> dict[tuple[str, str], tuple[str, int]]:
        with self.database.reading() as connection:
            return {
                (row.notification, row.channel): (row.state, row.attempts) for row in connection.execute(select(deliveries))
            }  # fmt: skip

    def run(self, steps: int = 6) -> None:
        for _ in range(steps):
            self.role.step(0.0)
            self.role._pause(0.01)


@pytest.fixture
def halls() -> Iterator[list[Hall]]:
    opened: list[Hall] = []
    yield opened
    for hall in opened:
        hall.role.close()
        hall.database.close()


def test_every_channel_gets_every_message_once(halls: list[Hall]) -> None:
    hall = Hall(desk=Phone(), webhook=Phone())
    halls.append(hall)
    hall.tell("a")
    hall.tell("b")
    hall.tell("a")
    hall.run()
    for channel in hall.channels.values():
        assert sorted(message.id for message in channel.sent) == ["message a", "message b"]
    assert set(hall.states().values()) == {("sent", 1)}


def test_a_channel_that_fails_is_tried_again_later_without_troubling_the_other(halls: list[Hall]) -> None:
    hall = Hall(desk=Phone(), webhook=Phone(failures=3))
    halls.append(hall)
    hall.tell()
    hall.run()
    assert hall.states() == {("message a", "desk"): ("sent", 1), ("message a", "webhook"): ("pending", 1)}
    for attempts in (2, 3, 4):
        hall.clock.advance(timedelta(seconds=0.4))
        hall.run()
        assert hall.states()["message a", "webhook"][1] == attempts - 1, "too early"
        hall.clock.advance(timedelta(minutes=1))
        hall.run()
    assert hall.states()["message a", "webhook"] == ("sent", 4)
    assert len(hall.channels["desk"].sent) == 1


def test_waits_grow_and_are_spread() -> None:
    waits = [[retry_after_s(attempts) for _ in range(50)] for attempts in (0, 1, 5, 30)]
    assert [max(wait) <= most for wait, most in zip(waits, (2, 4, 64, 600), strict=True)] == [True] * 4
    assert all(min(wait) >= most / 2 for wait, most in zip(waits, (2, 4, 64, 600), strict=True))
    assert all(len(set(wait)) > 10 for wait in waits)


def test_a_refusal_for_good_is_shown_as_failed_and_so_is_one_that_lasted_two_days(halls: list[Hall]) -> None:
    hall = Hall(webhook=Phone(failures=1, retryable=False))
    halls.append(hall)
    hall.tell("never")
    hall.run()
    assert hall.states() == {("message never", "webhook"): ("failed", 1)}
    hall.channels["webhook"].failures, hall.channels["webhook"].retryable = 10_000, True
    hall.tell("long")
    hall.run()
    hall.clock.advance(timedelta(hours=AlertSettings().send_retries_h + 1))
    hall.run()
    assert hall.states()["message long", "webhook"] == ("failed", 2)


def test_pleas_of_every_lane_ring_before_any_opinion() -> None:
    with Scenario(msgspec.structs.replace(TEN, level="red")) as town:
        town.posts(10)
        opinion = only(town.alerts()).id
        town.at(1).posts(1, lane="ordinary")
        assert [message.alert == opinion for message in town.phone.sent] == []
        town.notified()
        assert [message.alert == opinion for message in town.phone.sent] == [False, True]


class Hanging:
    """A channel that answers only when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = 0

    def send(self, notification: Notification) -> Receipt:
        del notification
        self.asked += 1
        self.go.wait(30)
        return Receipt(delivered=True, detail="终于")


def test_a_channel_that_hangs_delays_nobody(halls: list[Hall]) -> None:
    hanging = Hanging()
    hall = Hall(desk=Phone(), webhook=hanging)
    halls.append(hall)
    for number in range(20):
        hall.tell(str(number))
    try:
        hall.run(40)
        assert len(hall.channels["desk"].sent) == 20
        assert hanging.asked <= 2
    finally:
        hanging.go.set()
    hall.run(60)
    assert set(hall.states().values()) == {("sent", 1)}


class Raising:
    def send(self, notification: Notification) -> Receipt:
        raise RuntimeError(notification.text)


def test_a_notifier_that_raises_counts_as_a_failure_and_stops_nothing(
    halls: list[Hall], caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(broken=Raising(), desk=Phone())
    halls.append(hall)
    hall.tell()
    hall.run()
    assert hall.states() == {("message a", "broken"): ("pending", 1), ("message a", "desk"): ("sent", 1)}
    assert "instead of answering" in caplog.text


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_commit_it_tells_again_and_never_less(halls: list[Hall], when: str) -> None:
    hall = Hall(desk=Phone())
    halls.append(hall)
    hall.tell()
    fates = iter(["", when])
    hall.database.dies = lambda: next(fates, "")
    with pytest.raises(Killed):
        hall.run()
    hall.database.dies = lambda: ""
    hall.role = hall.open()
    hall.run()
    assert set(hall.states().values()) == {("sent", 1)}
    assert {message.id for message in hall.channels["desk"].sent} == {"message a"}
    assert len(hall.channels["desk"].sent) == (2 if when == "before" else 1)


def changed(number: int) -> AlertChanged:
    return AlertChanged(id=f"alert {number}", alert_key="key", state="open", changed_at=START, change=1)


def published(hall: Hall) -> list[Event]:
    return [record.event for record in hall.log.reader([ALERTS_CHANGED], {}).poll(1_000)]


def test_events_reach_the_log_in_order_and_again_rather_than_never(halls: list[Hall]) -> None:
    hall = Hall()
    halls.append(hall)
    with hall.database.writing() as connection:
        for number in range(3):
            outbox.announce(connection, changed(number))
    hall.database.dies = lambda: "before"
    with pytest.raises(Killed):
        hall.run()
    hall.database.dies = lambda: ""
    hall.role = hall.open()
    hall.run()
    assert published(hall) == [changed(number) for _ in range(2) for number in range(3)]
    with hall.database.reading() as connection:
        assert outbox.waiting(connection, START) == (0, None)


def test_a_timer_that_fails_takes_no_other_with_it_and_leaves_nothing_behind(halls: list[Hall]) -> None:
    hall = Hall(desk=Phone())
    halls.append(hall)
    ran: list[datetime] = []

    def breaks(connection: Connection, now: datetime) -> None:
        outbox.announce(connection, changed(1))
        raise Rejected(f"{now} 不合适")

    def works(connection: Connection, now: datetime) -> None:
        outbox.announce(connection, changed(2))
        ran.append(now)

    hall.timers += [breaks, works]
    hall.role.close()
    hall.role = hall.open()
    hall.run()
    assert len(ran) == 1
    assert published(hall) == [changed(2)]
    hall.clock.advance(timedelta(seconds=6))
    hall.run()
    assert len(ran) == 2


def test_a_log_that_cannot_be_written_is_said_to_the_caller_and_nothing_is_lost(
    halls: list[Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Hall(desk=Phone())
    halls.append(hall)
    with hall.database.writing() as connection:
        outbox.announce(connection, changed(1))

    def full(*_: Any) -> None:
        raise Retryable("磁盘已满")

    with monkeypatch.context() as patched:
        patched.setattr(hall.log, "append", full)
        with pytest.raises(Retryable):
            hall.run()
    hall.run()
    assert published(hall) == [changed(1)]


def test_unheard_alerts_ring_again_and_then_stay_silent() -> None:
    with Scenario(msgspec.structs.replace(TEN, level="orange")) as town:
        town.posts(10)
        alert = only(town.alerts())
        assert len(town.told()) == 1
        for minute in (31, 62, 93, 124):
            town.at(minute).notified()
        kinds = [message.kind for message in town.told()]
        assert kinds == ["opened", "escalated", "escalated"]
        assert all(message.urgent for message in town.told()[1:])
        assert [kind for kind, _ in town.history(alert)].count("escalated") == 2


def test_what_nobody_signs_goes_on_to_the_deputy_and_then_to_the_leader() -> None:
    on_duty = (Next(person="deputy-id", duty="副班"), Next(person="leader-id", duty="带班领导"))
    with Scenario(msgspec.structs.replace(TEN, level="red"), on_duty=on_duty) as town:
        town.posts(10)
        alert = only(town.alerts())
        rung = {}
        for minute in (9, 11, 22):
            town.at(minute).notified()
            with town.database.reading() as connection:
                rung[minute] = [len(store.rung_to(connection, one.person)) for one in on_duty]
        assert rung == {9: [0, 0], 11: [1, 0], 22: [1, 1]}
        assert [(message.recipient, "升级给" in message.text) for message in town.told()] == [
            ("", False), ("deputy-id", True), ("leader-id", True)
        ]  # fmt: skip
        with town.database.writing() as connection:
            sent = store.deliveries(connection, alert.id)
            assert {one.recipient for one in sent if one.kind == "escalated"} == {"deputy-id", "leader-id"}
            store.change(connection, alert.id, "acknowledged", by="x", reason="", now=town.clock.now())
            assert store.rung_to(connection, "deputy-id") == ()


def test_where_nobody_is_rostered_everybody_is_told_so() -> None:
    with Scenario(msgspec.structs.replace(TEN, level="red")) as town:
        town.posts(10)
        town.at(11).notified()
        assert town.told()[-1].recipient == ""
        assert "无人排班" in town.told()[-1].text


def test_an_alert_ends_by_itself_only_when_it_is_quiet_and_everything_was_read() -> None:
    with Scenario(TEN) as town:
        town.posts(10)
        town.at(170).notified()
        assert only(town.alerts()).state == "open"
        late = town.some(1, topics=())
        town.at(200)
        town.log.append(POSTS_INDEXED, late)
        town.notified()
        assert only(town.alerts()).state == "open"  # posts wait unread: nobody knows that it is quiet
        town.watched().notified()
        assert only(town.alerts()).state == "resolved"
        assert town.told()[-1].kind == "resolved"


def test_a_plea_never_ends_by_itself() -> None:
    with Scenario() as town:
        town.posts(1, lane="urgent")
        town.at(60 * 24 * 3).notified()
        assert only(town.alerts()).state == "open"
