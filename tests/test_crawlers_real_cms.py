"""A site that nobody here wrote: WordPress, written in by its own interface, crawled in every way that it offers."""

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.identity import post_id
from tests.site.crawled import described
from tests.site.ledger import Ledger
from tests.wordpress_editor import Article, Editor
from tools.servers.wordpress import EDITOR, FEED, WordPress

pytestmark = [pytest.mark.servers, pytest.mark.slow]
ACTS = 20
FEED_SOURCE = """
id: {id}
kind: feed
url: {url}
platform: site
request_gap_s: 0
"""
SITEMAP = """
id: site
kind: sitemap
url: {url}/wp-sitemap.xml
links: {{pattern: '/\\d{{4}}/\\d\\d/', pages_max: 10}}
request_gap_s: 0
"""
POSTS = """
id: site
preset: wordpress
url: {url}/wp-json/wp/v2/posts?orderby=id&per_page=5&page={{page}}
json: {{pages_max: 20}}
request_gap_s: 0
"""
FRONT = """
id: site
kind: list
url: {url}/
links: {{link: '.wp-block-post-title a', next: a.wp-block-query-pagination-next, pages_max: 9}}
request_gap_s: 0
"""


@pytest.fixture
def editor(wordpress: WordPress) -> Iterator[Editor]:
    editor = Editor(wordpress)
    yield editor
    editor.close()


def text(number: int) -> str:
    """Return an article long enough to be told from what stands around it."""
    return (
        f"样例社区第{number}号通告：托育点从下周一起开门，家长可以在上午八点以后带孩子来看，老人也可以陪着一起来。"
        f"登记只要填一张表，编号是{number}。\n"
        f"收费标准贴在门口的公告栏上，和第{number - 1}号通告里写的相同；有困难的家庭可以申请减免，"
        f"社区的工作人员会在三个工作日内答复，不需要另外跑一趟。"
    )


def publish(editor: Editor, count: int) -> list[Article]:
    first = len(editor.articles) + 1
    return [editor.publishes(f"样例通告第{number}号", text(number)) for number in range(first, first + count)]


def on_pages(articles: list[Article]) -> dict[str, str]:
    return {article.id_on_page: article.wordings[-1] for article in articles}


def test_a_feed_is_read_once_until_it_changes_and_an_edit_is_a_new_version(
    wordpress: WordPress, editor: Editor, tmp_path: Path
) -> None:
    first, second, third = publish(editor, 3)
    source = described(FEED_SOURCE.format(id="news", url=f"{wordpress.address}/feed/"), tmp_path)
    editor.settles()
    kept = Ledger()
    found = kept.crawl(source, state=tmp_path)
    assert kept.texts() == {article.id_in_feed("site"): article.wordings for article in editor.articles}
    assert {post.title for post in found.posts} == {article.title for article in editor.articles}
    assert all(timedelta() <= post.fetched_at - post.published_at < timedelta(minutes=5) for post in found.posts)
    assert not any(post.time_is_doubtful for post in found.posts)
    calm = Ledger().crawl(source, state=tmp_path).outcome
    assert (calm.unchanged, calm.funnel.fetched, calm.accepted) == (1, 0, 0)  # answered 304: nothing was sent
    editor.edits(second, text(20))
    editor.withdraws(third)
    kept.crawl(source, state=tmp_path)
    assert kept.texts() == {article.id_in_feed("site"): article.wordings for article in editor.articles}
    editor.deletes(first)
    assert kept.crawl(source, state=tmp_path).outcome.accepted == 0


def test_what_is_published_in_the_very_second_of_a_crawl_comes_with_the_next(
    wordpress: WordPress, editor: Editor, tmp_path: Path
) -> None:
    source = described(FEED_SOURCE.format(id="news", url=f"{wordpress.address}/feed/"), tmp_path)
    kept = Ledger()
    for _ in range(4):  # the site's ETag and Last-Modified know seconds only
        publish(editor, 1)
        kept.crawl(source, state=tmp_path)
        publish(editor, 1)
        kept.crawl(source, state=tmp_path)
        assert kept.texts() == {article.id_in_feed("site"): article.wordings for article in editor.articles}


def test_the_pages_of_a_feed_are_one_platform(wordpress: WordPress, editor: Editor, tmp_path: Path) -> None:
    pages = ["", "?paged=2", "?paged=3"]
    sources = [
        described(FEED_SOURCE.format(id=f"news{number}", url=f"{wordpress.address}/feed/{page}"), tmp_path)
        for number, page in enumerate(pages)
    ]
    publish(editor, 2 * FEED + 2)
    kept = Ledger()
    kept.crawl(*sources, state=tmp_path)
    publish(editor, 2)  # everything moves two places on
    kept.crawl(*sources, state=tmp_path)
    assert kept.texts() == {article.id_in_feed("site"): article.wordings for article in editor.articles}


def test_the_feed_of_comments_brings_words_and_no_names(wordpress: WordPress, editor: Editor, tmp_path: Path) -> None:
    (article,) = publish(editor, 1)
    first = editor.comments(article, "收费比去年贵了一倍。")
    editor.comments(article, "听说可以申请减免。", on=first)
    source = described(FEED_SOURCE.format(id="talk", url=f"{wordpress.address}/comments/feed/"), tmp_path)
    kept = Ledger()
    found = kept.crawl(source, state=tmp_path)
    ids = {post_id("site", native_id=comment.guid): comment.wordings for comment in article.comments}
    assert kept.texts() == ids
    assert {post.title for post in found.posts} == {""}
    assert EDITOR not in repr(found.posts)
    editor.edits_comment(first, "收费比去年贵了一半，写错了。")
    kept.crawl(source, state=tmp_path)
    editor.comments(article, "谢谢。")
    kept.crawl(source, state=tmp_path)
    expected = {post_id("site", native_id=comment.guid): comment.wordings[-1] for comment in article.comments}
    assert kept.last_texts() == expected


