"""Kills children of the extraction pool while they read: `python tools/extraction_kills.py [--kills 100]`.

Hands in pages without end, kills a living child at a random moment again and again, and counts: every page handed in
must come back once, with its own title. Exits with 1 where one is lost, wrong or failed.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime

from crawlers.article import Article
from crawlers.extraction_pool import ExtractionPool

SEEN = datetime(2026, 3, 5, tzinfo=UTC)
_PARAGRAPH = "今天上午，样例县妇联在南门社区办了一场讲座，请律师讲怀孕的女工怎样保护自己，来了六十多人。"


def page(number: int) -> bytes:
    paragraphs = "".join(f"<p>第{number}号通知第{line}段。{_PARAGRAPH}</p>" for line in range(40))
    return f"<html><head><title>样例通知第{number}号</title></head><body><h1>样例通知第{number}号</h1>{paragraphs}".encode()


async def run(kills_wanted: int, lanes: int, seed: int) -> int:
    moments = random.Random(seed)
    pool = ExtractionPool(lanes)
    kills = handed_in = came_back = wrong = 0

    async def one(number: int) -> None:
        nonlocal came_back, wrong
        article = await pool.read(page(number), f"https://a.example.cn/{number}", first_seen=SEEN)
        came_back += 1
        wrong += not isinstance(article, Article) or article.title != f"样例通知第{number}号"

    async def kill() -> None:
        nonlocal kills
        killed: set[int] = set()
        while kills < kills_wanted:
            await asyncio.sleep(moments.uniform(0, 0.6))
            living = sorted(set(pool.pids) - killed)
            if living:
                pid = moments.choice(living)
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                kills += 1

    started = time.monotonic()
    killing = asyncio.create_task(kill())
    try:
        while not killing.done():
            await asyncio.gather(*(one(handed_in + place) for place in range(10)))
            handed_in += 10
    finally:
        pool.close()
    await killing
    seconds = time.monotonic() - started
    print(
        f"{kills} kills in {seconds:.0f} s: {handed_in} pages handed in, {came_back} came back, {wrong} wrong or failed"
    )
    return 0 if handed_in == came_back and not wrong else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sys.exit(asyncio.run(run(asked.kills, asked.lanes, asked.seed)))
