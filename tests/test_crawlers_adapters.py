"""Lists, sitemaps, interfaces and hot lists, crawled from a real site on loopback."""

import gzip
import json
import pickle
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crawlers.spiders.article_spider import AGAIN_MAX
from tests.site.crawled import Crawled, crawled, feed
from tests.site.serving import Answer, Site, serving

JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = Answer(
            "User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"}
        )
        yield site


def source(kind: str, url: str, **fields: Any) -> dict[str, Any]:
    return {"id": kind, "kind": kind, "url": url, "allow_private": ["127.0.0.1"], "request_gap_s": 0.0} | fields


_BODY = "".join(
    f"<p>第{number}段：样例市妇联的工作人员上门走访，听大家说托育、体检和用工的难处，一件一件记下来，能当场答复的当场答复。</p>"
    for number in range(1, 4)
)
"""So much that a reader of articles knows where the article is."""


def leads(found: Crawled) -> list[str]:
    """Return the first line of each post."""
    return [text.partition("\n")[0] for text in found.texts]


def article(title: str, text: str) -> Answer:
    return Answer(
        f"<html><head><title>{title} - 样例报</title></head><body><nav>首页 导航</nav><h1>{title}</h1>"
        f"<article><p>{text}</p>{_BODY}</article></body></html>",
        etag=f'"{abs(hash(text))}"',
    )


def column(*links: tuple[str, str], following: str = "") -> Answer:
    items = "".join(f'<li><a href="{url}">{words}</a></li>' for url, words in links)
    more = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return Answer(f'<html><body><a href="/about">关于</a><ul class="news">{items}</ul>{more}</body></html>')


def test_a_column_leads_to_its_articles_which_are_read_once_and_again_when_their_words_change(
    site: Site, tmp_path: Path
) -> None:
    site.routes |= {
        "/news/": column(("/news/t1.html", "托育新规"), ("t2.html", "妇女体检"), ("http://other.example/t3.html", "外站"), following="/news/p2"),
        "/news/p2": column(("/news/t4.html", "旧闻")),
        "/news/t1.html": article("托育新规", "样例市下月起实行托育新规。"),
        "/news/t2.html": article("妇女体检", "体检车开进样例村。"),
        "/news/t4.html": article("旧闻", "第二页的文章。"),
    }  # fmt: skip
    paper = source(
        "list", site.url + "/news/", links={"pattern": r"/t\d+\.html$", "next": "a.next"}, author_kind="media",
        place="430100", sample=True,
    )  # fmt: skip
    first = crawled(paper, state=tmp_path)
    assert first.outcome.failure == ""
    assert sorted(leads(first)) == sorted(["样例市下月起实行托育新规。", "体检车开进样例村。", "第二页的文章。"])
    post = next(post for post in first.posts if post.title == "托育新规")
    assert (post.url, post.author_kind, post.place, post.sample) == (
        site.url + "/news/t1.html",
        "media",
        "430100",
        True,
    )
    site.asked.clear()
    site.routes["/news/"] = column(("/news/t1.html", "托育新规（更正）"), ("t2.html", "妇女体检"))
    site.routes["/news/t1.html"] = article("托育新规", "样例市下月起实行托育新规（更正）。")
    second = crawled(paper, state=tmp_path)
    assert leads(second) == ["样例市下月起实行托育新规（更正）。"]
    assert [path for path in site.paths() if path.endswith("html")] == ["/news/t1.html"]
    assert second.posts[0].id == post.id


def test_an_article_is_asked_for_again_after_a_day_whatever_its_link_says(site: Site, tmp_path: Path) -> None:
    names = [str(number) for number in range(AGAIN_MAX + 5)]
    site.routes["/"] = column(*((f"/t{name}", f"题 {name}") for name in names))
    site.routes |= {f"/t{name}": article(f"题 {name}", f"正文 {name}。") for name in names}
    paper = source("list", site.url + "/", links={"pattern": r"/t\d"})
    assert len(crawled(paper, state=tmp_path).posts) == len(names)
    site.routes |= {"/t1": article("题 1", "改过的正文。"), "/t2": Answer("", 410)}
    site.asked.clear()
    assert not crawled(paper, state=tmp_path).posts
    assert site.paths() == ["/robots.txt", "/"], "within the day nothing is asked again"
    a_day_passes(tmp_path)
    third = crawled(paper, state=tmp_path)
    assert leads(third) == ["改过的正文。"]
    assert third.forgotten == (site.url + "/t2",)
    assert third.outcome.unchanged == AGAIN_MAX - 2, (
        "the others were asked conditionally, some are left to the next crawl"
    )
    fourth = crawled(paper, state=tmp_path)
    asked = Counter(site.paths())
    assert {asked[f"/t{name}"] for name in names} == {1}
    assert not fourth.posts


