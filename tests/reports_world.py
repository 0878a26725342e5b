"""An invented week for the reports' tests: a few hundred posts, pleas of known counts, and response work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from alerts.tables import alerts
from alerts.tables import metadata as alert_tables
from backends.database import SqlDatabase, open_database
from backends.sqlite.index import SqliteIndex
from contracts.document import Document
from contracts.identity import task_id
from contracts.lane import Lane
from contracts.testing.builders import make_post, make_score
from reports.tables import metadata as report_tables
from response import units
from response.access import Officer
from response.tables import effects, judgements, response_tasks
from response.tables import metadata as response_tables

WEEK = "2026-W47"
SINCE = datetime(2026, 11, 15, 16, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=7)
NOW = UNTIL + timedelta(hours=9)
PROVINCE, CHANGSHA, XIANGTAN, ZHUZHOU, YUELU = "430000", "430100", "430300", "430200", "430104"
WRITER = Officer(id="writer-1", name="撰写辛", unit=PROVINCE, roles=("writer",))
LEAD = Officer(id="lead-1", name="带班领导丁", unit=PROVINCE, roles=("lead",))
OTHER_LEAD = Officer(id="lead-2", name="带班领导壬", unit=PROVINCE, roles=("lead",))
SECRET_WORDS = "他又动手了我带着孩子没有地方去"

TOPICS = ("domestic_violence", "employment", "fertility_childcare", "minors", "federation_service")
PLACES = ((YUELU,), (CHANGSHA,), (XIANGTAN,), (), ("430600",), ("110000",))
STORY = ("育婴假", "推诿", "请假", "公司")


class World:
    """Index and desk database of one invented house."""

    def __init__(self, folder: Path) -> None:
        self._serial = count()
        self.index = SqliteIndex(folder / "index.sqlite")
        self.database: SqlDatabase = open_database(f"sqlite:///{folder / 'desk.sqlite'}")
        for metadata in (alert_tables, response_tables, report_tables):
            metadata.create_all(self.database.engine)
        with self.database.writing() as connection:
            units.seed(connection)

    def fill(self, number: int = 300) -> None:
        """Put a week of posts, fewer of the week before, one event, and posts just outside."""
        self.index.put([self._document(place, SINCE, number) for place in range(number)])
        self.index.put([self._document(place, SINCE - timedelta(days=7), 120) for place in range(120)])
        outside = (SINCE - timedelta(microseconds=1), UNTIL)
        self.index.put([Document(post=make_post(f"界外 {at}", published_at=at), score=make_score()) for at in outside])

    def plead(self, number: int, lane: Lane, *regions: str) -> None:
        """Put pleas of one lane and place."""
        self.index.put(
            [
                Document(
                    post=make_post(
                        f"{SECRET_WORDS}，求助 {next(self._serial)}",
                        published_at=SINCE + timedelta(hours=place + 1),
                    ),
                    score=make_score(
                        -1, lane=lane, help=0.9, regions=regions, topics=("domestic_violence",), keywords=("动手",)
                    ),
                    event="plea-event",
                )
                for place in range(number)
            ]
        )

    def work(self, number: int = 4, unit: str = PROVINCE) -> None:
        """Write alerts with their judgement; the first half were answered, one of them late."""
        with self.database.writing() as connection:
            for place in range(number):
                at = SINCE + timedelta(days=1, hours=place)
                alert = f"alert-{unit}-{place}"
                connection.execute(insert(alerts), self._alert(alert, at, place))
                judgement = {
                    "id": task_id(alert, "judgement"), "alert": alert, "unit": unit, "state": "decided",
                    "opened_at": at, "due_at": at, "outcome": "respond" if place < number // 2 else "watch",
                    "reason": "", "decided_by": "o", "decided_at": at + timedelta(minutes=5),
                }  # fmt: skip
                connection.execute(insert(judgements), judgement)
                if place < number // 2:
                    task = task_id(alert, "response")
                    published = at + timedelta(hours=3 + 40 * place)
                    row: dict[str, Any] = {
                        "id": task, "alert": alert, "unit": unit, "state": "effect", "level": "orange", "opened_at": at,
                        "due_at": at + timedelta(hours=24), "assignee": "", "account": "", "draft": "",
                        "published_url": "", "published_at": published, "overdue": False, "why": "",
                    }  # fmt: skip
                    connection.execute(insert(response_tasks), row)
                    effect = {
                        "task": task, "answered": place == 0, "minutes": 180.0, "corrected": "时间写错已更正" if place else "",
                        "figures": "{}", "recorded_by": "o", "recorded_at": published + timedelta(hours=1),
                    }  # fmt: skip
                    connection.execute(insert(effects), effect)

    def close(self) -> None:
        self.index.close()
        self.database.close()

    def _document(self, place: int, since: datetime, number: int) -> Document:
        story = place % 9 == 0
        at = since + timedelta(minutes=(place * place * 7 + place * 31) % (7 * 24 * 60))
        return Document(
            post=make_post(f"样例帖 {since:%m%d} {place}", published_at=at),
            score=make_score(
                -1 if story else (place % 4 == 0) - (place % 3 == 0),
                topics=("fertility_childcare",) if story else (TOPICS[place % 5],),
                regions=PLACES[0] if story else PLACES[place % 6],
                keywords=STORY if story else (f"词{place % 17}",),
            ),
            event="story" if story and number > 200 else f"lonely-{place}",
        )

    def _alert(self, alert: str, at: datetime, place: int) -> dict[str, Any]:
        return {
            "id": alert, "open_key": None, "rule": "r", "key": alert, "opening": 1, "state": "resolved",
            "level": ("orange", "yellow")[place % 2], "level_confirmed": True, "lane": None, "topic": "employment",
            "region": CHANGSHA, "event": "", "count": 9, "baseline": 1.0, "reason": "{}", "posts": "[]",
            "late_days": 0, "sample": True, "opened_at": at, "active_at": at, "escalate_at": None, "escalations": 0,
            "changes": 1, "merged_into": "",
        }  # fmt: skip


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Open an empty world and close it again."""
    made = World(folder)
    try:
        yield made
    finally:
        made.close()
