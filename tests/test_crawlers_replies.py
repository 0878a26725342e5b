"""What people wrote under an article: posts of their own, masked and without a name, and the counts beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Rejected
from crawlers.sources import load_sources
from tests.site.crawled import crawled
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_adapters import JSON, article, column, source

REPLIES = {"row": "#comments li", "id": "::attr(id)", "text": "p", "author": ".who", "published_at": "time::attr(datetime)", "likes": ".up"}  # fmt: skip


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.routes |= {"/robots.txt": Answer("", 404), "/c": column(("/n1.html", "开园"))}
        yield site


def page(*replies: tuple[str, str], numbered: bool = True) -> Answer:
    rows = "".join(
        f'<li{f" id=r{number}" if numbered else ""}><b class="who">样例网友{number}</b><time datetime="2026-11-20T08:00:00+08:00"></time>'
        f'<p>{text}</p><span class="up">赞 {number}</span></li>'
        for number, text in replies
    )
    whole = article("开园", "托育点开园了。")
    assert isinstance(whole.body, str)
    counts = '<p class="counts">阅读 <i>9</i> 点赞 <b class="l">1,204</b> 转发 <b class="s">33</b> 评论 <b class="c">2</b></p>'
    return Answer(whole.body.replace("</body>", f'{counts}<ul id="comments">{rows}</ul></body>'))


def paper(site: Site, **fields: Any) -> dict[str, Any]:
    counts = {"likes": ".l", "reposts": ".s", "comments": ".c"}
    return source(
        "list", site.url + "/c", links={"pattern": r"/n\d"}, article=counts, replies=REPLIES, author_kind="media"
    ) | fields  # fmt: skip


def test_each_reply_is_a_post_of_its_own_under_the_article(site: Site, tmp_path: Path) -> None:
    site.routes["/n1.html"] = page(("1", "名额太少了，我排了一上午。"), ("2", "有事打 13800138000 找我。"), ("3", ""))
    found = crawled(paper(site), state=tmp_path)
    assert found.outcome.failure == ""
    whole, *replies = sorted(found.posts, key=lambda post: post.author_kind == "person")
    assert (whole.title, whole.likes, whole.reposts, whole.comments, whole.author_kind) == (
        "开园",
        1204,
        33,
        2,
        "media",
    )
    assert "排了一上午" not in whole.text
    first, second = sorted(replies, key=lambda post: post.likes)
    assert (first.text, first.likes, first.title, first.url) == ("名额太少了，我排了一上午。", 1, "", whole.url)
    assert "13800138000" not in second.text
    assert "phone" in second.masked
    assert len({whole.id, first.id, second.id}) == 3
    assert first.author
    assert first.author != second.author
    assert "样例网友" not in str(found.posts)


def test_only_what_is_new_under_an_article_is_new(site: Site, tmp_path: Path) -> None:
    site.routes["/n1.html"] = page(("1", "一楼的话。"))
    assert crawled(paper(site), state=tmp_path).outcome.accepted == 2
    site.routes |= {
        "/c": column(("/n1.html", "开园（更新）")),
        "/n1.html": page(("1", "一楼的话。"), ("2", "二楼的话。")),
    }
    second = crawled(paper(site), state=tmp_path)
    assert (second.texts, second.outcome.duplicates) == (["二楼的话。"], 2)


def test_a_single_reply_without_a_number_is_not_the_article(site: Site, tmp_path: Path) -> None:
    site.routes["/n1.html"] = page(("1", "只有这一条。"), numbered=False)
    found = crawled(paper(site), state=tmp_path)
    assert len({post.id for post in found.posts}) == 2


def test_an_article_without_replies_or_counts_is_an_article(site: Site, tmp_path: Path) -> None:
    site.routes["/n1.html"] = article("开园", "托育点开园了。")
    (post,) = crawled(paper(site), state=tmp_path).posts
    assert (post.likes, post.reposts, post.comments) == (0, 0, 0)


def test_articles_that_an_interface_leads_to_have_replies_too(site: Site, tmp_path: Path) -> None:
    site.routes |= {
        "/j": Answer('[{"t": "开园", "u": "/n1.html"}]', headers=JSON),
        "/n1.html": page(("1", "一楼的话。")),
    }
    way = source("json", site.url + "/j", fields={"text": "t", "url": "u"}, json={"follow": True}, replies=REPLIES)
    assert len(crawled(way, state=tmp_path).posts) == 2


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("kind: feed, replies: {row: li, text: p}", "replies：kind 是 feed"),
        ("kind: json, fields: {text: t}, replies: {row: li, text: p}", "json.follow: true"),
        ("kind: list, links: {link: a}, replies: {row: 'li[[', text: p}", "replies.row.*CSS"),
        ("kind: list, links: {link: a}, replies: {row: li}", "replies.text.*必须写"),
        ("kind: list, links: {link: a}, article: {likes: 'b[['}", "article.likes.*CSS"),
    ],
)
def test_what_is_written_wrongly_is_said(entry: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    record = "basis: 公开, contact: x@y.example, licence: 研判"
    file.write_text(f"sources:\n- {{id: a, {entry}, url: 'https://a.example.com/', {record}}}\n")
    with pytest.raises(Rejected, match=said):
        load_sources(file)