def a_day_passes(folder: Path) -> None:
    """Let everything that the crawl state remembers be a day older."""
    file = folder / "crawl_state.pickle"
    state = pickle.loads(file.read_bytes())  # noqa: S301 - our own
    pages = state._pages
    for url, page in pages.items():
        pages[url] = msgspec.structs.replace(page, fetched_at=page.fetched_at - timedelta(days=1))
    file.write_bytes(pickle.dumps(state))


def test_own_selectors_go_before_the_reading_of_the_page(site: Site, tmp_path: Path) -> None:
    page = '<h1>站名</h1><div class="t">真标题</div><div class="x"><p>真正文。</p></div><i class="d">2026年11月20日 08:00</i>'
    site.routes |= {"/": column(("/a", "甲")), "/a": Answer(f"<html><body>{page}<p>广告</p></body></html>")}
    shape = {"title": ".t", "text": ".x", "published_at": ".d"}
    found = crawled(source("list", site.url + "/", links={"link": ".news a"}, article=shape), state=tmp_path)
    (post,) = found.posts
    assert (post.title, post.text, post.published_at) == ("真标题", "真正文。", datetime(2026, 11, 20, tzinfo=UTC))


def test_more_articles_than_one_crawl_reads_are_read_by_the_next(site: Site, tmp_path: Path) -> None:
    site.routes["/"] = column(*((f"/t{number}.html", f"题 {number}") for number in range(5)))
    site.routes |= {f"/t{number}.html": article(f"题 {number}", f"正文 {number}。") for number in range(5)}
    paper = source("list", site.url + "/", links={"pattern": r"/t\d", "articles_max": 3})
    assert [len(crawled(paper, state=tmp_path).texts) for _ in range(3)] == [3, 2, 0]


def test_a_list_without_one_fitting_link_and_an_article_without_text_are_said(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/": column(("/a.html", "甲")), "/a.html": Answer("<html><body></body></html>")}
    none = crawled(source("list", site.url + "/", links={"pattern": r"/t\d+"}), state=tmp_path)
    assert "links.pattern" in none.outcome.failure
    empty = crawled(source("list", site.url + "/", links={"pattern": r"/a\.html"}), state=tmp_path)
    assert "没有读到正文" in empty.outcome.failure


def urls(*entries: tuple[str, str]) -> str:
    rows = "".join(f"<url><loc>{loc}</loc><lastmod>{at}</lastmod></url>" for loc, at in entries)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).strftime("%Y-%m-%d")


def test_a_sitemap_index_with_a_packed_and_a_news_sitemap_is_walked_newest_first(site: Site, tmp_path: Path) -> None:
    home = site.url
    index = "".join(f"<sitemap><loc>{home}/{name}</loc></sitemap>" for name in ("a.xml.gz", "news.xml"))
    news = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
        ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
        f"<url><loc>{home}/n.html</loc><news:news><news:publication><news:name>样例报</news:name></news:publication>"
        f"<news:publication_date>{day(1)}T08:00:00+08:00</news:publication_date><news:title>快讯</news:title></news:news>"
        f"<image:image><image:loc>{home}/picture.jpg</image:loc></image:image></url></urlset>"
    )
    site.routes |= {
        "/sitemap.xml": Answer(f"<sitemapindex>{index}</sitemapindex>", headers=XML),
        "/a.xml.gz": Answer(
            gzip.compress(urls((f"{home}/old.html", day(90)), (f"{home}/1.html", day(3)), (f"{home}/2.html", day(2))).encode()),
            headers={"Content-Type": "application/gzip"},
        ),
        "/news.xml": Answer(news, headers=XML),
        "/1.html": article("样例消息一", "三天前的文章。"),
        "/2.html": article("样例消息二", "两天前的文章。"),
        "/n.html": Answer("<html><body><p>刚发的快讯。</p></body></html>"),
    }  # fmt: skip
    town = source("sitemap", home + "/sitemap.xml")
    found = crawled(town, state=tmp_path)
    assert found.outcome.failure == ""
    assert sorted(leads(found)) == sorted(["两天前的文章。", "三天前的文章。", "刚发的快讯。"])
    news_post = next(post for post in found.posts if post.text == "刚发的快讯。")
    assert (news_post.title, news_post.published_at.strftime("%Y-%m-%d %H")) == ("快讯", f"{day(1)} 00")
    assert [path for path in site.paths() if path in {"/1.html", "/2.html"}] == ["/2.html", "/1.html"]
    assert crawled(town, state=tmp_path).texts == []
    site.routes["/a.xml.gz"] = Answer(urls((f"{home}/1.html", day(0))), headers=XML)
    site.routes["/1.html"] = article("样例消息一", "今天改过的文章。")
    assert leads(crawled(town, state=tmp_path)) == ["今天改过的文章。"]


