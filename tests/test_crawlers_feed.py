"""Feeds of every kind, and what is none, become raw posts or one clear sentence."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Rejected
from contracts.testing.builders import NOON
from crawlers.feed import read_feed
from crawlers.raw_post import RawPost
from crawlers.source import Source

SOURCE = Source(id="news", kind="feed", url="https://news.example.com/feed")


def read(body: bytes, content_type: str = "application/xml") -> tuple[RawPost, ...]:
    return read_feed(body, content_type=content_type, url=SOURCE.url, source=SOURCE, now=NOON)


def test_atom_entries_keep_id_link_time_and_text_without_markup() -> None:
    (post,) = read(
        """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:1</id><title>标题</title>
        <link href="/a/1"/><updated>2026-11-22T09:30:00+08:00</updated><author><name>记者</name></author>
        <content type="html">&lt;p&gt;第一段。&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;&lt;p&gt;第二段。&lt;/p&gt;</content>
        </entry></feed>""".encode()
    )
    assert (post.native_id, post.url, post.title, post.author) == (
        "tag:1", "https://news.example.com/a/1", "标题", "记者",
    )  # fmt: skip
    assert post.text == "第一段。\n第二段。"
    assert post.published_at == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_json_feed_is_read() -> None:
    (post,) = read(
        """{"version": "https://jsonfeed.org/version/1.1", "title": "信", "items": [
        {"id": 7, "url": "https://news.example.com/7", "content_html": "<p>来信。</p>", "date_published": "2026-11-22T09:30:00Z"},
        "不是对象"]}""".encode()
    )
    assert (post.native_id, post.text) == ("7", "来信。")


def test_an_entry_with_a_title_only_is_a_post_of_its_title() -> None:
    (post,) = read("<rss version='2.0'><channel><item><title>只有标题</title></item></channel></rss>".encode())
    assert (post.text, post.title, post.published_at) == ("只有标题", "", None)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>404</body></html>", b"\x89PNG\r\n\x1a\n", b'{"version": 1}', b"{", b"[" * 100_000, b"/etc/passwd"],
)  # fmt: skip
def test_what_is_no_feed_is_said(body: bytes) -> None:
    with pytest.raises(Rejected, match="不是可读的订阅源"):
        read(body)


def test_entities_are_not_expanded_into_a_bomb_or_a_file() -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "xxxxxxxxxx">{levels}<!ENTITY f SYSTEM "file:///etc/passwd">]>
        <rss version="2.0"><channel><item><title>题</title><description>&a8;&f;</description></item></channel></rss>"""
    for coding in ("utf-8", "utf-16", "utf-16-be"):
        with pytest.raises(Rejected, match="XML 实体"):
            read(bomb.encode(coding))


@given(st.binary(max_size=400))
def test_any_bytes_give_posts_or_one_sentence(body: bytes) -> None:
    with suppress(Rejected):
        assert all(post.source == "news" for post in read(body))


def test_an_entry_of_a_feed_of_comments_has_no_names_in_title_or_text() -> None:
    reply = (
        '<p>In reply to &lt;a href="https://www.example.com/a/#comment-2"&gt;样例青禾&lt;/a&gt;.</p><p>我也想问。</p>'
    )
    item = (
        "<item><title>Comment on 托育点开门 by 样例青禾</title><link>https://www.example.com/a/#comment-3</link>"
        f"<guid>https://www.example.com/a/#comment-3</guid><description><![CDATA[{reply}]]></description></item>"
    )
    (post,) = read(f'<rss version="2.0"><channel><title>样例</title>{item}</channel></rss>'.encode())
    assert (post.title, post.text) == ("", "我也想问。")
    assert post.native_id == "https://www.example.com/a/#comment-3"
