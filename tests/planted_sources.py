"""What sources of every kind show of posts full of personal data: pages, feeds, answers, files, pushes. All invented."""

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

from openpyxl import Workbook  # type: ignore[import-untyped]

from tests.site.serving import Answer

FLOORS: Final = 50
"""Posts on one page of a thread."""
_PADDING: Final = "社区请人来讲怎样办理手续，来的人很多，大家听得认真，讲完又问了许多问题，约好下个月再来一次。" * 5
"""An article is known by its length."""


class Seeded(NamedTuple):
    """One post before the edge: `account` stands in its address, `pieces` are what must not be left of it."""

    number: int
    kinds: tuple[str, ...]
    author: str
    account: str
    title: str
    text: str
    at: datetime
    pieces: tuple[str, ...]

    @property
    def address(self) -> str:
        """An address as platforms make them, with the account in it."""
        return (
            f"https://weibo.com/{self.account}/Oq{self.number:07d}", f"https://social.example/@{self.account}/{self.number + 10**9}",
            f"https://bbs.example/thread?tid={self.number}&authorid={self.account}", f"https://weibo.com/u/{self.account}",
        )[self.number % 4]  # fmt: skip


def rss(posts: Iterable[Seeded]) -> str:
    """Return a feed that names authors in two ways; one entry is too long to be taken in."""
    entries = "".join(
        f"<item><guid>feed-{post.number}</guid><title>{escape(post.title)}</title><link>{escape(post.address)}</link>"
        f"<author>{escape(post.author)}</author><dc:creator>{escape(post.author)}</dc:creator>"
        f"<pubDate>{post.at.strftime('%a, %d %b %Y %H:%M:%S +0000')}</pubDate><description>{escape(post.text)}</description></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>样例报</title>{entries}</channel></rss>"
    )


def thread(posts: Sequence[Seeded]) -> str:
    """Return a page of a thread: each floor repeats the one before under its author's name, and was changed later."""
    rows = "".join(
        f'<article class="post" id="p{post.number}"><b class="author">{escape(post.author)}</b>'
        f'<time datetime="{post.at.isoformat()}"></time><div class="content">'
        f'<div class="quote"><blockquote>{escape(before.author)} 发表于 2026-11-20 10:00<br>{escape(before.text)}</blockquote></div>'
        f"本帖最后由 {escape(post.author)} 于 2026-11-20 10:00 编辑<br>{escape(post.text)}</div>"
        f'<div class="sign">{escape(post.author)}的签名档</div></article>'
        for before, post in zip((posts[-1], *posts), posts, strict=False)
    )
    return f"<html><body><h1>样例话题</h1>{rows}</body></html>"


def article(post: Seeded) -> str:
    """Return a page of a blog that names its author in every way, with a comment under it."""
    data = json.dumps({"@type": "BlogPosting", "author": {"name": post.author}, "datePublished": post.at.isoformat()})
    return (
        f'<html><head><title>{escape(post.title)}</title><meta name="author" content="{escape(post.author)}">'
        f'<script type="application/ld+json">{data}</script></head><body><h1>{escape(post.title)}</h1>'
        f'<div class="byline"><a rel="author" href="/u/{post.account}">{escape(post.author)}</a></div>'
        f'<div class="entry"><p>{_PADDING}</p><p>{escape(post.text)}</p><p>{_PADDING}</p></div>'
        f'<ul class="comments"><li><b>{escape(post.author)}</b><p>谢谢大家。</p></li></ul></body></html>'
    )


def listing(posts: Iterable[Seeded], path: str) -> str:
    """Return a page of links to articles, with accounts in their addresses."""
    links = "".join(f'<li><a href="{article_path(post, path)}">{escape(post.title)}</a></li>' for post in posts)
    return f"<html><body><ul>{links}</ul></body></html>"