def test_sitemaps_are_found_in_robots_txt_and_what_is_none_is_said(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/robots.txt": Answer(f"User-agent: *\nAllow: /\nSitemap: {site.url}/s.xml\n", headers={"Content-Type": "text/plain"}),
        "/s.xml": Answer(urls((f"{site.url}/1.html", day(1))), headers=XML),
        "/1.html": article("样例消息一", "从 robots.txt 找到的文章。"),
    }  # fmt: skip
    assert leads(crawled(source("sitemap", site.url + "/robots.txt"), state=tmp_path)) == ["从 robots.txt 找到的文章。"]
    site.routes["/x.xml"] = Answer("<html><body>不是</body></html>")
    assert "不是站点地图" in crawled(source("sitemap", site.url + "/x.xml", id="x"), state=tmp_path).outcome.failure
    bomb = gzip.compress(b"<urlset>" + b" " * 40_000_000 + b"</urlset>")
    site.routes["/b.xml"] = Answer(bomb, headers={"Content-Type": "application/gzip"})
    assert "超过 8 MB" in crawled(source("sitemap", site.url + "/b.xml", id="b"), state=tmp_path).outcome.failure


def items(*numbers: int) -> list[dict[str, Any]]:
    return [
        {"id": str(number), "body": f"<p>第{number}条 <b>话</b>。</p>", "user": {"name": f"用户{number}"}, "link": f"/p/{number}",
         "at": "2026-11-20T08:00:00Z", "stat": {"like": number, "share": 0, "reply": "3"}}
        for number in numbers
    ]  # fmt: skip


FIELDS = {
    "text": "body", "id": "id", "url": "link", "author": "user.name", "published_at": "at", "likes": "stat.like",
    "reposts": "stat.share", "comments": "stat.reply",
}  # fmt: skip


def test_an_interface_is_walked_by_cursor_and_the_next_crawl_begins_where_it_ended(site: Site, tmp_path: Path) -> None:
    def answer(found: list[dict[str, Any]], cursor: str = "") -> Answer:
        return Answer(json.dumps({"data": found, "next": cursor}), headers=JSON)

    site.routes |= {
        "/api?n=2": answer(items(9, 10), "c 2"),
        "/api?n=2&cursor=c%202": answer(items(8)),
        "/api?n=2&since=10": answer(items(11)),
        "/api?n=2&since=11": answer([]),
    }
    api = source(
        "json", site.url + "/api?n=2&since={since}&cursor={cursor}", fields=FIELDS,
        json={"items": "data", "cursor": "next", "since": "id"},
    )  # fmt: skip
    first = crawled(api, state=tmp_path)
    assert first.outcome.failure == ""
    assert first.texts == ["第9条 话。", "第10条 话。", "第8条 话。"]
    post = first.posts[1]
    assert (post.url, post.likes, post.comments) == (site.url + "/p/10", 10, 3)
    assert post.author
    assert "用户" not in post.author
    assert [crawled(api, state=tmp_path).texts for _ in range(2)] == [["第11条 话。"], []]
    assert site.paths()[-1] == "/api?n=2&since=11"


def test_an_interface_is_walked_by_page_up_to_its_bound(site: Site, tmp_path: Path) -> None:
    for page in range(9):
        site.routes[f"/api/{page}.json"] = Answer(json.dumps(items(page)), headers=JSON)
    api = source("json", site.url + "/api/{page}.json", fields=FIELDS, json={"page_first": 0, "pages_max": 4})
    assert crawled(api, state=tmp_path).outcome.accepted == 4
    assert site.paths()[1:] == [f"/api/{page}.json" for page in range(4)]


