"""Blocked, slow, changed and silent: each raised by crawls of a real site, said again each day, ended when it is mended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alerts import source_troubles
from alerts.source_troubles import Trouble
from alerts.tables import notifications
from contracts.diagnosis import TroubleKind
from contracts.testing.clock import FakeClock
from qingting.watching_sources import watch_sources
from qingting.wiring import House
from tests.house import opened
from tests.site.crawled import Crawled, crawled, feed, forum
from tests.site.pages import listing, thread
from tests.site.serving import Answer, Site, serving

pytestmark = pytest.mark.slow
DAY = timedelta(days=1)
START = datetime.now(UTC)
"""Children crawl by the real clock, set ahead; the house's own stands where theirs does."""


class Watched:
    """A house that is told what the crawls of one source brought, and judges it as the notify role does."""

    def __init__(self, house: House, clock: FakeClock, state: Path, source: dict[str, Any]) -> None:
        self.house, self._clock, self._state, self._source = house, clock, state, source
        self.ahead = timedelta()

    def crawl(self, *, ahead: timedelta = timedelta()) -> Crawled:
        """Crawl once, `ahead` later than the time before."""
        self.ahead += ahead
        found = crawled(self._source, state=self._state, ahead=self.ahead, timeout_s=0.6)
        for health in found.health:
            self.house.crawl_state.keep_health(health)
        for day in found.days:
            self.house.crawl_book.add(day)
        self._clock.advance(max(START + self.ahead + timedelta(minutes=5) - self._clock.now(), timedelta()))
        watch_sources(self.house)
        return found

    def open(self) -> tuple[Trouble, ...]:
        with self.house.database.reading() as connection:
            return source_troubles.unmended(connection)

    def told(self) -> list[str]:
        with self.house.database.reading() as connection:
            asked = select(notifications.c.text).order_by(notifications.c.created_at)
            return [text.partition("】")[0] + "】" for text in connection.execute(asked).scalars()]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = Answer("User-agent: *\nAllow: /\n", headers={"Content-Type": "text/plain"})
        yield site


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        yield house


def watched(house: House, clock: FakeClock, state: Path, source: dict[str, Any]) -> Watched:
    url, kind = source["url"], source["kind"]
    shape = "\n    list: {row: li.thread}\n    post: {row: article, text: p}" if kind == "forum" else ""
    house.home.sources_file.write_text(
        f"sources:\n  - id: {source['id']}\n    kind: {kind}\n    url: {url}\n    name: 样例报{shape}\n", "utf-8"
    )
    return Watched(house, clock, state, source)


def news(*numbers: int, newest: datetime = START) -> Answer:
    """A feed with an entry an hour."""
    items = "".join(
        f"<item><guid>{number}</guid><link>/{number}</link><pubDate>{format_datetime(newest - timedelta(hours=hours))}</pubDate>"
        f"<description>第{number}条消息。</description></item>"
        for hours, number in enumerate(numbers)
    )
    return Answer(
        f'<rss version="2.0"><channel>{items}</channel></rss>', headers={"Content-Type": "application/rss+xml"}
    )


WELL = {"/x": news(1, 2, 3)}
BOARD = {"/x": Answer(listing(["1"])), "/t/1": Answer(thread(("1", "一楼。")))}
WRONG: dict[str, tuple[TroubleKind, str, dict[str, Answer], dict[str, Answer]]] = {
    # name: (the kind, the word told, the site as it was, the site as it is)
    "refused": ("blocked", "被拒", WELL, {"/x": Answer("不许", 403)}),
    "robots.txt": ("blocked", "被拒", WELL, {"/robots.txt": Answer("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})}),
    "log-in wall": ("blocked", "被拒", WELL, {"/x": Answer("<html><head><title>用户登录</title></head><body></body></html>")}),
    "no answer in time": ("slow", "缓慢", WELL, {"/x": Answer("", slow_s=30)}),
    "rows under another name": ("changed", "改版", BOARD, {"/x": Answer("<html><body><ul><li class=topic><a href=/t/1>样例帖</a></ul><p>今天也有新帖，请大家阅读本版的规定。</p></body></html>")}),
    "a page instead of a feed": ("changed", "改版", WELL, {"/x": Answer(f"<html><head><title>首页</title></head><body><p>{'改版公告。' * 100}</p></body></html>")}),
    "down": ("down", "中断", WELL, {"/x": Answer("", 500)}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_trouble_is_raised_by_crawls_said_again_each_day_and_ended(
    name: str, site: Site, house: House, clock: FakeClock, tmp_path: Path
) -> None:
    kind, word, before, after = WRONG[name]
    robots = site.routes["/robots.txt"]
    site.routes |= before
    at = site.url + "/x"
    one = watched(house, clock, tmp_path, forum(at) if before is BOARD else feed(at))
    good = max(one.crawl().posts, key=lambda post: post.published_at)
    site.routes |= after
    for _ in range(2):
        one.crawl(ahead=timedelta(hours=1) if name != "robots.txt" else DAY)
        assert one.open() == (), "one failure, or two, trouble nobody"
    one.crawl(ahead=timedelta(hours=1))
    (trouble,) = one.open()
    assert (trouble.kind, trouble.source, trouble.sample) == (kind, one.house.sources[0].id, good.id)
    assert trouble.good_at is not None
    assert "连续 3 次没有采到" in trouble.reason
    one.crawl(ahead=timedelta(hours=2))
    one.crawl(ahead=DAY)
    assert [one.id for one in one.open()] == [trouble.id], "the same one goes on"
    site.routes |= before | {"/robots.txt": robots}
    one.crawl(ahead=DAY)
    assert one.open() == ()
    one.crawl(ahead=DAY)
    assert one.told() == [f"【信源异常·{word}】", f"【信源仍异常·{word}】", f"【信源恢复·{word}】"]


def test_silence_is_raised_by_the_sources_own_rhythm_and_ended_by_a_new_post(
    site: Site, house: House, clock: FakeClock, tmp_path: Path
) -> None:
    site.routes["/x"] = news(*range(48, 0, -1))
    one = watched(house, clock, tmp_path, feed(site.url + "/x"))
    good = max(one.crawl().posts, key=lambda post: post.published_at)
    for hour in range(1, 4):
        site.routes["/x"] = news(*range(48 + hour, 0, -1), newest=START + timedelta(hours=hour))
        good = max(one.crawl(ahead=timedelta(hours=1)).posts, key=lambda post: post.published_at)
    assert one.open() == ()
    assert one.crawl(ahead=timedelta(hours=2)).outcome.failure == ""
    assert one.open() == (), "two hours without news are no silence yet"
    one.crawl(ahead=3 * DAY)
    (trouble,) = one.open()
    assert (trouble.kind, trouble.sample) == ("silent", good.id)
    assert "没有新帖" in trouble.reason
    one.crawl(ahead=DAY)
    site.routes["/x"] = news(*range(60, 0, -1), newest=START + one.ahead + timedelta(hours=1))
    one.crawl(ahead=timedelta(hours=2))
    assert one.open() == ()
    assert one.told() == ["【信源异常·静默】", "【信源仍异常·静默】", "【信源恢复·静默】"]