def test_articles_are_found_by_the_sitemap_and_go_when_they_go(
    wordpress: WordPress, editor: Editor, tmp_path: Path
) -> None:
    articles = publish(editor, 6)
    source = described(SITEMAP.format(url=wordpress.address), tmp_path)
    kept = Ledger()
    found = kept.crawl(source, state=tmp_path)
    assert (found.outcome.failure, found.rejected) == ("", ())
    assert kept.last_texts() == on_pages(articles)
    assert {post.title for post in found.posts} == {article.title for article in articles}
    assert all(timedelta() <= post.fetched_at - post.published_at < timedelta(minutes=5) for post in found.posts)
    assert EDITOR not in repr(found.posts)
    editor.deletes(articles[1])
    editor.withdraws(articles[5])
    publish(editor, 2)
    changed = kept.crawl(source, state=tmp_path)
    assert (changed.outcome.accepted, changed.outcome.gone) == (2, 2)
    assert sorted(kept.gone_addresses) == sorted([articles[1].url, articles[5].url])
    calm = kept.crawl(source, state=tmp_path)
    assert (calm.outcome.accepted, calm.outcome.gone, calm.outcome.failure) == (0, 0, "")
    assert kept.repeated() == []


def test_the_list_of_posts_leads_to_articles_that_are_read_again_when_they_change(
    wordpress: WordPress, editor: Editor, tmp_path: Path
) -> None:
    articles = publish(editor, 10)  # two full pages: the third answers 400
    source = described(POSTS.format(url=wordpress.address), tmp_path)
    kept = Ledger()
    found = kept.crawl(source, state=tmp_path)
    assert found.outcome.failure == ""
    assert kept.last_texts() == on_pages(articles)
    editor.edits(articles[3], text(30))
    editor.deletes(articles[0])
    editor.withdraws(articles[9])
    publish(editor, 1)
    changed = kept.crawl(source, state=tmp_path)
    assert (changed.outcome.failure, changed.outcome.accepted, changed.outcome.gone) == ("", 2, 2)
    assert kept.texts() == {article.id_on_page: article.wordings for article in editor.articles}
    assert sorted(kept.gone_addresses) == sorted([articles[0].url, articles[9].url])
    calm = kept.crawl(source, state=tmp_path)
    assert (calm.outcome.accepted, calm.outcome.duplicates, calm.outcome.gone) == (0, 0, 0)


def test_what_the_site_asks_not_to_keep_is_not_kept(wordpress: WordPress, editor: Editor, tmp_path: Path) -> None:
    publish(editor, 1)
    source = described(POSTS.format(url=wordpress.address), tmp_path)
    source["json"] |= {"follow": False, "changed": ""}
    found = Ledger().crawl(source, state=tmp_path)
    assert found.posts == ()
    assert "noindex" in found.outcome.failure


def test_the_front_page_leads_to_articles_page_after_page(wordpress: WordPress, editor: Editor, tmp_path: Path) -> None:
    articles = publish(editor, FEED + 3)
    source = described(FRONT.format(url=wordpress.address), tmp_path)
    kept = Ledger()
    assert kept.crawl(source, state=tmp_path).outcome.failure == ""
    assert kept.last_texts() == on_pages(articles)
    editor.entitles(articles[6], "样例通告，改过的")
    editor.deletes(articles[5])
    publish(editor, 1)
    found = kept.crawl(source, state=tmp_path)
    assert {post.title for post in found.posts} == {"样例通告，改过的", editor.articles[-1].title}
    assert kept.gone_addresses == [articles[5].url]


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_while_the_editor_writes_during_the_crawls(
    seed: int, wordpress: WordPress, editor: Editor, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    publish(editor, 12)
    source = described(POSTS.format(url=wordpress.address), tmp_path)
    kept = Ledger()
    for _turn in range(2):
        stop = threading.Event()
        writing = threading.Thread(target=_live, args=(editor, chance, stop))
        writing.start()
        kept.crawl(source | {"request_gap_s": 0.1}, state=tmp_path)
        stop.set()
        writing.join()
    calm = kept.crawl(source, state=tmp_path)
    assert calm.outcome.failure == ""
    assert kept.standing() == on_pages(editor.standing())
    assert kept.repeated() == []
    written = {article.id_on_page: article.wordings for article in editor.articles}
    for post, texts in kept.texts().items():
        assert texts == [wording for wording in written[post] if wording in texts]
    assert len(editor.articles) > 12


def _live(editor: Editor, chance: random.Random, stop: threading.Event) -> None:
    """Publish, edit and delete during one crawl."""
    number = 100
    while not stop.is_set() and number < 100 + ACTS:
        number += 1
        act = chance.choice(["publish", "publish", "edit", "edit", "delete", "withdraw"])
        standing = editor.standing()
        if act == "edit":
            editor.edits(chance.choice(standing), text(chance.randrange(10**6)))
        elif act == "delete" and len(standing) > 10:
            editor.deletes(chance.choice(standing))
        elif act == "withdraw" and len(standing) > 10:
            editor.withdraws(chance.choice(standing))
        else:
            publish(editor, 1)
