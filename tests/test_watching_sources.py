"""What the crawlers kept becomes a trouble that is told by the notify role, and ends when the source is well again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import source_troubles
from alerts.tables import deliveries, notifications
from contracts.ports.crawl_state import SourceHealth
from contracts.testing.clock import FakeClock
from qingting.roles import notify_role
from qingting.watching_sources import watch_sources
from qingting.wiring import House
from tests.house import opened, step_until

RECORD = "basis: 样例, contact: 样例, licence: 样例"
SOURCES = f"""sources:
  - {{id: news, kind: feed, url: "https://news.example.com/rss", name: 样例日报, {RECORD}}}
  - {{id: off, kind: feed, url: "https://news.example.com/off", enabled: false, {RECORD}}}
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        house.home.sources_file.write_text(SOURCES, "utf-8")
        yield house


def crawled(house: House, *, failures: int = 0) -> None:
    for source in ("news", "off"):
        house.crawl_state.keep_health(
            SourceHealth(
                source=source, checked_at=house.clock.now(), succeeded_at=None if failures else house.clock.now(),
                failure="https://news.example.com/rss 回应 403，没有采到。" if failures else "", failures=failures,
                failure_kind="blocked" if failures else "",
            )
        )  # fmt: skip


def told(house: House) -> list[str]:
    with house.database.reading() as connection:
        return list(connection.execute(select(notifications.c.text).order_by(notifications.c.created_at)).scalars())


def test_a_blocked_source_is_told_each_day_until_it_is_well(house: House, clock: FakeClock) -> None:
    crawled(house)
    assert watch_sources(house) == 0
    crawled(house, failures=3)
    assert watch_sources(house) == watch_sources(house) == 1
    clock.advance(timedelta(days=1))
    crawled(house, failures=9)
    assert watch_sources(house) == 1
    clock.advance(timedelta(hours=1))
    crawled(house)
    assert watch_sources(house) == 0
    assert [text.partition("】")[0] for text in told(house)] == [
        "【信源异常·被拒",
        "【信源仍异常·被拒",
        "【信源恢复·被拒",
    ]
    assert "样例日报：连续 3 次没有采到" in told(house)[0]
    assert "回应 403" in told(house)[0]


def test_the_notify_role_does_it_by_itself_and_delivers(house: House) -> None:
    crawled(house, failures=3)
    role = notify_role(house)

    def delivered() -> bool:
        with house.database.reading() as connection:
            return "sent" in connection.execute(select(deliveries.c.state)).scalars().all()

    try:
        step_until(role, delivered)
    finally:
        role.close()
    with house.database.reading() as connection:
        assert [one.kind for one in source_troubles.unmended(connection)] == ["blocked"]
