"""A desk database with people of every role, for tests of the response room."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from sqlalchemy import Connection

import alerts.tables
import backends.database.tables
import response.tables
from alerts import store
from backends.database import SqlDatabase, open_database
from contracts.alert import Alert, Reason
from contracts.identity import alert_id, plea_alert_id, task_id
from contracts.lane import Lane
from contracts.level import Level
from contracts.testing.builders import NOON
from response import accounts, facts, people, units
from response.access import ROLES, Officer
from response.opening import open_work

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HOUR = timedelta(hours=1)
Done = TypeVar("Done")


class World:
    """One database, one officer of every role at the province, and ways to open alerts."""

    def __init__(self, folder: Path) -> None:
        self.database: SqlDatabase = open_database(f"sqlite:///{folder / 'desk.db'}")
        for room in (backends.database.tables, alerts.tables, response.tables):
            room.metadata.create_all(self.database.engine)
        self.officers: dict[str, Officer] = {}
        with self.database.writing() as c:
            units.seed(c)
        for role in ROLES:
            self.officers[role] = self.person(role, role)
        self.officers["reviewer2"] = self.person("reviewer2", "reviewer")
        with self.database.writing() as c:
            self.fact = facts.write(
                c, self.officers["commentator"], title="孕期保护", text="用人单位不得因女职工怀孕予以辞退。",
                source="《女职工劳动保护特别规定》第五条", valid_until=NOON + 24 * HOUR, now=NOON,
            )  # fmt: skip
            facts.verify(c, self.officers["reviewer"], self.fact, now=NOON)
            self.account, self.other_account = (
                accounts.add(
                    c, self.officers["lead"], name=name, platform="微博", url="https://a.example/", responsible="宣传部",
                    unit=units.PROVINCE, now=NOON,
                )
                for name in ("妇联甲", "妇联乙")
            )  # fmt: skip

    def person(self, name: str, *roles: str, unit: str = units.PROVINCE) -> Officer:
        with self.database.writing() as c:
            identity = people.add(c, name=name, unit=unit, roles=roles, password="correct horse", by="test", now=NOON)
        return Officer(id=identity, name=name, unit=unit, roles=roles)

    def do(self, act: Callable[[Connection], Done]) -> Done:
        with self.database.writing() as c:
            return act(c)

    def alert(
        self, *, level: Level = "yellow", key: str = "topic=employment", posts: tuple[str, ...] = ("p1",),
        at: datetime = NOON,
    ) -> str:  # fmt: skip
        alert = Alert(
            id=alert_id("rule", key, 1), rule="rule", key=key, state="open", opened_at=at,
            reason=Reason(rule_type="burst", sentence="30 分钟 12 帖"), level=level, topic="employment", posts=posts,
        )  # fmt: skip
        return self._open(alert)

    def plea(self, post: str = "plea1", *, lane: Lane = "critical", region: str = "430104") -> str:
        """Open a plea and return the id of its help task."""
        alert = Alert(
            id=plea_alert_id("plea", post), rule="plea", key=f"post={post}", state="open", opened_at=NOON, lane=lane,
            reason=Reason(rule_type="plea", sentence="一条公开帖求助", marks=("又打我",)), region=region, posts=(post,),
        )  # fmt: skip
        self._open(alert)
        return task_id(alert.id, "help")

    def _open(self, alert: Alert) -> str:
        def opened(c: Connection) -> None:
            at = alert.opened_at
            store.open_alert(c, alert, opening=1, active_at=at, escalate_at=None, now=at)
            open_work(c, alert, at)

        self.do(opened)
        return alert.id

    def close(self) -> None:
        self.database.close()


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)
