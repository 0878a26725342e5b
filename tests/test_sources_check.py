"""`sources check FILE` asks each source once, in time, and says what would be stored; nothing is."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.source import Fields, Source
from crawlers.sources import load_sources
from crawlers.terms import terms_hints
from qingting.home import Home
from qingting.trying_sources import asked_once
from tests.program import call
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_adapters import JSON, XML, article, column, urls
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


SHAPES = {
    "news": "kind: feed\n    name: 样例日报\n    url: SITE/rss",
    "column": "kind: list\n    url: SITE/c\n    links: {pattern: '/n\\d'}",
    "map": "kind: sitemap\n    url: SITE/s.xml",
    "api": "kind: json\n    url: SITE/api\n    fields: {id: id, text: t, published_at: at, author: n}",
    "hot": "kind: hotlist\n    url: SITE/hot\n    json: {items: data}\n    fields: {text: t, heat: h}",
    "door": "kind: feed\n    url: SITE/door",
    "broken": "kind: feed\n    url: SITE/500",
}


def test_a_person_reads_the_verdict_of_every_kind_first(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/rss": Answer(rss(("1", "托育点报名，电话 13800138000。"))),
        "/c": column(("/n1.html", "开园")), "/n1.html": article("开园", "托育点开园了。"),
        "/s.xml": Answer(urls((site.url + "/n1.html", "2099-01-01")), headers=XML),
        "/api": Answer(json.dumps([{"id": 1, "t": "接口里的话。", "at": "2026-11-25 08:00", "n": "样例网友"}]), headers=JSON),
        "/hot": Answer(json.dumps({"data": [{"t": "样例词条", "h": "9万"}]}), headers=JSON),
        "/door": Answer("<html><head><title>用户登录</title></head></html>"), "/500": Answer("", 500),
    }  # fmt: skip
    file = written(tmp_path, site, *(f"id: {name}\n    {shape}" for name, shape in SHAPES.items()), FORUM)
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer(thread(("1", "一楼的话。")))}
    record = "basis: 协议, contact: a@b.example, licence: 协议"
    more = f"  - {{id: sent, kind: push, {record}}}\n  - {{id: rows, kind: import, fields: {{text: 正文}}, {record}}}\n"
    file.write_text(file.read_text("utf-8") + more, "utf-8")
    answer = call(tmp_path / "none", "sources", "check", str(file), "--seconds", "40")
    said = answer.stdout.decode()
    assert (answer.returncode, answer.stderr.decode()) == (1, ""), said
    parts = {part.partition("（")[0].split()[-1]: part for part in re.split(r"\n(?=可以|不行)", said)[1:]}
    assert list(parts) == [*SHAPES, "forum", "sent", "rows"]
    assert {name for name, part in parts.items() if part.startswith("不行")} == {"door", "broken"}
    for name in ("news", "column", "map", "api", "hot", "forum"):
        for line in ("robots.txt：允许", "条款提示：", "读出 1 条，最新一条：", "时间：", "正文：", "会存：正文"):
            assert f"\n      {line}" in parts[name], (name, line)
    assert parts["news"].startswith("可以  news（样例日报，订阅源）")
    assert "2026-11-23 12:00（取自订阅源或接口）" in parts["news"]
    assert "已遮盖：电话" in parts["news"]
    assert "首次看到" in parts["column"]
    assert "作者的化名（不存姓名）" in parts["api"]
    assert "榜上位次和热度" in parts["hot"]
    assert "原因：" in parts["door"]
    assert "登录" in parts["door"]
    assert "robots.txt：允许" in parts["broken"], "that a page fails says nothing against its robots.txt"
    assert "/push/sent" in parts["sent"]
    assert "--source rows" in parts["rows"]
    assert said.rstrip().endswith("不行 2 个：door、broken。")
    assert "样例网友" not in said
    assert "13800138000" not in said


def test_a_push_without_a_key_and_an_import_without_a_text_are_told_without_waiting(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    sent = Source(id="sent", kind="push")
    other = Source(id="other", kind="push")
    rows = Source(id="rows", kind="import", fields=Fields(id="编号"))
    (home.secrets / "push-other.key").write_text("x" * 64)
    started_s = time.monotonic()
    found = {tried.source: tried for tried in asked_once(home, [sent, other, rows], 10.0)}
    assert time.monotonic() - started_s < 5.0
    assert "push-sent.key" in found["sent"].failure
    assert (found["other"].failure, "密钥已有" in found["other"].note) == ("", True)
    assert "fields.text" in found["rows"].failure


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
