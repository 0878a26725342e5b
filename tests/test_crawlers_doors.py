"""A log-in wall, a captcha or a refusal is told as what it is, "blocked", and never stored; an ordinary page never is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from contracts.errors import Rejected
from crawlers.charset import decode_page
from crawlers.doors import door, door_for_text, door_in_answer, is_door_address
from crawlers.sources import load_sources
from tests.site.crawled import crawled, feed, forum
from tests.site.pages import listing, thread
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_adapters import JSON, XML, article, column, source, urls

URL = "https://bbs.example.com/t/1"
MENU = "<nav>" + "".join(f'<a href="/{number}">栏目{number}</a>' for number in range(40)) + "</nav>"
PROSE = "妇联的姐妹上门走访，听大家说托育、体检和用工的难处，一件一件记下来。" * 20
DOORS = {
    "title": "<html><head><title>用户登录 - 样例论坛</title></head><body>欢迎</body></html>",
    "title alone": "<html><head><title>安全验证</title></head><body><div id=c></div></body></html>",
    "english title": "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>",
    "title over a long agreement": f"<html><head><title>登录_样例网</title></head><body><p>{PROSE}</p></body></html>",
    "discuz": f"<html><head><title>提示信息 - 样例论坛</title></head><body>{MENU}<div>抱歉，您需要 <a href=/l>登录</a> 后才能查看本版块</div></body></html>",
    "no right": f"<html><body>{MENU}<p>抱歉，您无权查看该主题</p></body></html>",
    "captcha": "<html><head><title>样例网</title></head><body><p>请输入图中的验证码后继续访问</p><img src=c></body></html>",
    "slider": "<html><body><p>请拖动滑块完成拼图，以证明您不是机器人</p></body></html>",
    "too often": "<html><body><h1>提示</h1><p>您的访问过于频繁，请稍后再试。</p></body></html>",
    "password alone": f"<html><body>{MENU}<form><input name=u><input type=password name=p></form></body></html>",
    "english": "<html><body><p>Please log in to continue.</p></body></html>",
}
PAGES = {
    "a forum with a log-in in its head": f"<html><head><title>样例论坛</title></head><body>{MENU}<form><input type=password></form><p>{PROSE}</p></body></html>",
    "an empty page with 登录 in its menu": '<html><body><nav><a href="/l">请登录</a> <a href="/r">注册</a></nav><div id="app"></div></body></html>',
    "an article about logging in": f"<html><head><title>登录难怎么办：窗口里的三个小时 - 样例报</title></head><body><p>{PROSE}</p><p>请登录后查看。</p></body></html>",
    "a page of a deleted post": "<html><head><title>样例论坛</title></head><body><p>您访问的帖子不存在或已被删除。</p></body></html>",
    "nothing": "<html></html>",
}  # fmt: skip


@pytest.mark.parametrize("name", DOORS)
def test_a_door_is_known_by_what_a_person_sees_there(name: str) -> None:
    said = door(Selector(text=DOORS[name], type="html"), URL)
    assert said.startswith(URL)
    assert "kind: json" in said


@pytest.mark.parametrize("name", PAGES)
def test_an_ordinary_page_is_no_door(name: str) -> None:
    assert door(Selector(text=PAGES[name], type="html"), URL) == ""


def test_no_saved_page_of_an_article_is_a_door() -> None:
    pages = sorted((Path(__file__).parent / "pages").glob("*.html"))
    assert len(pages) > 40
    for path in pages:
        text = decode_page(path.read_bytes(), "").text
        assert door(Selector(text=text, type="html"), URL) == "", path.name


def test_an_article_is_a_door_only_where_it_says_nothing_else() -> None:
    assert door_for_text("", "您需要登录后才可以查看全文。", URL)
    assert door_for_text("用户登录", PROSE, URL)
    assert not door_for_text("体检通知", "体检预约今天开始，请登录样例市妇幼保健院网站查看。", URL)
    assert not door_for_text("体检通知", PROSE + "请登录后查看。", URL)


def test_an_answer_in_json_that_asks_for_a_login_is_a_door() -> None:
    assert door_in_answer(json.dumps({"code": -101, "msg": "请先登录"}).encode(), URL)
    assert door_in_answer(json.dumps({"error": {"message": "Please log in"}}).encode(), URL)
    assert not door_in_answer(json.dumps({"code": 0, "data": []}).encode(), URL)
    assert not door_in_answer(b'{"code"', URL)
    assert not door_in_answer(b"[" * 3000, URL)


@pytest.mark.parametrize("url", ["https://passport.example.com/x", "https://a.example.com/user/login?next=/news", "https://a.example.com/captcha.html"])  # fmt: skip
def test_the_address_of_a_login_is_refused_in_the_file(url: str, tmp_path: Path) -> None:
    assert is_door_address(url)
    file = tmp_path / "sources.yaml"
    file.write_text(
        f"sources:\n- {{id: a, kind: feed, url: '{url}', basis: 公开, contact: x@y.example, licence: 研判}}\n"
    )
    with pytest.raises(Rejected, match=r"第 2 行.*公开的栏目页"):
        load_sources(file)


@pytest.mark.parametrize("key", ["cookie", "headers", "login", "password", "captcha", "sign", "authorization", "登录"])
def test_a_key_of_a_door_is_refused_with_the_honest_way_wherever_it_stands(key: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    for entry in (f"kind: feed, {key}: x", f"kind: json, json: {{{key}: x}}, fields: {{text: t}}"):
        file.write_text(
            f"sources:\n- {{id: a, {entry}, url: 'https://a.example.com/', basis: 公开, contact: x@y.example, licence: 研判}}\n"
        )
        with pytest.raises(Rejected, match=rf"第 2 行.*{key}.*kind: import"):
            load_sources(file)


def test_an_honest_address_is_no_door() -> None:
    for url in (
        "https://news.example.com/verify/",
        "https://blog.example.com/",
        "https://a.example.com/catalogin.html",
    ):
        assert not is_door_address(url)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = Answer("User-agent: *\nAllow: /\n", headers={"Content-Type": "text/plain"})
        yield site


def _sources(site: Site) -> dict[str, dict[str, Any]]:
    return {
        "feed": feed(site.url + "/x"),
        "forum": forum(site.url + "/x"),
        "list": source("list", site.url + "/x", links={"pattern": r"/n\d"}),
        "sitemap": source("sitemap", site.url + "/x"),
        "json": source("json", site.url + "/x", fields={"text": "t"}, json={"items": "data"}),
        "hotlist": source("hotlist", site.url + "/x", row="li.hot", fields={"text": "a"}),
    }


@pytest.mark.parametrize("kind", ["feed", "forum", "list", "sitemap", "json", "hotlist"])
def test_a_login_wall_with_200_is_blocked_whatever_the_source_expected(kind: str, site: Site, tmp_path: Path) -> None:
    site.routes["/x"] = Answer(DOORS["title"])
    found = crawled(_sources(site)[kind], state=tmp_path)
    assert found.posts == ()
    assert (found.outcome.failure_kind, found.health[0].failures) == ("blocked", 1)
    assert "登录" in found.outcome.failure


def test_what_is_no_door_has_changed_its_shape(site: Site, tmp_path: Path) -> None:
    site.routes["/x"] = Answer(PAGES["an empty page with 登录 in its menu"])
    assert crawled(_sources(site)["forum"], state=tmp_path).outcome.failure_kind == "changed"


def test_an_interface_that_asks_for_a_login_is_blocked(site: Site, tmp_path: Path) -> None:
    site.routes["/x"] = Answer(
        json.dumps({"code": -101, "data": None, "message": "账号未登录，请先登录"}), headers=JSON
    )
    found = crawled(_sources(site)["json"], state=tmp_path)
    assert (found.posts, found.outcome.failure_kind) == ((), "blocked")


def test_threads_and_articles_behind_a_door_are_never_stored(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/x": Answer(listing(["1", "2"])), "/t/1": Answer(thread(("1", "公开的一楼。"))), "/t/2": Answer(DOORS["discuz"]),
        "/c": column(("/n1.html", "开园"), ("/n2.html", "内参")), "/n1.html": article("开园", "托育点开园。"),
        "/n2.html": Answer("<html><head><title>内参 - 样例报</title></head><body><h1>内参</h1><p>请登录后查看全文。</p></body></html>"),
        "/s": Answer(urls((site.url + "/n3.html", "2099-01-01")), headers=XML), "/n3.html": Answer(DOORS["captcha"]),
    }  # fmt: skip
    board = crawled(_sources(site)["forum"], state=tmp_path)
    assert (board.texts, board.outcome.failure_kind) == (["公开的一楼。"], "blocked")
    news = crawled(source("list", site.url + "/c", links={"pattern": r"/n\d"}), state=tmp_path)
    assert [post.title for post in news.posts] == ["开园"]
    assert news.outcome.failure_kind == "blocked"
    walled = crawled(source("sitemap", site.url + "/s"), state=tmp_path)
    assert (walled.posts, walled.outcome.failure_kind) == ((), "blocked")