def sitemap(posts: Iterable[Seeded], path: str) -> str:
    """Return a sitemap of articles."""
    entries = "".join(
        f"<url><loc>{escape(article_path(post, path))}</loc><lastmod>{post.at.date().isoformat()}</lastmod></url>"
        for post in posts
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


def article_path(post: Seeded, path: str) -> str:
    return f"{path}/{post.number}?uid={post.account}"


def answer(posts: Iterable[Seeded]) -> str:
    """Return an answer in JSON as interfaces of platforms give them."""
    return json.dumps(
        [
            {
                "id": str(post.number), "content": f"<p>{escape(post.text)}</p>", "created_at": post.at.isoformat(), "url": post.address,
                "account": {"acct": post.author, "id": post.account, "avatar": f"https://a.example/{post.account}.jpg"},
            }
            for post in posts
        ],
        ensure_ascii=False,
    )  # fmt: skip


def hot_list(posts: Iterable[Seeded]) -> str:
    """Return a hot list whose entries name who made them."""
    entries = [
        {"id": post.account, "title": post.text, "url": post.address, "extra": {"info": post.author}} for post in posts
    ]
    return json.dumps({"items": entries}, ensure_ascii=False)


def pushed(posts: Iterable[Seeded]) -> bytes:
    """Return the body of a push."""
    told = [
        {"id": str(post.number), "text": post.text, "title": post.title, "url": post.address, "author": post.author,
         "published_at": post.at.isoformat()}
        for post in posts
    ]  # fmt: skip
    return json.dumps({"posts": told}, ensure_ascii=False).encode()


COLUMNS: Final = {
    "text": "content", "id": "no", "title": "head", "author": "user", "published_at": "time", "url": "link",
}  # fmt: skip


def _values(post: Seeded) -> dict[str, str]:
    return {
        "no": f"n{post.number}", "user": post.author, "head": post.title, "content": post.text, "time": post.at.isoformat(),
        "link": post.address, "avatar": f"https://a.example/{post.account}.jpg",
    }  # fmt: skip


def csv_file(path: Path, posts: Sequence[Seeded]) -> None:
    """Write a table; its last row is broken and becomes a dead letter."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_values(posts[0]))
        writer.writerows(_values(post).values() for post in posts)
        writer.writerow([*_values(posts[0]).values(), posts[0].text])


def lines_file(path: Path, posts: Sequence[Seeded]) -> None:
    """Write JSON lines; the last is broken and becomes a dead letter."""
    lines = [json.dumps(_values(post), ensure_ascii=False) for post in posts]
    path.write_text("\n".join([*lines, lines[0][:-2]]) + "\n", "utf-8")


def sheet_file(path: Path, posts: Sequence[Seeded]) -> None:
    """Write a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(_values(posts[0])))
    for post in posts:
        sheet.append(list(_values(post).values()))
    book.save(path)


def archive_file(path: Path, posts: Sequence[Seeded]) -> None:
    """Write a web archive of articles; one page says nothing and becomes a dead letter."""
    pages = [*map(article, posts), f"<html><title>{posts[0].author}</title></html>"]
    records = []
    for number, page in enumerate(pages):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
        address = "https://blog.example" + article_path(
            posts[number % len(posts)], "/a" if number < len(posts) else "/empty"
        )
        head = (
            "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n"
            f"WARC-Target-URI: {address}\r\nContent-Length: {len(answer)}\r\n\r\n"
        )
        records.append(gzip.compress(head.encode() + answer + b"\r\n\r\n"))
    path.write_bytes(b"".join(records))


FILES: Final[dict[str, Callable[[Path, Sequence[Seeded]], None]]] = {
    "a.csv": csv_file, "b.jsonl": lines_file, "c.xlsx": sheet_file, "d.warc.gz": archive_file,
}  # fmt: skip


def routes(shown: dict[str, Sequence[Seeded]], url: str) -> dict[str, Answer]:
    """Return the pages of a site at `url` that shows each kind of source its posts."""
    json_type = {"Content-Type": "application/json"}
    threads = [shown["forum"][start : start + FLOORS] for start in range(0, len(shown["forum"]), FLOORS)]
    board = "".join(f'<li><a href="/t/{number}">帖</a></li>' for number in range(len(threads)))
    articles = {
        article_path(post, f"/{kind}"): Answer(article(post)) for kind in ("list", "sitemap") for post in shown[kind]
    }
    return {
        "/robots.txt": Answer("User-agent: *\nAllow: /\n"),
        "/rss": Answer(rss(shown["feed"]), headers={"Content-Type": "application/rss+xml; charset=utf-8"}),
        "/board": Answer(f"<html><body><ul>{board}</ul></body></html>"),
        **{f"/t/{number}": Answer(thread(floors)) for number, floors in enumerate(threads)},
        "/list": Answer(listing(shown["list"], "/list")),
        "/sitemap.xml": Answer(
            sitemap(shown["sitemap"], f"{url}/sitemap"), headers={"Content-Type": "application/xml"}
        ),
        "/json": Answer(answer(shown["json"]), headers=json_type),
        "/hot": Answer(hot_list(shown["hotlist"]), headers=json_type),
        **articles,
    }


def sources(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return sources.yaml for such a site: every kind that is crawled or pushed."""
    record = {"basis": "样例", "contact": "test@example.org", "licence": "样例"}
    crawled = {"allow_private": ["127.0.0.1"], "request_gap_s": 0, "sample": True} | record
    links = {"link": "li a", "articles_max": 500, "days_max": 3650}
    return {
        "sources": [
            {"id": "feed", "kind": "feed", "url": f"{url}/rss", **crawled},
            {
                "id": "forum", "kind": "forum", "url": f"{url}/board", **crawled, "list": {"row": "li"}, "thread": {"title": "h1"},
                "post": {"row": "article.post", "id": "::attr(id)", "text": ".content", "author": ".author", "published_at": "time::attr(datetime)"},
            },
            {"id": "list", "kind": "list", "url": f"{url}/list", **crawled, "links": links},
            {"id": "sitemap", "kind": "sitemap", "url": f"{url}/sitemap.xml", **crawled, "links": {**links, "link": ""}},
            {"id": "json", "preset": "mastodon", "url": f"{url}/json", **crawled, "json": {"since": "", "items": "@"}},
            {"id": "hotlist", "preset": "newsnow", "url": f"{url}/hot", **crawled},
            {"id": "push", "kind": "push", **record},
        ]
    }  # fmt: skip