def test_a_token_comes_from_the_environment_and_goes_to_its_host_alone(site: Site, tmp_path: Path) -> None:
    api = source("json", site.url + "/api", fields=FIELDS, token={"env": "QT_TEST_TOKEN_OF_OURS", "scheme": "OAuth2"})
    site.routes["/api"] = Answer(json.dumps(items(1)), headers=JSON)
    missing = crawled(api, state=tmp_path)
    assert "QT_TEST_TOKEN_OF_OURS" in missing.outcome.failure
    assert not site.asked
    found = crawled(api, state=tmp_path, environment={"QT_TEST_TOKEN_OF_OURS": "s3cr3t-of-ours"})
    assert found.texts == ["第1条 话。"]
    sent = {asked.path: asked.headers.get("Authorization") for asked in site.asked}
    assert sent == {"/robots.txt": None, "/api": "OAuth2 s3cr3t-of-ours"}
    for status, headers in ((302, {"Location": "/elsewhere"}), (401, {})):
        site.routes["/api"] = Answer("", status, headers)
        refused = crawled(api, state=tmp_path, environment={"QT_TEST_TOKEN_OF_OURS": "s3cr3t-of-ours"})
        assert str(status) in refused.outcome.failure
        assert "s3cr3t" not in str(refused)
    assert "/elsewhere" not in site.paths()
    assert b"s3cr3t" not in (tmp_path / "crawl_state.pickle").read_bytes()


@pytest.mark.parametrize(
    ("body", "said"),
    [("<html>", "不是 JSON"), ('{"data": {}}', "json.items"), ('{"data": [{"x": 1}]}', "fields.text"), ("[" * 100_000, "不是 JSON")],
    ids=["html", "no list", "no text", "nested"],
)  # fmt: skip
def test_an_interface_that_changed_is_said(site: Site, tmp_path: Path, body: str, said: str) -> None:
    site.routes["/api"] = Answer(body, headers=JSON)
    found = crawled(source("json", site.url + "/api", fields=FIELDS, json={"items": "data"}), state=tmp_path)
    assert said in found.outcome.failure


def test_a_discovery_is_followed_to_articles_on_the_hosts_of_the_source(site: Site, tmp_path: Path) -> None:
    found = [
        {"url": f"{site.url}/a.html", "title": "本站"},
        {"url": "https://other.example/b.html", "title": "外站的标题"},
    ]
    site.routes |= {
        "/api": Answer(json.dumps({"articles": found}), headers=JSON),
        "/a.html": article("本站", "本站的正文。"),
    }
    gdelt = source(
        "json", site.url + "/api", json={"items": "articles", "follow": True}, fields={"text": "title", "url": "url"}
    )
    assert sorted(leads(crawled(gdelt, state=tmp_path))) == ["外站的标题", "本站的正文。"]


def hot(*titles: str) -> Answer:
    rows = [
        {"id": title, "title": title, "url": f"/hot/{title}", "extra": {"info": f"{10 - at}.5万"}}
        for at, title in enumerate(titles)
    ]
    return Answer(json.dumps({"status": "success", "items": rows}), headers=JSON)


def test_a_hot_list_gives_each_new_entry_once(site: Site, tmp_path: Path) -> None:
    board = source(
        "hotlist",
        site.url + "/s",
        json={"items": "items"},
        fields={"text": "title", "id": "id", "url": "url", "heat": "extra.info"},
    )
    site.routes["/s"] = hot("甲", "乙", "丙")
    assert crawled(board, state=tmp_path).texts == ["甲", "乙", "丙"]
    site.routes["/s"] = hot("乙", "甲", "丁")
    second = crawled(board, state=tmp_path)
    assert (second.texts, second.outcome.duplicates) == (["丁"], 0)
    site.routes["/s"] = hot("丙", "乙")
    assert crawled(board, state=tmp_path).texts == []
    site.routes["/s"] = Answer('{"items": []}', headers=JSON)
    assert "没有读到一条热榜" in crawled(board, state=tmp_path).outcome.failure


