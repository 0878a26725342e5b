"""What was deleted at its source is missed although no list names it any longer, and nothing else is asked for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import post_id
from crawlers.vanished import named, naming, vanished
from tests.site.crawled import crawled, feed, forum
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_adapters import JSON, article, column, source
from tests.test_crawlers_site import listing, rss, thread

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@given(
    before=st.lists(st.integers(0, 30), unique=True),
    gone=st.sets(st.integers(0, 30)),
    fresh=st.lists(st.integers(31, 40), unique=True),
    sunk=st.integers(0, 5),
)
def test_of_a_list_in_order_exactly_what_went_from_above_the_lowest_is_missed(
    before: list[int], gone: set[int], fresh: list[int], sunk: int
) -> None:
    marks = {str(number): "same" for number in before}
    shown = before[: len(before) - sunk]  # new ones pushed the last ones off the list
    now = {str(number): "same" for number in fresh} | {str(one): "same" for one in shown if one not in gone}
    remembered = named(naming("https://a.example/b", list(marks), NOW))
    missed = vanished(remembered, now, marks, is_whole=False)
    assert set(missed) <= {str(number) for number in before if number in gone}
    left = [place for place, number in enumerate(shown) if number not in gone]
    above = shown[: left[-1]] if left else []
    assert missed == [str(number) for number in above if number in gone]
    assert vanished(remembered, now, marks, is_whole=True) == [one for one in remembered if one not in now]


def test_a_thread_deleted_at_its_forum_is_asked_for_once_more_and_let_go(site: Site, tmp_path: Path) -> None:
    names = ("1", "2", "3", "4")
    shape = {"row": "li.thread", "link": "a", "changed_by": ".replies", "next": "a.next", "pages_max": 1}
    board = forum(site.url + "/b") | {"list": shape}
    site.routes |= {f"/t/{name}": Answer(thread((name, f"第{name}句话。"))) for name in names}
    site.routes["/b"] = Answer(listing(*((name, 1) for name in names), following="/b?p=2"))
    assert len(crawled(board, state=tmp_path).texts) == 4
    del site.routes["/t/2"]
    site.routes["/t/5"] = Answer(thread(("5", "第5句话。")))
    site.routes["/b"] = Answer(listing(("5", 1), ("1", 1), ("3", 1), following="/b?p=2"))  # the fourth has sunk
    site.asked.clear()
    found = crawled(board, state=tmp_path)
    assert (found.texts, found.forgotten, found.outcome.failure) == (["第5句话。"], (site.url + "/t/2",), "")
    assert sorted(site.paths()) == ["/b", "/robots.txt", "/t/2", "/t/5"]
    site.asked.clear()
    crawled(board, state=tmp_path)
    assert site.paths() == ["/robots.txt", "/b"]


@pytest.mark.parametrize("answer", [Answer("", 403), Answer("<p>空</p>"), Answer("", 302, {"Location": "/login"})])
def test_a_thread_that_went_where_the_public_does_not_come_is_no_fault(
    site: Site, tmp_path: Path, answer: Answer
) -> None:
    board = forum(site.url + "/b")
    site.routes |= {f"/t/{name}": Answer(thread((name, f"第{name}句话。"))) for name in "12"}
    site.routes["/b"] = Answer(listing(("1", 1), ("2", 1)))
    crawled(board, state=tmp_path)
    site.routes |= {"/t/1": answer, "/b": Answer(listing(("2", 1))), "/login": Answer("<form></form>")}
    found = crawled(board, state=tmp_path).outcome
    assert (found.failure, found.gone) == ("", 0)


def test_a_post_that_its_page_shows_as_taken_down_is_let_go_once(site: Site, tmp_path: Path) -> None:
    board = forum(site.url + "/b")
    board["post"] |= {"removed": "aside"}
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer(thread(("1", "一楼。"), ("2", "二楼。")))}
    crawled(board, state=tmp_path)
    page = thread(("1", "一楼。"), ("3", "三楼。")).replace(
        "<article", '<aside id="p2">已删除</aside><aside id="p9"></aside><article', 1
    )
    for replies in (2, 3):
        site.routes |= {"/b": Answer(listing(("1", replies))), "/t/1": Answer(page)}
        found = crawled(board, state=tmp_path)
        assert found.outcome.failure == ""
        expected = (post_id("forum", native_id=f"{site.url}/t/1#p2"),) if replies == 2 else ()
        assert found.forgotten_posts == expected  # the ninth was never seen here
    site.routes |= {"/b": Answer(listing(("1", 4))), "/t/1": Answer('<aside id="p1">已删除</aside>')}
    assert len(crawled(board, state=tmp_path).forgotten_posts) == 1  # a page of nothing else is no changed shape


def test_an_article_deleted_from_a_column_is_let_go(site: Site, tmp_path: Path) -> None:
    paper = source("list", site.url + "/", links={"pattern": r"/\d\.html$"})
    site.routes["/"] = column(*((f"/{number}.html", f"题{number}") for number in (1, 2, 3)))
    site.routes |= {f"/{number}.html": article(f"题{number}", f"正文{number}。") for number in (1, 2, 3)}
    assert len(crawled(paper, state=tmp_path).texts) == 3
    site.routes["/"] = column(*((f"/{number}.html", f"题{number}") for number in (1, 3)))
    del site.routes["/2.html"]
    found = crawled(paper, state=tmp_path)
    assert (found.forgotten, found.outcome.gone) == ((site.url + "/2.html",), 1)


def paged(site: Site, *items: tuple[int, str], a_page: int = 2) -> None:
    """Show items on pages; a page beyond the last answers 400."""
    for page in range(1, 9):
        shown = items[(page - 1) * a_page : page * a_page]
        rows = [{"link": f"{site.url}/{number}.html", "title": f"题{number}", "changed": at} for number, at in shown]
        site.routes[f"/api?page={page}"] = Answer(
            json.dumps(rows) if rows else '{"code": "no page"}', 200 if rows else 400, JSON
        )


def test_an_interface_ends_beyond_its_last_page_and_tells_of_changes(site: Site, tmp_path: Path) -> None:
    shape: dict[str, Any] = {"follow": True, "changed": "changed", "pages_max": 9}
    api = source("json", site.url + "/api?page={page}", json=shape, fields={"text": "title", "url": "link"})
    site.routes |= {f"/{number}.html": article(f"题{number}", f"正文{number}。") for number in (1, 2, 3, 4)}
    paged(site, (1, "a"), (2, "a"), (3, "a"), (4, "a"))
    first = crawled(api, state=tmp_path)
    assert (first.outcome.failure, len(first.texts)) == ("", 4)
    site.routes["/3.html"] = article("题3", "改过的正文。")
    del site.routes["/4.html"]
    paged(site, (3, "b"), (1, "a"), (2, "a"))
    second = crawled(api, state=tmp_path)
    assert [text.partition("\n")[0] for text in second.texts] == ["改过的正文。"]
    assert second.forgotten == (site.url + "/4.html",)
    site.routes["/api?page=1"] = Answer("", 400)
    assert "400" in crawled(api, state=tmp_path).outcome.failure


def test_an_index_may_lead_to_sitemaps_of_other_things(site: Site, tmp_path: Path) -> None:
    def sitemap(*paths: str) -> Answer:
        rows = "".join(f"<url><loc>{site.url}{path}</loc></url>" for path in paths)
        return Answer(f"<urlset>{rows}</urlset>", headers={"Content-Type": "application/xml"})

    index = "".join(f"<sitemap><loc>{site.url}/{name}.xml</loc></sitemap>" for name in ("posts", "users"))
    site.routes |= {
        "/index.xml": Answer(f"<sitemapindex>{index}</sitemapindex>", headers={"Content-Type": "application/xml"}),
        "/posts.xml": sitemap("/1.html", "/2.html"), "/users.xml": sitemap("/user/9"),
        "/1.html": article("题1", "正文1。"), "/2.html": article("题2", "正文2。"),
    }  # fmt: skip
    paper = source("sitemap", site.url + "/index.xml", links={"pattern": r"/\d\.html$"})
    assert (found := crawled(paper, state=tmp_path)).outcome.failure == ""
    assert len(found.texts) == 2
    site.routes |= {"/posts.xml": sitemap("/1.html"), "/2.html": Answer("", 410)}
    assert crawled(paper, state=tmp_path).forgotten == (site.url + "/2.html",)
    (apart := tmp_path / "apart").mkdir()
    none = source("sitemap", site.url + "/index.xml", links={"pattern": r"/nowhere/"})
    assert "links.pattern" in crawled(none, state=apart).outcome.failure


@pytest.mark.parametrize(("ago_s", "status"), [(0, 200), (60, 304)])
def test_a_time_of_change_of_this_very_second_is_not_trusted(
    site: Site, tmp_path: Path, ago_s: int, status: int
) -> None:
    date = datetime.now(UTC).replace(microsecond=0)
    changed = format_datetime(date - timedelta(seconds=ago_s), usegmt=True)
    headers = {
        "Content-Type": "application/rss+xml",
        "Last-Modified": changed,
        "Date": format_datetime(date, usegmt=True),
    }
    site.routes["/rss"] = Answer(rss(("1", "第一条。")), headers=headers, etag='"of that second"')
    crawled(feed(site.url + "/rss"), state=tmp_path)
    site.routes["/rss"] = Answer(rss(("1", "第一条。"), ("2", "第二条。")), headers=headers, etag='"of that second"')
    found = crawled(feed(site.url + "/rss"), state=tmp_path)
    assert (site.asked[-1].status, len(found.texts)) == (status, 1 if status == 200 else 0)


def test_what_a_broken_crawl_took_in_is_missed_too(site: Site, tmp_path: Path) -> None:
    shape: dict[str, Any] = {"follow": True, "changed": "changed", "pages_max": 9}
    api = source("json", site.url + "/api?page={page}", json=shape, fields={"text": "title", "url": "link"})
    site.routes |= {f"/{number}.html": article(f"题{number}", f"正文{number}。") for number in (1, 2, 3, 4)}
    paged(site, (1, "a"), (2, "a"), (3, "a"), (4, "a"))
    site.routes |= {"/api?page=2": Answer("", 500)}
    broken = crawled(api, state=tmp_path)
    assert ("500" in broken.outcome.failure, len(broken.texts)) == (True, 2)
    del site.routes["/1.html"]
    paged(site, (2, "a"), (3, "a"), (4, "a"))
    found = crawled(api, state=tmp_path)
    assert (found.forgotten, len(found.texts)) == ((site.url + "/1.html",), 2)
