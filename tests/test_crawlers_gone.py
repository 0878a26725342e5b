"""One 404 forgets nothing: a page is deleted when it still answers so a day later, beside a site that is well."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.testing.builders import NOON
from crawlers.gone import LOOKS_MAX, MISSING_MAX, SECOND_LOOK, MissingPages, read_missing
from tests.site.crawled import Crawled, crawled, forum
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_adapters import XML, article, column, leads, source, urls
from tests.test_crawlers_site import listing, thread

DAY = timedelta(days=1, minutes=5)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = Answer("User-agent: *\nAllow: /\n", headers={"Content-Type": "text/plain"})
        yield site


def test_a_404_is_looked_at_again_after_a_day_and_410_is_believed() -> None:
    pages = MissingPages()
    assert pages.is_gone("/1", 410, "m", NOON)
    assert not pages.is_gone("/2", 404, "m", NOON)
    assert not pages.is_gone("/2", 404, "m", NOON + timedelta(hours=23))
    assert [one.url for one in pages.due(NOON + SECOND_LOOK)] == ["/2"]
    assert pages.due(NOON + timedelta(hours=23)) == []
    kept = read_missing(pages.written())
    assert kept.is_gone("/2", 404, "m", NOON + SECOND_LOOK)
    assert kept.due(NOON + timedelta(days=9)) == []


def test_an_address_that_names_its_author_is_not_kept_for_a_second_look() -> None:
    pages = MissingPages()
    assert pages.is_gone("https://paper.example/7?uid=7103634232", 404, "m", NOON)
    assert "7103634232" not in pages.written()


def test_a_page_that_its_list_names_no_longer_is_gone_at_once() -> None:
    pages = MissingPages()
    assert pages.is_gone("https://paper.example/7", 404, "m", NOON, is_named=False)


def test_what_came_back_begins_anew() -> None:
    pages = MissingPages()
    pages.is_gone("/1", 404, "", NOON)
    pages.is_there("/1")
    assert not pages.is_gone("/1", 404, "", NOON + DAY)


@given(st.text())
def test_anything_kept_wrongly_means_that_nothing_is_missing(text: str) -> None:
    assert not read_missing(text).due(NOON) or "since" in text


def test_a_forum_that_lost_everything_is_no_flood() -> None:
    pages = MissingPages()
    for number in range(MISSING_MAX + 50):
        assert not pages.is_gone(f"/{number}", 404, "", NOON)
    assert len(pages.due(NOON + DAY)) == LOOKS_MAX
    assert pages.written().count('"url"') == MISSING_MAX


def board(site: Site, tmp_path: Path, *, ahead: timedelta = timedelta()) -> Crawled:
    return crawled(forum(site.url + "/b"), state=tmp_path, ahead=ahead)


def test_a_thread_that_comes_back_within_the_day_is_never_forgotten_and_its_news_are_read(
    site: Site, tmp_path: Path
) -> None:
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer(thread(("1", "一楼。")))}
    board(site, tmp_path)
    site.routes |= {"/b": Answer(listing(("1", 2))), "/t/1": Answer("", 404)}
    assert board(site, tmp_path).outcome.gone == 1
    site.routes["/t/1"] = Answer(thread(("1", "一楼。"), ("2", "二楼。")))
    back = board(site, tmp_path, ahead=DAY)
    assert (back.texts, back.forgotten) == (["二楼。"], ())
    site.routes |= {"/b": Answer(listing(("1", 3))), "/t/1": Answer("", 404)}
    assert board(site, tmp_path, ahead=2 * DAY).forgotten == (), "the second 404 is a first one again"


def test_a_thread_that_left_its_list_is_forgotten_too(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 1), ("2", 1))),
        "/t/1": Answer(thread(("1", "一楼。"))),
        "/t/2": Answer(thread(("2", "另一楼。"))),
    }
    board(site, tmp_path)
    site.routes |= {"/b": Answer(listing(("1", 2), ("2", 1))), "/t/1": Answer("", 404)}
    assert board(site, tmp_path).forgotten == (), "its list names it: one 404 may be a mistake"
    site.routes["/b"] = Answer(listing(("2", 1)))
    looks = (board(site, tmp_path), board(site, tmp_path, ahead=DAY))
    assert [address for look in looks for address in look.forgotten] == [site.url + "/t/1"]


def test_a_list_that_has_not_changed_keeps_nobody_from_the_second_look(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer(thread(("1", "一楼。")))}
    board(site, tmp_path)
    site.routes |= {"/b": Answer(listing(("1", 2)), etag='"quiet"'), "/t/1": Answer("", 404)}
    board(site, tmp_path)
    gone = board(site, tmp_path, ahead=DAY)
    assert [one.status for one in site.asked[-2:]] == [304, 404]
    assert gone.forgotten == (site.url + "/t/1",)


def test_a_site_that_is_broken_says_nothing_by_a_404(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer(thread(("1", "一楼。")))}
    board(site, tmp_path)
    site.routes |= {"/b": Answer(listing(("1", 2))), "/t/1": Answer("", 404)}
    board(site, tmp_path)
    site.routes["/b"] = Answer("", 404)
    asked = site.paths().count("/t/1")
    broken = board(site, tmp_path, ahead=DAY)
    assert (broken.forgotten, site.paths().count("/t/1")) == ((), asked)
    site.routes["/b"] = Answer(listing(("1", 2)))
    assert board(site, tmp_path, ahead=2 * DAY).forgotten == (site.url + "/t/1",)


def test_a_new_thread_that_was_missing_by_mistake_is_not_lost(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer("", 404)}
    assert board(site, tmp_path).texts == []
    site.routes["/t/1"] = Answer(thread(("1", "一楼。")))
    assert board(site, tmp_path, ahead=DAY).texts == ["一楼。"]


@pytest.mark.parametrize("kind", ["list", "sitemap"])
def test_an_article_is_looked_at_twice_too(kind: str, site: Site, tmp_path: Path) -> None:
    day = "2099-01-0"
    way = (
        source("list", site.url + "/x", links={"pattern": r"/n\d"})
        if kind == "list"
        else source("sitemap", site.url + "/x")
    )

    def led(words: str, number: int) -> Answer:
        if kind == "list":
            return column(("/n1.html", words), ("/n2.html", "乙"))
        return Answer(urls((site.url + "/n1.html", day + str(number)), (site.url + "/n2.html", day + "1")), headers=XML)

    site.routes |= {
        "/x": led("甲", 1),
        "/n1.html": article("开园", "托育点开园。"),
        "/n2.html": article("体检", "体检车来了。"),
    }
    assert len(leads(crawled(way, state=tmp_path))) == 2
    site.routes |= {"/x": led("甲改", 2), "/n1.html": Answer("", 404, {"ETag": '"404"'})}
    first = crawled(way, state=tmp_path)
    assert (first.outcome.gone, first.forgotten) == (1, ())
    assert crawled(way, state=tmp_path, ahead=DAY).forgotten == (site.url + "/n1.html",)
    assert crawled(way, state=tmp_path, ahead=2 * DAY).forgotten == ()
