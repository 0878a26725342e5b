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
from contracts.ports.crawl_state import SourceHealth
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.zone import BEIJING
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
