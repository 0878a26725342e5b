"""The embedded index passes the suite of its port, and survives what only a file meets."""

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from backends.sqlite.index import SqliteIndex
from contracts.document import Query
from contracts.errors import Retryable
from contracts.identity import tie
from contracts.ports.index import Index
from contracts.testing.builders import NOON, make_document, make_post, make_score
from contracts.testing.index_suite import IndexSuite


class TestSqliteIndex(IndexSuite):
    def open(self, folder: Path) -> Index:
        return SqliteIndex(folder / "index.db")

    def shut(self, index: Index) -> None:
        assert isinstance(index, SqliteIndex)
        index._writer.execute("INSERT INTO words(words) VALUES('integrity-check')")
        index.close()


def test_a_full_disk_is_retryable_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    index.put([make_document(make_post("甲", id="1"))])
    pages = index._writer.execute("PRAGMA page_count").fetchone()[0]
    index._writer.execute(f"PRAGMA max_page_count={pages + 2}")
    many = [
        make_document(make_post("乙" * 200, id=f"m{number}"), make_score(0, topics=("health",)))
        for number in range(500)
    ]
    with pytest.raises(Retryable, match="磁盘已满"):
        index.put(many)
    assert index.count(Query()) == {("", ""): 1}
    assert index.search(Query(text="乙")).total == 0
    index._writer.execute("PRAGMA max_page_count=1000000")
    index.put(many)
    assert index.count(Query(), "topic") == {("health", ""): 500}
    index._writer.execute("INSERT INTO words(words) VALUES('integrity-check')")
    index.close()


def test_what_is_forgotten_stands_in_no_file(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    index.put([make_document(make_post(f"寻常的话{number}", id=str(number))) for number in range(500)])
    index.put(
        [
            make_document(
                make_post("金丝雀 canaryword", id="c", author="canaryauthor", url="https://c.example/canaryurl")
            )
        ]
    )
    assert index.forget(["c"]) == ("c",)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for trace in ("金丝雀", "canaryword", "canaryauthor", "canaryurl"):
        assert trace.encode() not in kept
    index.close()


def test_a_replaced_text_stands_in_no_file_after_forgetting(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    index.put([make_document(make_post("金丝雀 canaryword", id="c"))])
    index.put([make_document(make_post("改过的话", id="c", fetched_at=NOON + timedelta(days=1)))])
    index.forget(["c"])
    assert b"canaryword" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    index.close()


def test_readers_and_a_second_process_see_whole_batches_while_one_writes(tmp_path: Path) -> None:
    index, other = SqliteIndex(tmp_path / "index.db"), SqliteIndex(tmp_path / "index.db")
    done = threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not done.is_set():
            page = other.search(Query(text="甲", limit=1))
            assert page.total == sum(other.count(Query()).values()) or page.total % 50 == 0
            seen.append(page.total)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for batch in range(20):
        index.put([make_document(make_post("甲", id=f"{batch}-{number}")) for number in range(50)])
    done.set()
    for reader in readers:
        reader.join()
    assert all(total % 50 == 0 for total in seen)
    assert other.search(Query(text="甲", limit=0)).total == 1000
    index.close()
    other.close()


def test_posts_with_the_same_place_never_overwrite_each_other(tmp_path: Path) -> None:
    places: dict[int, str] = {}
    twins: list[str] = []
    for number in range(1 << 20):
        other = places.setdefault(tie(str(number)), str(number))
        if other != str(number):
            twins += [other, str(number)]
        if len(twins) >= 6:
            break
    index = SqliteIndex(tmp_path / "index.db")
    for name in twins:
        index.put([make_document(make_post("甲", id=name))])
    assert set(index.get(twins)) == set(twins)
    assert {hit.document.post.id for hit in index.search(Query()).hits} == set(twins)
    assert index.forget(twins[:1]) == (twins[0],)
    assert index.search(Query()).total == len(twins) - 1
    index.close()


def test_posts_that_an_earlier_version_wrote_are_found_as_advice_and_counted_once(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    index.put(
        [
            make_document(make_post("妇联不管事", id="old"), make_score(-1, target="federation")),
            make_document(make_post("寻常的话", id="other"), make_score(0)),
        ]
    )
    for table in ("posts", "hourly"):
        index._writer.execute(f"UPDATE {table} SET flags = flags & 15")
    index._writer.execute("PRAGMA user_version=0")
    assert index.search(Query(advice_only=True)).total == 0
    index.close()
    for _ in range(2):
        index = SqliteIndex(tmp_path / "index.db")
        assert [hit.document.post.id for hit in index.search(Query(advice_only=True)).hits] == ["old"]
        assert index.count(Query(), "sentiment") == {("-1", ""): 1, ("0", ""): 1}
        index.close()
    index = SqliteIndex(tmp_path / "index.db")
    index.forget(["old"])
    assert index.count(Query()) == {("", ""): 1}
    assert index._writer.execute("SELECT count(*) FROM hourly").fetchone() == (1,)
    index.close()


def test_a_locked_file_is_retryable(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    index._writer.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="另一个进程"):
        index.put([make_document()])
    other.execute("ROLLBACK")
    other.close()
    index.put([make_document()])
    index.close()
