"""Scenarios in a timeline language: at minute 1 so many posts arrive, then this is expected.

The whole watch and notify roles run on a real desk database in memory and a clock that the scenario moves by hand.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any, Self

from sqlalchemy import Connection

import alerts.tables
from alerts import store
from alerts.escalation import Next
from alerts.notify import NotifyRole
from alerts.rule import Rule
from alerts.settings import AlertSettings
from alerts.watch import WatchRole
from backends.database import open_database
from contracts.alert import Alert
from contracts.events import POSTS_INDEXED, PostIndexed
from contracts.identity import digest
from contracts.notification import Notification, Receipt
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from tests.scenarios.memory_log import MemoryLog

START = NOON
"""Minute 0 of every scenario: noon in Changsha."""


class Killed(BaseException):
    """What `kill -9` looks like from within one process."""


class FreeLease:
    def acquire(self) -> bool:
        return True

    def guard(self, connection: Connection) -> None:
        pass

    def release(self) -> None:
        pass


class MortalDatabase:
    """The desk database, in memory; dies before or after a commit when told to."""

    def __init__(self) -> None:
        self._inner = open_database("sqlite://")
        alerts.tables.metadata.create_all(self._inner.engine)
        self.dies: Callable[[], str] = lambda: ""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        fate = self.dies()
        with self._inner.writing() as connection:
            yield connection
            if fate == "before":
                raise Killed
        if fate == "after":
            raise Killed

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._inner.reading() as connection:
            yield connection

    def close(self) -> None:
        self._inner.close()


class Phone:
    """A channel that keeps what it was sent, and fails as often as told."""

    def __init__(self, failures: int = 0, *, retryable: bool = True) -> None:
        self.failures = failures
        self.retryable = retryable
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> Receipt:
        if self.failures:
            self.failures -= 1
            return Receipt(delivered=False, detail="errcode 45009", retryable=self.retryable)
        self.sent.append(notification)
        return Receipt(delivered=True, detail="errcode 0")


class Scenario:
    """A town whose posts arrive when the scenario says so."""

    def __init__(
        self, *rules: Rule, random: Random | None = None, batch: int = 10_000, settings: AlertSettings | None = None,
        on_duty: Sequence[Next] = (),
    ) -> None:  # fmt: skip
        self.clock = FakeClock(START)
        self.log = MemoryLog(self.clock, random=random, batch=batch)
        self.database = MortalDatabase()
        self.rules = rules
        self.settings = settings or AlertSettings()
        self.work: list[str] = []
        self.phone = Phone()
        self._named = 0
        self.watch = self._watcher()
        self.notifier = NotifyRole(
            self.log, self.database, FreeLease(), self.clock, {"phone": self.phone}, (), lambda *_: on_duty,
            settings=self.settings,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.close()
        self.notifier.close()
        self.database.close()

    def _watcher(self) -> WatchRole:
        return WatchRole(
            self.log, self.database, FreeLease(), self.clock, self.rules,
            lambda _connection, alert, _now: self.work.append(alert.id), settings=self.settings,
        )  # fmt: skip

    def joined(self, rule: Rule) -> "Scenario":
        """Start the watch role again with one rule more."""
        self.rules = (*self.rules, rule)
        return self.killed()

    def at(self, minute: float) -> "Scenario":
        """Move the clock to so many minutes after the start."""
        self.clock.advance(START + timedelta(minutes=minute) - self.clock.now())
        return self

    def arrive(self, *posts: PostIndexed) -> "Scenario":
        """Append posts and watch until nothing is left."""
        self.log.append(POSTS_INDEXED, posts)
        return self.watched()

    def posts(self, count: int, **fields: Any) -> "Scenario":
        """So many posts of different people arrive, written now unless `published` minutes say otherwise."""
        return self.arrive(*self.some(count, **fields))

    def some(self, count: int, **fields: Any) -> list[PostIndexed]:
        made = []
        for _ in range(count):
            self._named += 1
            made.append(make(f"post {self._named}", now=self.clock.now(), **fields))
        return made

    def watched(self) -> "Scenario":
        """Run the watch role until it has read and judged everything."""
        for _ in range(100_000):
            self.watch.step(0.0)
            memory = self.watch._memory
            is_read = memory is not None and all(
                memory.positions.get(at, 0) >= end for at, end in self.log.end_offsets([POSTS_INDEXED]).items()
            )
            if is_read and memory is not None and not memory.tallies.is_unjudged:
                return self
            if is_read:
                self.clock.advance(timedelta(seconds=1))
        raise AssertionError("the watch role does not come to an end")

    def watched_under_fire(self, random: Random) -> "Scenario":
        """The same, while every second commit kills the role, before it or after it."""
        self.database.dies = lambda: random.choice(("before", "after", "", ""))
        for _ in range(10_000):
            try:
                self.watched()
            except Killed:
                self.killed()
            else:
                self.database.dies = lambda: ""
                return self
        raise AssertionError("the watch role is killed for ever")

    def killed(self) -> "Scenario":
        """Kill the watch role; another process takes over."""
        self.watch._forget()
        self.watch = self._watcher()
        return self

    def told(self) -> list[Notification]:
        """Send all that is due; return everything that ever reached the phone, without that of alerts that the tests ignore."""
        self.notified()
        return self.phone.sent

    def notified(self) -> "Scenario":
        self.notifier._timed_at = None
        for _ in range(50):
            self.notifier.step(0.0)
            if not self.notifier._in_flight:
                self.notifier.step(0.0)
                if not self.notifier._in_flight:
                    return self
            self.notifier._pause(0.05)
        raise AssertionError("the notify role does not come to an end")

    def alerts(self, *, open_only: bool = False) -> tuple[Alert, ...]:
        with self.database.reading() as connection:
            return store.listing(connection, open_only=open_only)

    def ids(self) -> set[str]:
        return {alert.id for alert in self.alerts()}

    def history(self, alert: Alert) -> list[tuple[str, str]]:
        with self.database.reading() as connection:
            return [(change.kind, change.reason) for change in store.history(connection, alert.id)]

    def close_alert(self, alert: Alert, state: Any = "resolved") -> "Scenario":
        with self.database.writing() as connection:
            store.change(connection, alert.id, state, by="值班员", reason="已处理", now=self.clock.now())
        return self


def make(name: str, *, now: datetime, published: float | None = None, **fields: Any) -> PostIndexed:
    """Make an indexed post of a person of its own; `published` is in minutes after the scenario's start."""
    at = now if published is None else START + timedelta(minutes=published)
    defaults: dict[str, Any] = {
        "id": digest("test", name), "source": "forum", "published_at": at, "fetched_at": now, "indexed_at": now,
        "author": f"author of {name}", "sentiment": -1, "topics": ("employment",), "regions": ("430100",),
    }  # fmt: skip
    return PostIndexed(**(defaults | fields))


def only(found: Sequence[Alert]) -> Alert:
    assert len(found) == 1, [alert.reason.sentence for alert in found]
    return found[0]
