"""Crawls a real site on loopback: the politeness that Scrapy does not have, and what becomes of pages."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.site.crawled import crawled, feed, forum
from tests.site.identity import self_signed
from tests.site.serving import Answer, Site, serving

ROBOTS = Answer("User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"})


def rss(*items: tuple[str, str], coding: str = "utf-8") -> bytes:
    entries = "".join(
        f"<item><guid>{number}</guid><title>标题{number}</title><link>/story/{number}</link>"
        f"<pubDate>Mon, 23 Nov 2026 12:00:00 +0800</pubDate><description>{text}</description></item>"
        for number, text in items
    )
    page = f'<?xml version="1.0" encoding="{coding}"?><rss version="2.0"><channel><title>报</title>{entries}</channel></rss>'
    return page.encode(coding)


def listing(*threads: tuple[str, int], following: str = "") -> str:
    rows = "".join(
        f'<li class="thread"><a href="/t/{name}">帖 {name}</a><span class="replies">{replies}</span></li>'
        for name, replies in threads
    )
    more = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f"<html><body><ul>{rows}</ul>{more}</body></html>"


def thread(*floors: tuple[str, str], following: str = "") -> str:
    rows = "".join(
        f'<article id="p{number}"><b class="author">某人{number}</b><time datetime="2026-11-20T08:00:00+08:00"></time>'
        f'<div class="content">{text}</div></article>'
        for number, text in floors
    )
    more = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f"<html><body><h1>一个话题</h1>{rows}{more}</body></html>"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes["/robots.txt"] = ROBOTS
        yield site


def test_a_feed_is_read_once_and_then_answers_not_modified(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(rss(("1", "托育点报名首日排队。"), ("2", "体检车进村。")), etag='"v1"')
    source = feed(site.url + "/rss", author_kind="media", place="430100", sample=True)
    first = crawled(source, state=tmp_path)
    assert first.texts == ["托育点报名首日排队。", "体检车进村。"]
    post = first.posts[0]
    assert (post.author_kind, post.place, post.sample, post.title) == ("media", "430100", True, "标题1")
    assert post.published_at.isoformat() == "2026-11-23T04:00:00+00:00"
    assert (first.outcome.accepted, first.outcome.requests, first.outcome.failure) == (2, 2, "")
    assert first.health[0].succeeded_at
    assert first.health[0].next_due_at
    second = crawled(source, state=tmp_path)
    assert (second.outcome.accepted, second.outcome.duplicates, second.outcome.unchanged) == (0, 0, 1)
    assert site.asked[-1].status == 304
    agent = site.asked[-1].headers["User-Agent"]
    assert agent == "Qingting/0.1 (+https://example.org/kontakt)"
    assert "Cookie" not in site.asked[-1].headers


def test_a_changed_text_is_a_new_version_of_the_same_post(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(rss(("1", "初稿。"), ("2", "不变。")))
    before = crawled(feed(site.url + "/rss"), state=tmp_path)
    site.routes["/rss"] = Answer(rss(("1", "更正后的文字。"), ("2", "不变。")))
    after = crawled(feed(site.url + "/rss"), state=tmp_path)
    assert after.texts == ["更正后的文字。"]
    assert after.outcome.duplicates == 1
    assert after.posts[0].id == before.posts[0].id


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        (Answer("", 503), "503"),
        (Answer("", slow_s=30), "没有回应"),
        (Answer("User-agent: Qingting\nDisallow: /\n"), "robots.txt 禁止"),
    ],
    ids=["503", "timeout", "disallowed"],
)
def test_robots_that_cannot_be_read_or_forbid_close_the_site(
    site: Site, tmp_path: Path, robots: Answer, said: str
) -> None:
    site.routes |= {"/robots.txt": robots, "/rss": Answer(rss(("1", "不该采到。")))}
    found = crawled(feed(site.url + "/rss"), state=tmp_path, timeout_s=1.0)
    assert set(site.paths()) == {"/robots.txt"}
    assert said in found.outcome.failure
    assert found.health[0].failure == found.outcome.failure
    assert found.health[0].succeeded_at is None


def test_without_robots_txt_everything_is_allowed(site: Site, tmp_path: Path) -> None:
    site.routes = {"/rss": Answer(rss(("1", "可以采。")))}
    assert crawled(feed(site.url + "/rss"), state=tmp_path).outcome.accepted == 1


def test_a_crawl_delay_is_obeyed_even_on_loopback_and_by_one_connection(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/robots.txt": Answer("User-agent: *\nCrawl-delay: 0.6\n"),
        "/b": Answer(listing(("1", 1), ("2", 1))),
        "/t/1": Answer(thread(("1", "一楼。"))),
        "/t/2": Answer(thread(("2", "二楼。"))),
    }
    found = crawled(forum(site.url + "/b"), state=tmp_path)
    assert found.outcome.accepted == 2
    assert min(site.gaps_s()) >= 0.59
    assert max(asked.in_flight for asked in site.asked) == 1


def test_two_sources_on_one_host_take_turns_and_pause_two_seconds_by_default(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/a": Answer(rss(("1", "甲。"))), "/b": Answer(rss(("2", "乙。")))}
    pause = {"request_gap_s": 2.0}
    found = crawled(feed(site.url + "/a", id="a", **pause), feed(site.url + "/b", id="b", **pause), state=tmp_path)
    assert [outcome.accepted for outcome in found.outcomes] == [1, 1]
    assert site.paths().count("/robots.txt") == 1
    assert min(site.gaps_s()) >= 1.99
    assert max(asked.in_flight for asked in site.asked) == 1


def test_a_short_retry_after_is_waited_for_and_a_long_one_ends_the_crawl(site: Site, tmp_path: Path) -> None:
    busy = Answer("", 429, {"Retry-After": "1"})
    site.routes["/rss"] = lambda times: busy if times == 0 else Answer(rss(("1", "等到了。")))
    assert crawled(feed(site.url + "/rss"), state=tmp_path).texts == ["等到了。"]
    assert site.gaps_s()[-1] >= 0.99
    site.routes["/later"] = Answer("", 503, {"Retry-After": "3600"})
    found = crawled(feed(site.url + "/later", id="later"), state=tmp_path)
    assert "3600 秒" in found.outcome.failure
    health = next(health for health in found.health if health.source == "later")
    assert health.next_due_at
    assert (health.next_due_at - health.checked_at).total_seconds() > 3500
    assert site.paths().count("/later") == 1


def test_a_host_that_asks_for_an_hour_ends_a_crawl_under_way_at_once(site: Site, tmp_path: Path) -> None:
    site.routes["/b"] = Answer(listing(("1", 1), ("2", 1), ("3", 1)))
    site.routes |= {f"/t/{name}": Answer("", 503, {"Retry-After": "3600"}) for name in "123"}
    found = crawled(forum(site.url + "/b"), state=tmp_path)
    assert len(site.asked) == 3
    assert "后再来" in found.outcome.failure


def test_a_crawl_delay_beyond_reason_is_not_begun(site: Site, tmp_path: Path) -> None:
    site.routes |= {"/robots.txt": Answer("User-agent: *\nCrawl-delay: 86400\n"), "/rss": Answer(rss(("1", "慢。")))}
    assert "86400 秒" in crawled(feed(site.url + "/rss"), state=tmp_path).outcome.failure
    assert site.paths() == ["/robots.txt"]


def test_a_redirect_into_a_private_network_is_refused(site: Site, tmp_path: Path) -> None:
    with serving() as other:
        port = other.url.rpartition(":")[2]
        other.routes["/rss"] = Answer(rss(("1", "内网的话。")))
        for target, said in {
            f"http://127.0.0.2:{port}/rss": "内网地址 127.0.0.2",
            "http://169.254.169.254/latest": "169.254.169.254",
        }.items():
            site.routes["/rss"] = Answer("", 302, {"Location": target})
            found = crawled(feed(site.url + "/rss"), state=tmp_path)
            assert said in found.outcome.failure
        assert not other.asked


def test_a_loopback_source_that_does_not_list_itself_is_refused(site: Site, tmp_path: Path) -> None:
    found = crawled(feed(site.url + "/rss", allow_private=[]), state=tmp_path)
    assert "allow_private" in found.outcome.failure
    assert not site.asked


def test_a_redirect_loop_ends(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer("", 302, {"Location": "/again"})
    site.routes["/again"] = Answer("", 301, {"Location": "/rss"})
    found = crawled(feed(site.url + "/rss"), state=tmp_path)
    assert "转来转去" in found.outcome.failure
    assert len(site.asked) <= 8


def test_a_redirect_to_a_forbidden_path_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer("", 302, {"Location": "/private/rss"})
    found = crawled(feed(site.url + "/rss"), state=tmp_path)
    assert "/private/rss" not in site.paths()
    assert "robots.txt 禁止" in found.outcome.failure


def test_a_page_beyond_the_limit_is_cut_off_plain_or_packed(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(b"<rss>" + b"x" * 10_000_000)
    assert "超过 8 MB" in crawled(feed(site.url + "/rss"), state=tmp_path).outcome.failure
    bomb = gzip.compress(b"<rss>" + b"x" * 60_000_000)
    site.routes["/rss"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert "超过 8 MB" in crawled(feed(site.url + "/rss"), state=tmp_path).outcome.failure


def test_a_forum_is_crawled_over_its_pages_and_asked_again_only_where_replies_came(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 3), ("2", 1), following="/b?p=2")),
        "/b?p=2": Answer(listing(("3", 1))),
        "/t/1": Answer(thread(("1", "楼主的话。"), ("2", "跟帖。"), following="/t/1?p=2")),
        "/t/1?p=2": Answer(thread(("3", "第二页的话。"))),
        "/t/2": Answer(thread(("9", "另一个话题。"))),
        "/t/3": Answer(thread(("4", "旧话题。"))),
    }
    first = crawled(forum(site.url + "/b"), state=tmp_path)
    assert sorted(first.texts) == sorted(["楼主的话。", "跟帖。", "第二页的话。", "另一个话题。", "旧话题。"])
    assert first.outcome.failure == ""
    assert {post.text for post in first.posts if post.title == "一个话题"} == {"楼主的话。", "另一个话题。", "旧话题。"}
    assert len({post.author for post in first.posts}) == 5
    assert not any("某人" in post.author for post in first.posts)
    site.asked.clear()
    site.routes["/b"] = Answer(listing(("1", 3), ("2", 2), following="/b?p=2"))
    site.routes["/t/2"] = Answer(thread(("9", "另一个话题。"), ("10", "新回复。")))
    second = crawled(forum(site.url + "/b"), state=tmp_path)
    assert second.texts == ["新回复。"]
    assert [path for path in site.paths() if path.startswith("/t/")] == ["/t/2"]


def test_more_threads_than_one_crawl_opens_are_opened_by_the_next(site: Site, tmp_path: Path) -> None:
    site.routes["/b"] = Answer(listing(*((str(number), 1) for number in range(5))), etag='"b"')
    site.routes |= {f"/t/{number}": Answer(thread((str(number), f"第{number}楼。"))) for number in range(5)}
    some = forum(site.url + "/b")
    some["list"] |= {"threads_max": 3}
    assert [len(crawled(some, state=tmp_path).texts) for _ in range(3)] == [3, 2, 0]


def test_a_deleted_thread_is_counted_and_not_asked_again(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 1), ("2", 1))),
        "/t/1": Answer("删了", 410),
        "/t/2": Answer(thread(("1", "还在。"))),
    }
    first = crawled(forum(site.url + "/b"), state=tmp_path)
    assert (first.outcome.gone, first.outcome.accepted, first.outcome.failure) == (1, 1, "")
    crawled(forum(site.url + "/b"), state=tmp_path)
    assert site.paths().count("/t/1") == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_thread_deleted_at_its_source_is_forgotten_with_all_its_pages(
    site: Site, tmp_path: Path, status: int
) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 1), ("2", 1))),
        "/t/1": Answer(thread(("1", "第一页。"), following="/t/1?p=2")),
        "/t/1?p=2": Answer(thread(("2", "第二页。"), following="/t/1?p=3")),
        "/t/1?p=3": Answer("", 404),
        "/t/2": Answer(thread(("3", "还在。"))),
    }
    first = crawled(forum(site.url + "/b"), state=tmp_path)
    taken = {post.url for post in first.posts}
    assert first.forgotten == (), "a later page alone is no deletion"
    site.routes |= {"/b": Answer(listing(("1", 2), ("2", 1), ("3", 1)))}
    site.routes |= {"/t/1": Answer("", status), "/t/1?p=2": Answer("", status), "/t/3": Answer("", status)}
    second = crawled(forum(site.url + "/b"), state=tmp_path)
    assert second.outcome.gone == 2
    if status == 404:
        assert second.forgotten == (), "one 404 may be a mistake"
        assert crawled(forum(site.url + "/b"), state=tmp_path, ahead=timedelta(hours=23)).forgotten == ()
        second = crawled(forum(site.url + "/b"), state=tmp_path, ahead=timedelta(hours=25))
    assert set(second.forgotten) & taken == taken - {site.url + "/t/2"}
    assert crawled(forum(site.url + "/b"), state=tmp_path, ahead=timedelta(days=9)).forgotten == ()


def test_a_failed_thread_leaves_the_list_unremembered(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 1)), etag='"b1"'),
        "/t/1": lambda times: Answer("", 500) if times == 0 else Answer(thread(("1", "终于采到。"))),
    }
    assert "500" in crawled(forum(site.url + "/b"), state=tmp_path).outcome.failure
    assert crawled(forum(site.url + "/b"), state=tmp_path).texts == ["终于采到。"]
    third = crawled(forum(site.url + "/b"), state=tmp_path)
    assert (site.asked[-1].status, third.outcome.unchanged) == (304, 1)


def test_gbk_pages_and_feeds_are_read(site: Site, tmp_path: Path) -> None:
    page = thread(("1", "湘潭一家托育点停办。"))
    site.routes |= {
        "/b": Answer(listing(("1", 1)).encode("gbk"), headers={"Content-Type": "text/html; charset=gbk"}),
        "/t/1": Answer(
            page.replace("<html>", '<html><head><meta charset="gb2312"></head>').encode("gbk"),
            headers={"Content-Type": "text/html"},
        ),
        "/rss": Answer(rss(("1", "繁體與简体。"), coding="gb18030"), headers={"Content-Type": "text/xml"}),
    }
    found = crawled(forum(site.url + "/b"), feed(site.url + "/rss"), state=tmp_path)
    assert sorted(found.texts) == sorted(["湘潭一家托育点停办。", "繁體與简体。"])


def test_hostile_html_brings_only_what_a_person_would_see(site: Site, tmp_path: Path) -> None:
    hostile = (
        "<script>alert(1)</script><style>p{}</style>看得见的话。<div style='display:none'>" + "<a href=x>垃圾链接</a>" * 3000
        + "</div><p hidden>也看不见</p><!-- 注释 --><img src=x onerror=alert(1)><iframe src='http://169.254.169.254/'></iframe>"
        + "<div>" * 3000 + "深处的话。" + "</div>" * 3000
    )  # fmt: skip
    site.routes |= {
        "/b": Answer(listing(("1", 1)).replace("</ul>", '<li class="thread"><a href="javascript:x">坏</a></li><li class="thread"><a href="http://other.example/">外站</a></li></ul>')),
        "/t/1": Answer(thread(("1", hostile), ("2", "规矩的一楼。"))),
    }  # fmt: skip
    found = crawled(forum(site.url + "/b"), state=tmp_path)
    seen = "\n".join(found.texts)
    assert "看得见的话。" in seen
    for unseen in ("alert", "垃圾链接", "也看不见", "注释"):
        assert unseen not in seen
    assert set(site.paths()) == {"/robots.txt", "/b", "/t/1"}


def test_a_changed_layout_is_said(site: Site, tmp_path: Path) -> None:
    site.routes["/b"] = Answer("<html><body>改版了</body></html>")
    assert "list.row" in crawled(forum(site.url + "/b"), state=tmp_path).outcome.failure
    site.routes |= {"/b": Answer(listing(("1", 1))), "/t/1": Answer("<html><body>改版了</body></html>")}
    assert "post.row" in crawled(forum(site.url + "/b"), state=tmp_path).outcome.failure


def test_a_crawl_makes_no_more_requests_than_allowed(site: Site, tmp_path: Path) -> None:
    site.routes["/b"] = Answer(listing(*((str(number), 1) for number in range(20))))
    site.routes |= {f"/t/{number}": Answer(thread((str(number), f"第{number}楼。"))) for number in range(20)}
    found = crawled(forum(site.url + "/b", requests_max=7), state=tmp_path)
    assert len(site.asked) == 7
    assert "requests_max" in found.outcome.failure
    again = crawled(forum(site.url + "/b", requests_max=300), state=tmp_path)
    assert len(found.texts) + len(again.texts) == 20


def test_crawling_on_repeats_by_the_interval_until_told_to_stop(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = lambda times: Answer(rss(*((str(number), f"第{number}条。") for number in range(times + 1))))
    found = crawled(feed(site.url + "/rss", interval_s=0.5), state=tmp_path, once=False, stop_after_s=2.2)
    assert 3 <= len(found.texts) <= 6
    assert site.paths().count("/robots.txt") == 1


def test_what_became_of_a_crawl_is_counted_and_its_rhythm_kept(site: Site, tmp_path: Path) -> None:
    items = (("1", "托育点报名，电话 13800138000。"), ("2", "体检车进村。"), ("3", ""))
    site.routes["/rss"] = Answer(rss(*items), etag='"v1"', headers={"Cache-Control": "max-age=1800"})
    first = crawled(feed(site.url + "/rss"), state=tmp_path)
    funnel = first.outcome.funnel
    assert (funnel.asked, funnel.fetched, funnel.extracted, funnel.kept) == (2, 1, 3, first.outcome.accepted)
    assert (funnel.masked, funnel.dated, funnel.timed) == (1, 3, 0), "what stood there before us was not late"
    assert first.health[0].good_post in {post.id for post in first.posts}
    wait_s = (first.health[0].next_due_at - first.health[0].checked_at).total_seconds()  # type: ignore[operator]
    assert 1799 <= wait_s <= 6 * 3600 + 1, "the site asked for half an hour"
    second = crawled(feed(site.url + "/rss"), state=tmp_path)
    assert (second.outcome.funnel.unchanged, second.outcome.funnel.extracted) == (1, 0)
    assert second.health[0].rhythm
    assert second.health[0].good_post == first.health[0].good_post


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer("", 403), "blocked"),
        (Answer("", 429, {"Retry-After": "3600"}), "blocked"),
        (Answer("", slow_s=30), "slow"),
        (Answer("<html>改版了</html>"), "changed"),
        (Answer("", 500), "down"),
    ],
    ids=["403", "429", "timeout", "no-feed", "500"],
)
def test_failures_are_told_apart_and_counted_in_a_row(site: Site, tmp_path: Path, answer: Answer, kind: str) -> None:
    site.routes["/rss"] = answer
    for failures in (1, 2):
        found = crawled(feed(site.url + "/rss"), state=tmp_path, timeout_s=1.0)
        assert (found.health[0].failure_kind, found.health[0].failures) == (kind, failures)
    site.routes["/rss"] = Answer(rss(("1", "又好了。")))
    found = crawled(feed(site.url + "/rss"), state=tmp_path, timeout_s=5.0)
    assert (found.health[0].failure_kind, found.health[0].failures, found.health[0].failure) == ("", 0, "")


def test_a_page_that_fails_among_others_is_told_but_makes_no_failing_source(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/b": Answer(listing(("1", 1), ("2", 1))),
        "/t/1": Answer(thread(("1", "这一帖读得到。"))),
        "/t/2": Answer("", 500),
    }
    found = crawled(forum(site.url + "/b"), state=tmp_path)
    assert "500" in found.health[0].failure
    assert (found.health[0].failures, found.outcome.accepted) == (0, 1)
    site.routes["/t/2"] = site.routes["/t/1"] = Answer("", 403)
    site.routes["/b"] = Answer(listing(("1", 2), ("2", 2)))
    found = crawled(forum(site.url + "/b"), state=tmp_path)
    assert (found.health[0].failures, found.health[0].failure_kind) == (1, "blocked")


def test_a_source_that_is_switched_off_is_crawled_only_when_named(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(rss(("1", "停用的信源。")))
    off = feed(site.url + "/rss", enabled=False)
    assert crawled(off, state=tmp_path, once=False, stop_after_s=0.5).outcomes == ()
    assert not site.asked
    assert crawled(off, state=tmp_path).outcome.accepted == 1


def test_a_stop_in_the_middle_of_a_crawl_loses_nothing(site: Site, tmp_path: Path) -> None:
    names = [str(number) for number in range(40)]
    site.routes["/b"] = Answer(listing(*((name, 1) for name in names)), etag='"b"')
    site.routes |= {f"/t/{name}": Answer(thread((name, f"第{name}楼。"))) for name in names}
    slow = forum(site.url + "/b", request_gap_s=0.1)
    first = crawled(slow, state=tmp_path, once=False, stop_after_s=1.5)
    assert 0 < len(first.texts) < 40
    assert (first.health[0].failure, first.health[0].succeeded_at) == ("", None)
    second = crawled(forum(site.url + "/b"), state=tmp_path)
    assert sorted(first.texts + second.texts) == sorted(f"第{name}楼。" for name in names)


def test_posts_that_the_log_did_not_take_are_fetched_again(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(rss(("1", "磁盘满了。")), etag='"v1"')
    refused = crawled(feed(site.url + "/rss"), state=tmp_path, log_is_full=True)
    assert "没能存下" in refused.outcome.failure
    assert crawled(feed(site.url + "/rss"), state=tmp_path).texts == ["磁盘满了。"]


def test_a_host_is_known_by_its_name_too(site: Site, tmp_path: Path) -> None:
    site.routes["/rss"] = Answer(rss(("1", "本机的名字。")))
    url = site.url.replace("127.0.0.1", "localhost") + "/rss"
    assert "allow_private" in crawled(feed(url, allow_private=[]), state=tmp_path).outcome.failure
    assert crawled(feed(url, allow_private=["localhost"]), state=tmp_path).outcome.accepted == 1


def test_a_certificate_must_be_valid_and_https_works_when_it_is(tmp_path: Path) -> None:
    identity = self_signed(tmp_path)
    with serving(identity) as site:
        site.routes["/rss"] = Answer(rss(("1", "加密的话。")))
        refused = crawled(feed(site.url + "/rss"), state=tmp_path)
        assert "证书" in refused.outcome.failure
        assert not site.asked
        trusted = crawled(feed(site.url + "/rss"), state=tmp_path, trusted=str(identity))
        assert trusted.texts == ["加密的话。"]
