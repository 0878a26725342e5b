"""Who said when a post was published, and its language: kept from the source to the desk, and absent in older posts."""

from datetime import timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from contracts.document import Document
from contracts.events import PostFetched, decode, encode
from contracts.provenance import DATE_SOURCE_WORDS, LANGUAGE_WORDS, DateSource
from contracts.testing.builders import NOON, make_document, make_post
from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList
from crawlers.edge import Edge
from crawlers.language import text_language
from crawlers.raw_post import RawPost
from tests.desk_world import World, make_world, served
from tests.site.crawled import crawled, feed, forum
from tests.site.pages import listing, rss, thread
from tests.site.serving import Answer, serving
from tests.test_crawlers_adapters import JSON, article, column, source


def test_each_way_to_a_time_and_each_language_has_its_word() -> None:
    assert {"", *DATE_SOURCE_WORDS} == set(get_args(DateSource))
    told = ("这里的人们来了", "這裡的人們來了", "the house is on the hill and it was old", "これは日本語です", "한국어입니다", "བོད་ཡིག་བོད", "ئۇيغۇر تىلى", "ᠮᠣᠩᠭᠣᠯ", "русский язык", "lorem dolor sit amet", "اللغة العربية")  # fmt: skip
    assert {text_language(text) for text in told} == set(LANGUAGE_WORDS)


def test_an_event_that_an_older_program_wrote_is_read() -> None:
    fields = {name: value for name, value in msgspec.to_builtins(make_post()).items() if name not in {"date_source", "language"}}  # fmt: skip
    older = msgspec.msgpack.encode({"type": "PostFetched", "post": fields})
    event = decode(older)
    assert isinstance(event, PostFetched)
    assert (event.post.date_source, event.post.language) == ("", "")
    document = msgspec.to_builtins(make_document(), builtin_types=(bytes,))
    document["post"] = fields
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(document), type=Document).post == event.post


def test_a_post_keeps_both_on_its_way() -> None:
    post = make_post(date_source="json_ld", language="bo")
    assert decode(encode(PostFetched(post))) == PostFetched(post)


@pytest.mark.parametrize(
    ("raw", "said", "language"),
    [
        (RawPost(source="a", text="体检车开进样例村了。", published_at=NOON, date_source="meta"), "meta", "zh-Hans"),
        (RawPost(source="a", text="體檢車開進這個村了。", published_at=NOON, date_source="url"), "url", "zh-Hant"),
        (RawPost(source="a", text="没有时间的帖子来了。"), "first_seen", "zh-Hans"),
        (RawPost(source="a", text="时间在后天的帖子来了。", published_at=NOON + timedelta(days=2), date_source="feed"), "first_seen", "zh-Hans"),
        (RawPost(source="a", text="13800138000", published_at=NOON, date_source="given"), "given", ""),
    ],
)  # fmt: skip
def test_the_edge_keeps_who_said_when_and_the_language(raw: RawPost, said: str, language: str) -> None:
    edge = Edge(b"a secret of the tests only", MemoryForgetList(), MemoryCrawlState(), FakeClock(NOON))
    (event,) = edge.admit([raw]).fetched
    assert (event.post.date_source, event.post.language) == (said, language)
    assert event.post.time_is_doubtful == (said == "first_seen")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_the_desk_says_who_said_when(world: World) -> None:
    with served(world):
        known = world.post("样例镇托育点今天开园", sentiment=0)
        posts = {
            said: msgspec.structs.replace(known.post, id=f"post-{said}", date_source=said, language=language, time_is_doubtful=said == "first_seen")
            for said, language in (("text", "zh-Hans"), ("first_seen", "bo"), ("", ""))
        }  # fmt: skip
        world.index.put([msgspec.structs.replace(known, post=post) for post in posts.values()])
        officer = world.client("officer")
        page = officer.get("/posts/post-text").text
        assert "时间取自：网页正文" in page
        assert "简体中文" not in page, "what nearly every post is in need not be said"
        page = officer.get("/posts/post-first_seen").text
        assert "时间取自：首次看到" in page
        assert "藏文" in page
        assert "时间取自" not in officer.get("/posts/post-").text
    world.close()


def test_each_kind_of_source_says_who_told_the_time(tmp_path: Path) -> None:
    said = '<script type="application/ld+json">{"datePublished": "2026-11-20T08:00:00+08:00"}</script>'
    whole = article("开园", "托育点开园了。")
    assert isinstance(whole.body, str)
    with serving() as site:
        site.routes |= {
            "/robots.txt": Answer("", 404),
            "/rss": Answer(rss(("1", "体检车进村了。"))),
            "/b": Answer(listing(["1"])),
            "/t/1": Answer(thread(("1", "一楼的话。"))),
            "/c": column(("/n1.html", "开园"), ("/n2.html", "开园")),
            "/n1.html": Answer(whole.body.replace("<title>", said + "<title>")),
            "/n2.html": whole,
            "/j": Answer('[{"t": "接口里的话。", "at": "2026-11-20 08:00"}]', headers=JSON),
        }
        found = crawled(
            feed(site.url + "/rss", id="feed"), forum(site.url + "/b"), source("list", site.url + "/c", links={"pattern": r"/n\d"}),
            source("json", site.url + "/j", fields={"text": "t", "published_at": "at"}), state=tmp_path,
        )  # fmt: skip
    assert {(post.source, post.url.rpartition("/")[2], post.date_source, post.language) for post in found.posts} == {
        ("feed", "1", "feed", "zh-Hans"), ("forum", "1", "text", "zh-Hans"), ("list", "n1.html", "json_ld", "zh-Hans"),
        ("list", "n2.html", "first_seen", "zh-Hans"), ("json", "", "feed", "zh-Hans"),
    }  # fmt: skip
