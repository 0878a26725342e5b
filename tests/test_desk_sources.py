"""信源 on the desk: a trouble with its reason and its last good post, the days as a curve, and "try it now"."""

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from alerts import source_troubles
from contracts.diagnosis import Diagnosis
from contracts.funnel import Funnel
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import HostRequests, SourceHealth
from contracts.standing import Change, Standing
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.zone import BEIJING
from desk.app import SourceCard
from response import audit
from tests.desk_world import World, make_world, served, wait_for


class Collected:
    """What the crawlers would have kept."""

    def __init__(self) -> None:
        self.state = MemoryCrawlState()
        self.book = MemoryCrawlBook(self.state)


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest.fixture
def world(tmp_path: Path, collected: Collected) -> Iterator[World]:
    world = make_world(tmp_path)
    world.desk = dataclasses.replace(world.desk, days=collected.book.days, ask_now=collected.book.ask_now)
    with served(world):
        yield world
    world.close()


def today(world: World) -> date:
    return world.clock.now().astimezone(BEIJING).date()


def trouble(world: World, sample: str = "") -> None:
    found = Diagnosis(source="town-paper", kind="changed", reason="一条也读不出，平时每页约 10.0 条。", sample=sample)
    with world.database.writing() as connection:
        source_troubles.settle(connection, [found], {}, world.clock.now())


def test_a_trouble_stands_on_the_pages_until_it_is_mended(world: World) -> None:
    good = world.post("样例镇托育点今天开园", source="town-paper", title="托育点开园")
    trouble(world, good.post.id)
    officer = world.client("officer")
    for path in ("/sources", "/shift", "/sources/town-paper"):
        assert "一条也读不出" in officer.get(path).text, path
    page = officer.get("/sources/town-paper").text
    assert "改版" in page
    assert "改 sources.yaml 里的选择器" in page
    assert f'href="/posts/{good.post.id}"' in page
    with world.database.writing() as connection:
        source_troubles.settle(connection, [], {}, world.clock.now())
    assert "一条也读不出" not in officer.get("/sources").text
    assert "以前的异常" in officer.get("/sources/town-paper").text


def test_the_last_good_post_is_not_shown_to_who_may_not_read_posts_nor_where_it_is_a_plea(world: World) -> None:
    good = world.post("样例镇托育点今天开园", source="town-paper", title="托育点开园")
    plea = world.post("求助", source="town-paper", title="不该看到的标题", lane="urgent")
    trouble(world, good.post.id)
    assert "托育点开园" not in world.client("admin").get("/sources/town-paper").text
    with world.database.writing() as connection:
        source_troubles.settle(connection, [], {}, world.clock.now())
    trouble(world, plea.post.id)
    assert "不该看到的标题" not in world.client("officer").get("/sources/town-paper").text


def test_the_days_are_a_curve_and_a_funnel(world: World, collected: Collected) -> None:
    funnel = Funnel(
        asked=5, fetched=3, unchanged=1, extracted=40, new=7, masked=2, kept=6, dated=30, timed=6, delay_s=3600.0
    )
    collected.book.add(SourceDay(source="town-forum", day=today(world), crawls=4, empty=1, failed=1, funnel=funnel))
    officer = world.client("officer")
    page = officer.get("/sources/town-forum").text
    assert "data-chart=" in page
    assert "75%" in page
    assert "10 分" in page
    found = officer.json("/sources/town-forum")
    assert len(found["days"]) == 14
    assert found["days"][-1]["funnel"]["new"] == 7
    assert "rhythm" not in (found["health"] or {})


def test_who_may_has_a_source_asked_now_and_it_is_audited(world: World, collected: Collected) -> None:
    later = world.clock.now() + timedelta(hours=3)
    for source, not_before in (("town-forum", None), ("town-paper", later)):
        collected.state.keep_health(
            SourceHealth(source=source, checked_at=world.clock.now(), next_due_at=later, not_before=not_before)
        )
    officer = world.client("officer")
    assert officer.done("/sources/town-forum/try").endswith("done=try_now")
    assert officer.done("/sources/town-paper/try").endswith("done=try_later")
    due = {health.source: health.next_due_at for health in collected.state.health()}
    assert due["town-forum"] <= world.clock.now()  # type: ignore[operator]
    assert due["town-paper"] == later
    with world.database.reading() as connection:
        acts = [(row.act, row.subject, row.by) for row in audit.listing(connection)][:2]
    assert acts == [
        ("try_source", "town-paper", world.ids["officer"]),
        ("try_source", "town-forum", world.ids["officer"]),
    ]