def test_a_hot_list_on_a_web_page_is_read_by_selectors(site: Site, tmp_path: Path) -> None:
    rows = "".join(
        f'<li><i>{at}</i><a href="/h/{at}">{title}</a><em>{at}万</em></li>' for at, title in enumerate("甲乙", 1)
    )
    site.routes["/hot"] = Answer(f"<ol>{rows}</ol>")
    board = source(
        "hotlist", site.url + "/hot", row="ol li", fields={"text": "a", "url": "a", "rank": "i", "heat": "em"}
    )
    found = crawled(board, state=tmp_path)
    assert [(post.text, post.url) for post in found.posts] == [("甲", site.url + "/h/1"), ("乙", site.url + "/h/2")]


def test_what_fails_at_one_source_never_stops_another(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/rss": Answer(
            '<rss version="2.0"><channel><title>报</title><item><guid>1</guid><title>好的</title>'
            "<description>好的信源照常采到。</description></item></channel></rss>",
            headers=XML,
        ),
        "/500": Answer("", 500),
        "/slow": Answer("", slow_s=30),
        "/html": Answer("<html><body>什么都没有</body></html>"),
        "/broken": Answer(b"\x1f\x8b\x00broken", headers={"Content-Encoding": "gzip"}),
        "/bytes": Answer(bytes(range(256)) * 50, headers={"Content-Type": "application/octet-stream"}),
        "/deep": Answer("[" * 200_000, headers=JSON),
        "/loop": Answer("", 302, {"Location": "/loop"}),
    }  # fmt: skip
    site.routes["/rss?last"] = site.routes["/rss"]
    json_fields = {"fields": {"text": "t"}}
    bad = [
        feed(site.url + "/500", id="b1"), feed(site.url + "/slow", id="b2"), feed(site.url + "/html", id="b3"),
        feed(site.url + "/broken", id="b4"), feed(site.url + "/loop", id="b5"), feed(site.url + "/private/x", id="b6"),
        feed("http://127.0.0.1:9/", id="b7"), feed("http://no-such-host.invalid/", id="b8"),
        source("list", site.url + "/html", id="b9", links={"link": "a"}),
        source("sitemap", site.url + "/bytes", id="b10"), source("json", site.url + "/deep", id="b11", **json_fields),
        source("json", site.url + "/html", id="b12", token={"env": "QT_NOT_SET"}, **json_fields),
        source("hotlist", site.url + "/html", id="b13", row="li", fields={"text": "a"}),
        source("json", site.url + "/bytes", id="b14", **json_fields),
    ]  # fmt: skip
    good = [feed(site.url + "/rss", id="good-first"), feed(site.url + "/rss?last", id="good-last")]
    found = crawled(good[0], *bad, good[1], state=tmp_path, timeout_s=1.0)
    outcomes = {outcome.source: outcome for outcome in found.outcomes}
    assert {one: outcomes[one].accepted for one in ("good-first", "good-last")} == {"good-first": 1, "good-last": 1}
    assert [one["id"] for one in bad if not outcomes[one["id"]].failure] == []
    assert {health.source for health in found.health} == set(outcomes)


def test_a_source_whose_own_code_breaks_does_not_stop_another(site: Site, tmp_path: Path) -> None:
    """A row selector that is no selector passes no check of sources.yaml; here it stands for any fault in our own code."""
    site.routes |= {"/x": Answer("<html><a>1</a></html>"), "/": column(("/a", "甲")), "/a": article("甲", "照常采到。")}
    found = crawled(
        source("hotlist", site.url + "/x", id="broken", row="[[", fields={"text": "a"}),
        source("list", site.url + "/", id="good", links={"link": ".news a"}),
        state=tmp_path,
    )
    assert [(one.accepted, bool(one.failure)) for one in found.outcomes] == [(0, True), (1, False)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("", 401), "要求登录"),
        (Answer("", 403), "不要换身份再试"),
        (Answer("", 302, {"Location": "/user/login?next=/rss"}), "登录或验证页"),
        (Answer("", 302, {"Location": "/captcha/"}), "登录或验证页"),
    ],
)  # fmt: skip
def test_a_page_behind_a_door_is_left_with_the_honest_alternative(
    site: Site, tmp_path: Path, answer: Answer, said: str
) -> None:
    site.routes |= {"/rss": answer, "/user/login?next=/rss": Answer("请登录"), "/captcha/": Answer("请验证")}
    assert said in crawled(feed(site.url + "/rss"), state=tmp_path).outcome.failure
