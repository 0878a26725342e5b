"""Imports of Excel workbooks and web archives, and imports that go on where they were broken off."""

import gzip
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from contracts.errors import Rejected, Retryable
from contracts.events import POSTS_FETCHED, POSTS_REJECTED, Event, PostFetched, PostRejected
from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList
from crawlers.edge import Edge
from crawlers.importing import ImportCounts, import_file

COLUMNS = {"text": "评论内容", "id": "评论编号", "published_at": "评论时间", "likes": "点赞"}


class House:
    """An edge, a log that may fill up, and the state that a broken-off import goes on from."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.state = MemoryCrawlState()
        self.edge = Edge(b"a secret of these tests", MemoryForgetList(), self.state, self.clock)
        self.events: list[Event] = []
        self.full_after = 10**9

    def append(self, stream: str, events: Sequence[Event]) -> None:
        assert stream in {POSTS_FETCHED, POSTS_REJECTED}
        if len(self.events) >= self.full_after:
            raise Retryable("磁盘已满")
        self.events.extend(events)

    def __call__(self, path: Path, columns: dict[str, str], **options: Any) -> ImportCounts:
        counts = import_file(
            path, source="own", columns=columns, edge=self.edge, log=self, clock=self.clock, crawl_state=self.state, **options,  # type: ignore[arg-type]
        )  # fmt: skip
        assert counts.read == counts.accepted + counts.duplicates + counts.rejected
        return counts

    @property
    def posts(self) -> list[Any]:
        return [event.post for event in self.events if isinstance(event, PostFetched)]

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(event.line, event.reason) for event in self.events if isinstance(event, PostRejected)]


@pytest.fixture
def house() -> House:
    return House()


def workbook(path: Path, *rows: Sequence[object], before: Sequence[Sequence[object]] = ()) -> Path:
    book = Workbook()
    cover = book.active
    cover.title = "说明"
    cover.append(["样例导出"])
    sheet = book.create_sheet("评论")
    for row in (*before, ["评论编号", "评论内容", "评论时间", "点赞"], *rows):
        sheet.append(list(row))
    book.save(path)
    return path


def test_comments_under_an_own_account_come_from_a_workbook_once(house: House, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "评论.xlsx",
        ["c1", "盼着托育点早点开。", datetime(2026, 11, 20, 8, 0), 12],  # noqa: DTZ001 - as Excel keeps it
        [2, "电话 13812345678 没人接。", "2026-11-20 09:30", "1.2万"],
        [None, None, None, None],
        ["c3", "", "2026-11-20", 0],
        before=[["某某账号后台"], []],
    )
    counts = house(path, COLUMNS)
    assert (counts.read, counts.accepted, counts.rejected, counts.masked) == (3, 2, 1, 1)
    first, second = house.posts
    assert (first.text, first.likes, first.published_at) == (
        "盼着托育点早点开。",
        12,
        datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert (second.likes, "13812345678" in second.text) == (12000, False)
    assert [line for line, _ in house.faults] == [7]
    assert house(path, COLUMNS).accepted == 0


def test_an_id_that_excel_has_rounded_is_refused_with_the_remedy(house: House, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [5012345678901234567, "一条评论。", "2026-11-20", 1])
    assert house(path, COLUMNS).rejected == 1
    assert "设为文本" in house.faults[0][1]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"not a workbook"), "另存为 .xlsx"),
        (lambda path: path.write_bytes(b""), "另存为 .xlsx"),
        (lambda path: workbook(path).unlink(), "找不到文件"),
        (workbook, "最接近的是“评论内容”"),
        (lambda path: Workbook().save(path), "没有内容"),
    ],
    ids=["no workbook", "empty", "missing", "wrong column", "no rows"],
)
def test_a_workbook_that_cannot_be_read_is_told(house: House, tmp_path: Path, make: Any, said: str) -> None:
    path = tmp_path / "a.xlsx"
    make(path)
    with pytest.raises(Rejected, match=said):
        house(path, {"text": "评论的内容"})
    assert not house.events


def test_a_bomb_in_a_workbook_is_not_unpacked(house: House, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (1 << 25))
    with pytest.raises(Rejected, match="大得不正常"):
        house(path, {"text": "a"})


def archive(path: Path, *pages: tuple[str, str, str, str]) -> Path:
    """Write a WARC 1.0 of (address, status, content type, body), each record a gzip member if the name says so."""
    records = [record("warcinfo", "", b"software: sample\r\n")]
    for url, status, kind, body in pages:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n\r\n".encode()
        records.append(record("response", url, head + body.encode("gbk" if "gbk" in kind else "utf-8")))
    path.write_bytes(b"".join(gzip.compress(one) if path.suffix == ".gz" else one for one in records))
    return path


def record(kind: str, url: str, content: bytes) -> bytes:
    types = {"warcinfo": "application/warc-fields", "response": "application/http; msgtype=response"}
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{uuid4()}>\r\nWARC-Date: 2026-11-20T00:00:00Z\r\n"
        + (f"WARC-Target-URI: {url}\r\n" if url else "")
        + f"Content-Type: {types[kind]}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def page(title: str, text: str) -> str:
    return f"<html><head><title>{title}</title></head><body><article><p>{text}</p></article></body></html>"


PAGES = (
    ("https://news.example/1", "200", "text/html; charset=utf-8", page("甲", "样例市的文章。")),
    ("https://news.example/2", "404", "text/html", page("没有", "这一页没有了。")),
    ("https://news.example/3", "200", "text/html; charset=gbk", page("乙", "用 GBK 写的文章。")),
    ("https://news.example/4", "200", "image/png", "png"),
    ("https://news.example/5", "200", "text/html", "<html></html>"),
)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_the_pages_of_a_web_archive_become_articles(house: House, tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / name, *PAGES)
    counts = house(path, {})
    assert (counts.read, counts.accepted, counts.rejected) == (3, 2, 1)
    assert [(post.text, post.url, post.title) for post in house.posts] == [
        ("样例市的文章。", "https://news.example/1", "甲"),
        ("用 GBK 写的文章。", "https://news.example/3", "乙"),
    ]
    assert {post.published_at for post in house.posts} == {datetime(2026, 11, 20, tzinfo=UTC)}
    assert house(path, {}).accepted == 0


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_a_web_archive_that_breaks_off_keeps_what_stood_before(house: House, tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / name, PAGES[0], PAGES[2])
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(Rejected, match=r"第 3 条记录附近"):
        house(path, {})
    assert [post.title for post in house.posts] == ["甲"]
    (tmp_path / "b.warc").write_bytes(b"")
    with pytest.raises(Rejected, match="没有 WARC 记录"):
        house(tmp_path / "b.warc", {})


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_import_that_was_broken_off_goes_on_where_it_stood(house: House, tmp_path: Path, suffix: str) -> None:
    rows = [(f"c{number}", f"第 {number} 条评论。", "2026-11-20", 1) for number in range(5000)]
    path = tmp_path / f"a.{suffix}"
    if suffix == "xlsx":
        workbook(path, *rows)
    else:
        path.write_text(
            "评论编号,评论内容,评论时间,点赞\n" + "\n".join(",".join(map(str, row)) for row in rows), "utf-8"
        )
    house.full_after = 2000
    with pytest.raises(Retryable):
        house(path, COLUMNS)
    assert len(house.posts) == 2000
    house.full_after = 10**9
    read: list[int] = []
    counts = house(path, COLUMNS, progress=read.append)
    assert (counts.read, counts.accepted, counts.duplicates) == (5000, 5000, 0)
    assert read[0] == 4000, "the first 2000 rows are not read again"
    assert len({post.id for post in house.posts}) == len(house.posts) == 5000
    again = house(path, COLUMNS)
    assert (again.read, again.accepted, again.duplicates) == (5000, 0, 5000)
