"""Ten thousand posts full of personal data come in through every adapter: not a byte of it is anywhere in the home."""

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

import pytest

from tests.byte_scan import Pieces
from tests.planted import FORMS, KINDS, Planted, digits_of, planted
from tests.program import answered, call, done
from tests.site.serving import Answer, serving

POSTS: Final = 10_000
IN_FEED, IN_FORUM = 150, 150
KINDS_LEAST: Final = 20
CONTEXT: Final = 3
"""A short number alone may stand anywhere by chance; with so many characters before it, it may not."""
TALK: Final = (
    "今天的事让人难受。",
    "村里有人议论。",
    "大家帮忙看看，",
    "社区开了会，",
    "听说要发补贴，",
    "厂里又裁人了，",
)


class Seeded(NamedTuple):
    """One post before the edge."""

    number: int
    author: str
    title: str
    text: str
    at: datetime
    pieces: tuple[str, ...]


def seeded(count: int, now: datetime) -> Iterator[Seeded]:
    rng = random.Random(20261125)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        other = rng.choice(KINDS)
        first, second = (
            planted(rng, one, rng.choice(tuple(FORMS)) if one.is_number else "plain") for one in (kind, other)
        )
        title = planted(rng, rng.choice(KINDS), "plain") if number % 3 == 0 else None
        author = f"夜行的栗子{number:05d}"
        age = timedelta(days=40 + number % 200) if number % 50 else timedelta(minutes=number % 60)
        yield Seeded(
            number, author, title.sentence if title else "日常",
            f"{rng.choice(TALK)}{first.sentence}{rng.choice(TALK)}{second.sentence}", now - age,
            (author, *_pieces(first), *_pieces(second), *(_pieces(title) if title else ())),
        )  # fmt: skip


def _pieces(one: Planted) -> Iterator[str]:
    at = one.sentence.index(one.raw)
    yield one.sentence[max(0, at - CONTEXT) : at + len(one.raw)] if len(one.raw) < 11 else one.raw
    if one.form != "plain" and len(digits := digits_of(one.raw)) >= 11:
        yield digits


def _rss(posts: list[Seeded]) -> str:
    entries = "".join(
        f"<item><guid>feed-{post.number}</guid><title>{escape(post.title)}</title><link>/story/{post.number}</link>"
        f"<author>{escape(post.author)}</author><dc:creator>{escape(post.author)}</dc:creator>"
        f"<pubDate>{post.at.strftime('%a, %d %b %Y %H:%M:%S +0000')}</pubDate><description>{escape(post.text)}</description></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>样例报</title>{entries}</channel></rss>"
    )


def _thread(posts: list[Seeded]) -> str:
    rows = "".join(
        f'<article class="post" id="p{post.number}"><b class="author">{escape(post.author)}</b>'
        f'<time datetime="{post.at.isoformat()}"></time><div class="content">{escape(post.text)}</div></article>'
        for post in posts
    )
    return f"<html><body><h1>样例话题</h1>{rows}</body></html>"


_SOURCES: Final = """
sources:
  - {id: sample-feed, kind: feed, url: "URL/rss", allow_private: [127.0.0.1], request_gap_s: 0, sample: true,
     basis: 样例, contact: test@example.org, licence: 样例}
  - id: sample-forum
    kind: forum
    url: URL/board
    allow_private: [127.0.0.1]
    request_gap_s: 0
    sample: true
    basis: 样例
    contact: test@example.org
    licence: 样例
    list: {row: li, link: a}
    thread: {title: h1}
    post: {row: article.post, id: "::attr(id)", text: .content, author: .author, published_at: "time::attr(datetime)"}
"""


@pytest.mark.slow
def test_nothing_personal_passes_the_edge_through_any_adapter(tmp_path: Path) -> None:
    posts = list(seeded(POSTS, datetime.now(UTC).replace(microsecond=0)))
    assert len({kind.name for kind in KINDS}) >= KINDS_LEAST
    in_feed, in_forum = posts[:IN_FEED], posts[IN_FEED : IN_FEED + IN_FORUM]
    rest = posts[IN_FEED + IN_FORUM :]
    in_csv, in_lines = rest[: len(rest) // 2], rest[len(rest) // 2 :]
    home, given = tmp_path / "home", tmp_path / "given"
    given.mkdir()
    said = [done(home, "init")]
    with serving() as site:
        threads = [in_forum[start : start + 50] for start in range(0, len(in_forum), 50)]
        rows = "".join(f'<li><a href="/t/{number}">帖</a></li>' for number in range(len(threads)))
        site.routes |= {
            "/robots.txt": Answer("User-agent: *\nAllow: /\n"), "/rss": Answer(_rss(in_feed)),
            "/board": Answer(f"<html><body><ul>{rows}</ul></body></html>"),
        } | {f"/t/{number}": Answer(_thread(floors)) for number, floors in enumerate(threads)}  # fmt: skip
        (home / "sources.yaml").write_text(_SOURCES.replace("URL", site.url), "utf-8")
        crawled = [answered(home, "crawl", source, "--once") for source in ("sample-feed", "sample-forum")]
    assert [one["accepted"] for one in crawled] == [IN_FEED, IN_FORUM], crawled
    imported = [
        answered(home, "import", str(path), "--source", source, *_mapped())
        for path, source in ((_csv(given / "a.csv", in_csv), "a"), (_lines(given / "b.jsonl", in_lines), "b"))
    ]
    assert sum(one["accepted"] for one in imported) == len(rest), imported
    drained = answered(home, "drain")
    assert drained["indexed"] + drained["rejected"] >= POSTS
    said += [done(home, "search", "", "--limit", "10000", "--json"), done(home, "alerts", "--json")]
    said += [call(home, "report", "weekly").stdout.decode(), done(home, "forget", "--name", posts[0].author, "--json")]
    done(home, "backup", str(home / "backup.tar"))

    pieces = Pieces(piece for post in posts for piece in post.pieces)
    seen = pieces.within((given / "a.csv").read_bytes())
    assert {post.author for post in in_csv} <= seen, "the scan finds what is there"
    control = home / "control"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        control.write_bytes(b"\0\1\2" + posts[7].author.encode(encoding) + b"\3")
        assert posts[7].author in pieces.within(control.read_bytes())
    control.unlink()
    left = pieces.in_files(home)  # databases, WAL, reports, settings, keys and the back-up of it all
    assert not left, (len(left), left[:10])
    assert not pieces.within("\n".join(said).encode())


def _mapped() -> list[str]:
    columns = {"text": "content", "id": "no", "title": "head", "author": "user", "published_at": "time"}
    return [part for field, column in columns.items() for part in ("--map", f"{field}={column}")]


def _csv(path: Path, posts: list[Seeded]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("no", "user", "head", "content", "time"))
        writer.writerows((f"n{post.number}", post.author, post.title, post.text, post.at.isoformat()) for post in posts)
    return path


def _lines(path: Path, posts: list[Seeded]) -> Path:
    lines = (
        {"no": f"n{post.number}", "user": post.author, "head": post.title, "content": post.text, "time": post.at.isoformat()}
        for post in posts
    )  # fmt: skip
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path
