"""The embedded log passes the suite of its port, and survives what only a file meets."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from backends.clock import SystemClock
from backends.sqlite.log import SqliteLog
from contracts.errors import NotConfigured, Retryable
from contracts.events import POSTS_FETCHED
from contracts.ports.log import Log
from contracts.testing.clock import FakeClock
from contracts.testing.log_suite import LogSuite, everything, fetched


class TestSqliteLog(LogSuite):
    def open(self, folder: Path, clock: FakeClock) -> Log:
        return SqliteLog(folder / "log.db", clock)

    def shut(self, log: Log) -> None:
        assert isinstance(log, SqliteLog)
        log.close()


def test_a_full_disk_is_retryable_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", FakeClock())
    log.append(POSTS_FETCHED, [fetched("甲")])
    before = everything(log, POSTS_FETCHED, 1)
    pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
    log._connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(Retryable, match="磁盘已满"):
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(2_000)])
    assert everything(log, POSTS_FETCHED, 1) == before
    log._connection.execute("PRAGMA max_page_count=1000000")
    log.append(POSTS_FETCHED, [fetched("乙")])
    everything(log, POSTS_FETCHED, 2)
    log.close()


def test_a_locked_file_is_retryable(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", FakeClock())
    log.append(POSTS_FETCHED, [fetched("甲")])
    log._connection.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="另一个进程"):
        log.append(POSTS_FETCHED, [fetched("乙")])
    other.execute("ROLLBACK")
    other.close()
    log.append(POSTS_FETCHED, [fetched("乙")])
    log.close()


def test_a_missing_folder_is_not_configured(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="不存在"):
        SqliteLog(tmp_path / "nowhere" / "log.db", FakeClock())


def test_an_undecodable_record_stalls_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = SqliteLog(tmp_path / "log.db", FakeClock())
    log.append(POSTS_FETCHED, [fetched("甲", number) for number in range(3)])
    log._connection.execute("UPDATE records SET data = x'c1' WHERE off = 1")
    consumer = log.consumer("score", [POSTS_FETCHED])
    assert [record.offset for record in consumer.poll(1)] == [0]
    assert [record.offset for record in consumer.poll(1, timeout_s=1)] == [2]
    assert "offset 1" in caplog.text
    consumer.close()
    log.close()


def test_a_file_keeps_its_own_number_of_partitions(tmp_path: Path) -> None:
    first = SqliteLog(tmp_path / "log.db", FakeClock(), partitions=3)
    first.append(POSTS_FETCHED, [fetched(str(number)) for number in range(20)])
    first.close()
    again = SqliteLog(tmp_path / "log.db", FakeClock(), partitions=8)
    assert len(again.end_offsets([POSTS_FETCHED])) == 3
    everything(again, POSTS_FETCHED, 20)
    again.close()


def test_a_waiting_poll_wakes_for_an_append_of_another_thread(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", SystemClock())
    reader = log.reader([POSTS_FETCHED], {})
    sender = threading.Timer(0.05, lambda: log.append(POSTS_FETCHED, [fetched("甲")]))
    sender.start()
    started_s = time.monotonic()
    assert len(reader.poll(10, timeout_s=10)) == 1
    assert time.monotonic() - started_s < 5
    sender.join()
    reader.close()
    log.close()


def test_retention_leaves_no_text_in_the_files(tmp_path: Path) -> None:
    clock = FakeClock()
    log = SqliteLog(tmp_path / "log.db", clock)
    log.append(POSTS_FETCHED, [fetched(f"金丝雀{number}") for number in range(300)])
    clock.advance(timedelta(days=8))
    assert log.retain(POSTS_FETCHED, clock.now()) == 300
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "金丝雀".encode() not in kept
    log.close()


_APPENDER = """
import sys
from pathlib import Path
from backends.clock import SystemClock
from backends.sqlite.log import SqliteLog
from contracts.testing.log_suite import fetched
log = SqliteLog(Path(sys.argv[1]), SystemClock())
number = 0
while True:
    log.append("posts.fetched.v1", [fetched(str(number + place), number) for place in range(50)])
    number += 50
    print(number, flush=True)
"""


def test_kill_9_while_appending_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    acknowledged = 0
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", _APPENDER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        last = "0"
        for _ in range(20):
            last = child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        last = (child.stdout.read().split() or [last])[-1]
        child.wait()
        child.stdout.close()
        acknowledged += int(last)
        log = SqliteLog(path, SystemClock())
        kept = sum(log.end_offsets([POSTS_FETCHED]).values())
        assert kept >= acknowledged
        records = everything(log, POSTS_FETCHED, kept)
        assert len(records) % 50 == 0, "whole batches only"
        offsets: dict[int, list[int]] = {}
        for record in records:
            offsets.setdefault(record.partition.number, []).append(record.offset)
        assert all(found == list(range(len(found))) for found in offsets.values())
        assert log._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        acknowledged = len(records)
        log.close()
