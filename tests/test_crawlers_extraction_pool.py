"""Pages are read in children: killed, hung and mad ones cost a page at most, and never the loop."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.article import Article, Unreadable
from crawlers.extraction_pool import ExtractionPool

SEEN = datetime(2026, 3, 5, tzinfo=UTC)
PARAGRAPH = "今天上午，样例县妇联在南门社区办了一场讲座，请律师讲怀孕的女工怎样保护自己，来了六十多人。"


def page(number: int) -> bytes:
    paragraphs = "".join(f"<p>第{number}号通知第{line}段。{PARAGRAPH}</p>" for line in range(6))
    return f"<html><head><title>样例通知第{number}号</title></head><body><h1>样例通知第{number}号</h1>{paragraphs}".encode()


def slow_or_mad(body: bytes, url: str, *, content_type: str = "", first_seen: datetime) -> Article | Unreadable:
    """Stands for a reader that a page sends astray."""
    del url, content_type, first_seen
    if body == b"hang":
        while True:
            time.sleep(1)
    if body == b"die":
        os._exit(3)
    if body == b"eat":
        return Unreadable(str(len(bytearray(64 * 1024**3))))
    return Unreadable(body.decode())


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run in a thread of its own: in the main thread another test's browser may keep a loop running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def test_a_page_is_read_in_another_process() -> None:
    async def run() -> None:
        pool = ExtractionPool()
        try:
            article = await pool.read(page(1), "https://a.example.cn/1", first_seen=SEEN)
            assert isinstance(article, Article)
            assert article.title == "样例通知第1号"
            assert pool.pids
            assert os.getpid() not in pool.pids
        finally:
            pool.close()

    apart(run())


def test_pages_that_hang_die_or_eat_memory_end_as_stated_failures_and_the_next_is_read() -> None:
    async def run() -> None:
        pool = ExtractionPool(2, deadline_s=3, read=slow_or_mad)

        async def reason(body: bytes) -> str:
            found = await pool.read(body, "", first_seen=SEEN)
            assert isinstance(found, Unreadable)
            return found.reason

        try:
            beats = 0

            async def beat() -> None:
                nonlocal beats
                while True:
                    await asyncio.sleep(0.01)
                    beats += 1

            heart = asyncio.create_task(beat())
            hung, dead, well, eaten = await asyncio.gather(*map(reason, (b"hang", b"die", b"well", b"eat")))
            heart.cancel()
            assert "还没有读完" in hung
            assert "接连 3 次中止" in dead
            assert well == "well"
            assert "内存" in eaten
            assert beats > 50  # the loop went on all the while
            assert await reason(b"next") == "next"
        finally:
            pool.close()

    apart(run())


@pytest.mark.slow
def test_children_killed_while_they_read_lose_no_page() -> None:
    """Twelve times kill -9, at whatever a child does then: starting, reading or waiting."""

    async def run() -> None:
        pool = ExtractionPool(2)
        kills = 0

        async def killer() -> None:
            nonlocal kills
            gone: set[int] = set()
            while kills < 12:
                for pid in set(pool.pids) - gone:
                    os.kill(pid, signal.SIGKILL)
                    gone.add(pid)
                    kills += 1
                await asyncio.sleep(0.3)

        async def read_until_killed_enough() -> int:
            number = 0
            while kills < 12:
                batch = range(number, number + 20)
                found = await asyncio.gather(
                    *(pool.read(page(n), f"https://a.example.cn/{n}", first_seen=SEEN) for n in batch)
                )
                assert [article.title for article in found if isinstance(article, Article)] == [
                    f"样例通知第{n}号" for n in batch
                ]
                number += 20
            return number

        try:
            killing = asyncio.create_task(killer())
            assert await asyncio.wait_for(read_until_killed_enough(), 120) > 0
            await killing
        finally:
            pool.close()
        assert kills >= 12

    apart(run())


def test_a_waiting_page_may_be_given_up_and_leaves_its_lane_usable() -> None:
    async def run() -> None:
        pool = ExtractionPool(1, deadline_s=30, read=slow_or_mad)
        try:
            given_up = asyncio.create_task(pool.read(b"hang", "", first_seen=SEEN))
            while not pool.pids:  # noqa: ASYNC110 - the pool has no event for a started child
                await asyncio.sleep(0.01)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            assert await pool.read(b"well", "", first_seen=SEEN) == Unreadable("well")
        finally:
            pool.close()

    apart(run())


def test_a_pool_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="lane"):
        ExtractionPool(0)
