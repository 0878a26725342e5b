"""Imports: every row has one end, every fault of a file one clear sentence."""

import csv
import gzip
import io
import json
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Rejected
from contracts.events import POSTS_FETCHED, POSTS_REJECTED, Event, PostFetched, PostRejected
from contracts.identity import post_id
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList
from crawlers.edge import Edge
from crawlers.importing import ImportCounts, import_file


class Importer:
    """An edge and the events that it let pass."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.edge = Edge(b"a secret of these tests", MemoryForgetList(), MemoryCrawlState(), self.clock)
        self.streams: dict[str, list[Event]] = {}

    def append(self, stream: str, events: Sequence[Event]) -> None:
        self.streams.setdefault(stream, []).extend(events)

    def __call__(self, path: Path, columns: dict[str, str] | None = None, **options: Any) -> ImportCounts:
        counts = import_file(
            path, source="old", columns=columns or {"text": "text"}, edge=self.edge, log=self, clock=self.clock, **options,  # type: ignore[arg-type]
        )  # fmt: skip
        assert counts.read == counts.accepted + counts.duplicates + counts.rejected
        return counts

    @property
    def fetched(self) -> list[PostFetched]:
        return [event for event in self.streams.get(POSTS_FETCHED, []) if isinstance(event, PostFetched)]

    @property
    def texts(self) -> list[str]:
        return [event.post.text for event in self.fetched]

    @property
    def rejected(self) -> list[PostRejected]:
        return [event for event in self.streams.get(POSTS_REJECTED, []) if isinstance(event, PostRejected)]

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(dead.line, dead.reason) for dead in self.rejected]


@pytest.fixture
def importer() -> Importer:
    return Importer()


def written(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refusal(importer: Importer, path: Path, columns: dict[str, str] | None = None, **options: Any) -> str:
    with pytest.raises(Rejected) as caught:
        importer(path, columns, **options)
    assert not importer.streams
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "已导入" not in sentence
    return sentence


def test_a_file_of_a_thousand_posts_comes_in_once_and_one_without_a_date_is_doubtful(
    importer: Importer, tmp_path: Path
) -> None:
    rows = "".join(
        f"{number},转发微博：第 {number} 条,{'' if number == 700 else f'{number % 28 + 1:02}/04/2019 23:59'}\n"
        for number in range(1_000)
    )
    path = written(tmp_path, "weibo.csv", f"weibo_id,weibo_text,weibo_date\n{rows}")
    columns = {"id": "weibo_id", "text": "weibo_text", "published_at": "weibo_date"}
    first = importer(path, columns, date_format="%d/%m/%Y %H:%M")
    assert (first.read, first.accepted, first.rejected) == (1000, 1000, 0)
    assert [event.post.id for event in importer.fetched if event.post.time_is_doubtful] == [
        post_id("old", native_id="700")
    ]
    assert {event.post.published_at.year for event in importer.fetched if not event.post.time_is_doubtful} == {2019}
    again = importer(path, columns, date_format="%d/%m/%Y %H:%M")
    assert (again.read, again.accepted, again.duplicates) == (1000, 0, 1000)


def test_every_field_is_mapped(importer: Importer, tmp_path: Path) -> None:
    row = "7,正文一。,标题,https://a.example/7,2026-11-20 08:00,张三,12,1.2万,3"
    path = written(tmp_path, "a.csv", f"id,text,title,url,time,who,l,r,c\n{row}\n")
    columns = {
        "id": "id", "text": "text", "title": "title", "url": "url", "published_at": "time", "author": "who",
        "likes": "l", "reposts": "r", "comments": "c",
    }  # fmt: skip
    importer(path, columns)
    post = importer.fetched[0].post
    assert (post.title, post.url, post.likes, post.reposts, post.comments) == (
        "标题",
        "https://a.example/7",
        12,
        12000,
        3,
    )
    assert (post.source, post.platform) == ("old", "old")
    assert post.published_at.isoformat() == "2026-11-20T00:00:00+00:00"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_encodings_endings_and_gzip(
    importer: Importer, tmp_path: Path, coding: str, is_packed: bool, ending: str
) -> None:
    data = ending.join(["编号,正文", "1,岳阳一个托育点。", '2,"引号里，有逗号。"', ""]).encode(coding)
    path = written(tmp_path, "a.csv.gz" if is_packed else "a.csv", gzip.compress(data) if is_packed else data)
    assert importer(path, {"text": "正文", "id": "编号"}).accepted == 2
    assert importer.texts[0] == "岳阳一个托育点。"


def test_jsonl_and_its_faults(importer: Importer, tmp_path: Path) -> None:
    lines = [
        '{"text": "一。", "id": 1}',
        "{坏",
        "",
        "[1]",
        '{"text": "\\ud83d 半个表情", "id": 2}',
        '{"text": null}',
        "[" * 100_000,
    ]
    counts = importer(written(tmp_path, "a.jsonl", "\n".join(lines)), {"text": "text", "id": "id"})
    assert (counts.read, counts.accepted, counts.rejected) == (6, 2, 4)
    assert [line for line, _ in importer.faults] == [2, 4, 7, 6]
    for text in importer.texts:
        text.encode()


def test_bad_rows_are_told_by_their_physical_line_and_never_by_their_text(importer: Importer, tmp_path: Path) -> None:
    data = b"\n".join(
        [
            "编号,正文".encode(),
            '1,"两行的\n正文。"'.encode(),
            b"2",
            b"3,\xff\xfe\xff\xff",
            "4,多一列,13812345678".encode(),
            b"6,  ",
            "7,好的一行。".encode(),
        ]
    )
    counts = importer(written(tmp_path, "a.csv", data), {"text": "正文", "id": "编号"})
    assert (counts.read, counts.accepted, counts.rejected) == (6, 2, 4)
    assert sorted(line for line, _ in importer.faults) == [4, 5, 6, 7]
    said = msgspec.json.encode(importer.rejected).decode()
    assert "13812345678" not in said
    assert "多一列" not in said
    assert all(dead.file == "a.csv" and dead.source == "old" for dead in importer.rejected)


@pytest.mark.parametrize("closing", ["", '4,"成对的。"\n'], ids=["to the end", "to the next quote"])
def test_an_unbalanced_quote_costs_one_row(importer: Importer, tmp_path: Path, closing: str) -> None:
    rows = '编号,正文\n1,"没有关上的引号。\n2,第二行。\n3,第三行。\n' + closing
    counts = importer(written(tmp_path, "a.csv", rows), {"text": "正文", "id": "编号"})
    assert [line for line, _ in importer.faults] == [2]
    assert "引号" in importer.faults[0][1]
    assert importer.texts[:2] == ["第二行。", "第三行。"]
    assert counts.rejected == 1


def test_an_unbalanced_quote_in_a_long_file_costs_one_row(importer: Importer, tmp_path: Path) -> None:
    rows = "".join(f"{number},第{number}行。\n" for number in range(3000))
    counts = importer(written(tmp_path, "a.csv", '编号,正文\nx,"没有关上。\n' + rows), {"text": "正文", "id": "编号"})
    assert (counts.accepted, counts.rejected) == (3000, 1)


def test_a_line_of_100_megabytes_is_rejected_in_bounded_memory(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write("编号,正文\n1,前。\n2,".encode())
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write("\n3,后。\n".encode())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = importer(path, {"text": "正文", "id": "编号"})
    assert (counts.accepted, counts.rejected) == (2, 1)
    assert importer.faults[0][0] == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_faults_of_a_file_are_told_in_one_sentence(importer: Importer, tmp_path: Path) -> None:
    cases: dict[str, tuple[str | bytes, str]] = {
        "empty.csv": (b"", "空文件"),
        "blank.csv": ("\ufeff \n\n", "没有内容"),
        "picture.csv": (b"\x89PNG\r\n\x1a\n123", "PNG"),
        "book.csv": (b"PK\x03\x04zip", "Excel"),
        "nul.csv": (b"a,b\n\x00\x01\x02", "二进制"),
        "wide.csv": ("编号,正文\n1,话\n".encode("utf-16"), "UTF-16"),
        "latin.csv": (b"text\n" + b"caf\xff \xff\xff\n" * 9, "既不是 UTF-8 也不是 GBK"),
        "array.json": ('[{"text": "一"}]', "JSONL"),
        "broken.csv.gz": (b"\x1f\x8bgarbage-garbage", "gzip"),
    }  # fmt: skip
    for name, (data, said) in cases.items():
        sentence = refusal(importer, written(tmp_path, name, data))
        assert said in sentence
        assert name in sentence
    assert "找不到" in refusal(importer, tmp_path / "missing.csv")
    assert "目录" in refusal(importer, tmp_path)


def test_a_wrong_column_names_the_nearest_and_all(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "weibo_id,weibo_text,weibo_date\n1,话。,\n")
    sentence = refusal(importer, path, {"text": "weibo_txt"})
    assert "最接近的是“weibo_text”" in sentence
    assert "weibo_date" in sentence
    lines = written(tmp_path, "a.jsonl", '{"body": "话。", "id": 1}\n')
    assert "“boby”" in refusal(importer, lines, {"text": "boby"})
    assert "“text”" in refusal(importer, path, {"txt": "weibo_text"})
    assert "--map text=" in refusal(importer, path, {"id": "weibo_id"})
    twice = written(tmp_path, "b.csv", "text,text\n1,话。\n")
    assert "两次" in refusal(importer, twice)


def test_a_wrong_date_format_or_zone_is_told_before_anything_comes_in(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,time\n" + "话。,2026-11-20 08:00\n" * 60)
    columns = {"text": "text", "published_at": "time"}
    assert "--date-format" in refusal(importer, path, columns, date_format="%d/%m/%Y")
    assert "时区" in refusal(importer, path, columns, zone="Asia/Changsha")


def test_a_gzip_that_breaks_off_keeps_what_stood_before(importer: Importer, tmp_path: Path) -> None:
    rows = "text\n" + "".join(f"第{number}条，{hash(str(number))}。\n" for number in range(50_000))
    path = written(tmp_path, "a.csv.gz", gzip.compress(rows.encode())[:-20_000])
    with pytest.raises(Rejected, match="gzip"):
        importer(path)
    assert len(importer.fetched) > 10_000


def test_tabs_and_semicolons_separate_too(importer: Importer, tmp_path: Path) -> None:
    assert importer(written(tmp_path, "a.tsv", "id\ttext\n1\t甲。\n")).accepted == 1
    assert importer(written(tmp_path, "b.csv", "id;text\n1;乙。\n")).accepted == 1


def test_progress_is_told(importer: Importer, tmp_path: Path) -> None:
    told: list[int] = []
    path = written(tmp_path, "a.csv", "text\n" + "".join(f"第{number}条。\n" for number in range(5000)))
    importer(path, progress=told.append)
    assert told == [2000, 4000, 5000]


def test_a_stray_zero_byte_costs_one_row(importer: Importer, tmp_path: Path) -> None:
    rows = "text\n" + "".join(f"第{number}条，好好的一行。\n" for number in range(3000))
    counts = importer(written(tmp_path, "a.csv", rows + "坏\0行\n末行。\n"))
    assert (counts.accepted, counts.rejected) == (3001, 1)
    assert importer.faults[0][0] == 3002


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@given(st.lists(cells, max_size=12))
def test_whatever_a_csv_writer_writes_is_read_back_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    importer = Importer()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["编号", "text"])
    writer.writerows([str(number), text] for number, text in enumerate(texts))
    path = written(tmp_path_factory.mktemp("csv"), "a.csv", buffer.getvalue())
    counts = importer(path, {"text": "text", "id": "编号"})
    assert counts.read == len(texts)
    assert all(reason.startswith("没有正文") for _, reason in importer.faults)


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    for name in ("a.csv", "a.jsonl"):
        importer = Importer()
        try:
            importer(written(tmp_path_factory.mktemp("any"), name, b"text\n" + data))
        except Rejected as error:
            assert "a." in str(error)  # noqa: PT017 - both ends are right, and each has its promise


def test_json_lines_that_python_writes_are_read_back(importer: Importer, tmp_path: Path) -> None:
    texts = ["带换行\n的。", '带"引号"的。', "带表情👏的。"]
    path = written(tmp_path, "a.ndjson", "\n".join(json.dumps({"text": text}) for text in texts))
    assert importer(path).accepted == 3
    assert importer.fetched[0].post.fetched_at == NOON
