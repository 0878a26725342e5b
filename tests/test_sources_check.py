"""`sources check FILE` asks each source once, in time, and says what would be stored; nothing is."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.sources import load_sources
from crawlers.terms import terms_hints
from qingting.home import Home
from qingting.trying_sources import asked_once
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_site import ROBOTS, listing, rss, thread


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = ROBOTS
        yield site


def written(folder: Path, site: Site, *entries: str) -> Path:
    file = folder / "sources.yaml"
    local = "    request_gap_s: 0\n    allow_private: [127.0.0.1, localhost]\n"
    file.write_text(
        "sources:\n" + "".join(f"  - {entry}\n{local}" for entry in entries).replace("SITE", site.url), "utf-8"
    )
    return file


FORUM = """id: forum
    kind: forum
    url: SITE/b
    list: {row: li.thread, link: a, changed_by: .replies}
    thread: {title: h1}
    post: {row: article, id: "::attr(id)", text: .content, author: .author, published_at: "time::attr(datetime)"}"""


def feed(name: str, path: str) -> str:
    return f"id: {name}\n    kind: feed\n    enabled: false\n    url: SITE{path}"


def test_each_source_says_what_would_be_stored_within_ten_seconds(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/rss": Answer(
            rss(("1", "托育点报名，电话 13800138000。"), ("2", "体检车进村。")), headers={"X-Robots-Tag": "noarchive"}
        ),
        "/b": Answer(listing(*((str(number), 1) for number in range(30)))),
        "/private": Answer(rss(("3", "不该采到。"))),
        "/gone": Answer("没有了", 410),
        "/hangs": Answer(rss(("4", "太慢了。")), slow_s=60),
    } | {f"/t/{number}": Answer(thread((str(number), f"第{number}楼。"))) for number in range(30)}  # fmt: skip
    # a name of its own: a host that hangs makes only its own sources wait
    hangs = feed("hangs", "/hangs").replace("SITE", site.url.replace("127.0.0.1", "localhost"))
    file = written(
        tmp_path,
        site,
        feed("news", "/rss"),
        FORUM,
        feed("closed", "/private"),
        feed("gone", "/gone"),
        hangs,
    )
    started_s = time.monotonic()
    found = {tried.source: tried for tried in asked_once(Home(tmp_path / "none"), load_sources(file), 10.0)}
    assert time.monotonic() - started_s < 10.0
    assert list(found) == ["news", "forum", "closed", "gone", "hangs"]
    news = found["news"]
    assert (news.robots, news.posts, news.failure) == ("allowed", 2, "")
    assert news.first is not None
    assert "13800138000" not in news.first.text
    assert news.terms == ("X-Robots-Tag: noarchive",)
    assert found["forum"].first is not None
    assert found["forum"].first.author not in {"", "某人1"}
    assert (found["closed"].robots, found["closed"].first) == ("refused", None)
    assert "robots.txt 禁止" in found["closed"].failure
    assert "410" in found["gone"].failure
    assert found["hangs"].failure
    assert sum(path.startswith("/t/") for path in site.paths()) < 6, "one look is no crawl"


def test_terms_are_hinted_at_from_wherever_a_page_speaks_of_them() -> None:
    page = (
        '<html><head><meta name="Robots" content="NOINDEX,follow"><link rel="license" href="https://l.example/by"></head>'
        '<body><a href="/law">版权声明</a><a href="/about">关于我们</a></body></html>'
    )
    assert terms_hints({"Content-Type": "text/html; charset=gbk"}, page.encode("gbk")) == (
        "meta robots: NOINDEX,follow", "许可：https://l.example/by", "版权声明 /law",
    )  # fmt: skip
    feed = "<rss><channel><copyright><![CDATA[样例日报 2026]]></copyright></channel></rss>"
    assert terms_hints({}, feed.encode()) == ("样例日报 2026",)
    assert terms_hints({}, b"\x00\xff<") == ()