def test_nobody_else_may_and_no_foreign_form(world: World, collected: Collected) -> None:
    asked: list[tuple[str, datetime]] = []
    world.desk.__dict__["ask_now"] = lambda source, at: asked.append((source, at))
    for who in ("auditor", "commentator", "hotline"):
        assert world.client(who).act("/sources/town-forum/try").status_code == 404
    assert world.client("admin").act("/sources/town-forum/try", csrf="not-mine").status_code == 400
    assert world.client("admin").act("/sources/unknown/try").status_code == 404
    assert world.client("commentator").get("/sources/town-forum").status_code == 404
    assert asked == []


def test_the_top_bar_counts_sources_in_trouble(world: World) -> None:
    found = Diagnosis(source="town-forum", kind="silent", reason="已 7 小时没有新帖。")
    with world.database.writing() as connection:
        source_troubles.settle(connection, [found], {}, world.clock.now())
    officer = world.client("officer")

    def shown() -> bool:
        return "有 2 个信源异常" in officer.get("/inbox").text

    wait_for(shown)


def test_a_silent_source_is_nowhere_called_well(world: World) -> None:
    found = Diagnosis(source="town-forum", kind="silent", reason="已 7 小时没有新帖。")
    with world.database.writing() as connection:
        source_troubles.settle(connection, [found], {}, world.clock.now())
    officer = world.client("officer")
    row = officer.get("/sources").text.partition('id="source-town-forum"')[2].partition("</li>")[0]
    assert "静默" in row
    assert "已 7 小时没有新帖。" in row
    assert "正常" not in row
    assert 'action="/sources/town-forum/try"' in row, "a troubled source can be asked from its row"
    assert "正常" not in officer.get("/sources/town-forum").text.partition("</h1>")[2].partition("</p>")[0]
    assert 'action="/sources/town-forum/try"' not in world.client("auditor").get("/sources").text


def test_the_gap_that_a_source_leads_one_to_expect_is_shown(world: World) -> None:
    world.desk.__dict__["expected_gap_s"] = lambda _health: 7200.0
    assert "平时约 2 小时一条新帖" in world.client("officer").get("/sources/town-forum").text


def test_the_requests_of_today_to_the_host_are_shown(world: World) -> None:
    day = today(world)
    world.desk.__dict__["requests"] = lambda since: (
        HostRequests(host="127.0.0.1", day=day, requests=42),
        HostRequests(host="127.0.0.1", day=day - timedelta(days=1), requests=7),
        HostRequests(host="elsewhere.example", day=since, requests=9),
    )
    assert "今天向 127.0.0.1 请求 42 次" in world.client("officer").get("/sources/town-forum").text


def hot_list(world: World) -> dict[str, str]:
    """Put a hot list on the desk; return its posts by their words."""
    now = world.clock.now()
    posts = {
        words: world.post(words, source="hot", sentiment=0, lane="urgent" if words == "求助" else None).post.id
        for words in ("托育补贴今起申领", "两癌筛查排队三小时", "求助", "招聘只限男性被约谈")
    }
    changes: tuple[Change, ...] = ("new", "up", "down", "off")
    entries = tuple(
        Standing(id=words, rank=rank, heat=1_230_000 // rank, best=1, since=now, change=change, post=post)
        for rank, ((words, post), change) in enumerate(zip(posts.items(), changes, strict=True), 1)
    )
    card = SourceCard(
        id="hot", name="样例热榜", kind="hotlist", url="http://127.0.0.1:1/", enabled=True, interval_s=None
    )
    cards = [*world.desk.sources(), card]
    world.desk.__dict__["sources"] = lambda: cards
    world.desk.__dict__["standings"] = lambda source: entries if source == "hot" else ()
    return posts


def test_a_hot_list_shows_rank_change_and_heat_and_no_plea(world: World) -> None:
    posts = hot_list(world)
    page = world.client("officer").get("/sources/hot").text
    rows = page.partition("榜上现在")[2].partition("</table>")[0].split("<tr>")[2:]
    assert [("新上榜" in row, "↑ 上升" in row, "↓ 下降" in row, "已下榜" in row) for row in rows] == [
        (True, False, False, False), (False, True, False, False), (False, False, True, False), (False, False, False, True),
    ]  # fmt: skip
    assert "123 万" in rows[0]
    assert f'href="/posts/{posts["两癌筛查排队三小时"]}"' in rows[1]
    assert posts["求助"] not in page
    assert "不在这里显示" in rows[2]
    assert "托育补贴" not in world.client("admin").get("/sources/hot").text, "who may not search reads no posts here"


def test_a_post_of_a_hot_list_says_where_it_stands(world: World) -> None:
    posts = hot_list(world)
    officer = world.client("officer")
    page = officer.get(f"/posts/{posts['两癌筛查排队三小时']}").text
    assert "热榜第 2 位 ↑ 上升" in page
    assert "热度 61.5 万" in page
    assert "已下榜" in officer.get(f"/posts/{posts['招聘只限男性被约谈']}").text
    other = world.post("普通的帖子", sentiment=0)
    assert "热榜第" not in officer.get(f"/posts/{other.post.id}").text
