"""Troubles of sources are told when they begin, each day until mended, and then; together, and never twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import outbox, source_troubles
from alerts.tables import metadata, notifications
from backends.database import SqlDatabase, open_database
from contracts.diagnosis import Diagnosis, TroubleKind
from contracts.testing.builders import NOON

NAMES = {"news": "样例·样例日报", "forum": "样例·样例论坛"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    database = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    metadata.create_all(database.engine)
    yield database
    database.close()


def wrong(source: str = "news", kind: TroubleKind = "silent", reason: str = "已 7 小时没有新帖。") -> Diagnosis:
    return Diagnosis(source=source, kind=kind, reason=reason, sample="p7", good_at=NOON - timedelta(hours=7))


def settled(database: SqlDatabase, now: datetime, *found: Diagnosis) -> list[str]:
    """Return the sources in trouble after the run."""
    with database.writing() as connection:
        return [one.source for one in source_troubles.settle(connection, found, NAMES, now)]


def told(database: SqlDatabase) -> list[str]:
    with database.reading() as connection:
        return list(
            connection.execute(select(notifications.c.text).order_by(notifications.c.created_at, notifications.c.text))
            .scalars()
        )  # fmt: skip


def test_a_trouble_is_told_at_once_every_day_and_when_it_is_mended(database: SqlDatabase) -> None:
    for hour in range(50):
        assert settled(database, NOON + timedelta(hours=hour), wrong()) == ["news"]
    assert [text[:11] for text in told(database)] == [
        "【信源异常·静默】样例",
        "【信源仍异常·静默】样",
        "【信源仍异常·静默】样",
    ]
    assert "已 7 小时没有新帖。" in told(database)[0]
    assert settled(database, NOON + timedelta(hours=50)) == []
    assert told(database)[-1] == "【信源恢复·静默】样例·样例日报"
    with database.reading() as connection:
        (past,) = source_troubles.of_source(connection, "news")
    assert (past.opened_at, past.mended_at, past.tellings) == (NOON, NOON + timedelta(hours=50), 3)
    assert (past.sample, past.good_at) == ("p7", NOON - timedelta(hours=7))


def test_the_same_run_again_changes_nothing(database: SqlDatabase) -> None:
    for _ in range(3):
        settled(database, NOON, wrong(), wrong("forum", "blocked"))
    assert told(database) == ["【信源异常】2 个：样例·样例日报（静默）、样例·样例论坛（被拒）"]
    for _ in range(3):
        settled(database, NOON + timedelta(hours=1))
    assert len(told(database)) == 2


def test_a_source_that_was_switched_off_ends_without_a_word(database: SqlDatabase) -> None:
    settled(database, NOON, wrong("no-longer-there"))
    assert settled(database, NOON + timedelta(hours=1)) == []
    assert len(told(database)) == 1


def test_many_at_once_ring_once_within_two_hundred_characters(database: SqlDatabase) -> None:
    settled(database, NOON, *(wrong(f"source-number-{number}", "down") for number in range(300)))
    (text,) = told(database)
    assert text.startswith("【信源异常】300 个：")
    assert len(text) == 200


def test_another_kind_is_another_trouble(database: SqlDatabase) -> None:
    settled(database, NOON, wrong())
    settled(database, NOON + timedelta(hours=1), wrong(kind="blocked", reason="回应 403。"))
    assert [text.split("】")[0] for text in told(database)] == ["【信源异常·静默", "【信源异常·被拒"]
    with database.reading() as connection:
        (one,) = source_troubles.unmended(connection)
    assert one.kind == "blocked"


def test_the_reason_follows_what_is_found_now(database: SqlDatabase) -> None:
    settled(database, NOON, wrong())
    settled(database, NOON + timedelta(hours=1), wrong(reason="已 8 小时没有新帖。"))
    with database.reading() as connection:
        assert [one.reason for one in source_troubles.unmended(connection)] == ["已 8 小时没有新帖。"]
    assert len(told(database)) == 1


def test_the_message_goes_to_every_channel(database: SqlDatabase) -> None:
    settled(database, NOON, wrong())
    with database.writing() as connection:
        outbox.spread(connection, ("desk", "webhook"), NOON)
        due = outbox.due(connection, NOON, 10)
    assert sorted(item.notification.channel for item in due) == ["desk", "webhook"]
    assert {(item.notification.kind, item.notification.link) for item in due} == {("source", "/sources/news")}
