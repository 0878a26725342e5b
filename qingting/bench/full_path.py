"""The full path, fetched → scored → indexed → watched, beside a bare FTS5 bulk load of the same posts."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from alerts.store import positions
from contracts.events import POSTS_FETCHED, POSTS_INDEXED
from qingting.bench import figure, trial, workload
from qingting.wiring import House
from text.split import for_search

_BATCH = 1000


def figures(bodies: list[str], runs: int) -> list[figure.Figure]:
    """Measure posts per second on all cores of this process."""
    bare, ours = [], []
    for _ in range(runs):  # taken in turns, so that a slow minute of the machine slows both
        bare.append(_bare_load(bodies))
        ours.append(_full_path(bodies))
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    bare_figure = figure.of("bare SQLite FTS5 bulk load of the same posts, one process", bare, "posts/s")
    return [
        figure.of("full path, fetched → indexed → watched, default rules", ours, "posts/s", goal="≥ 6,000",
                  at_least=6000, peer="bare FTS5 load", peer_value=bare_figure.value),
        bare_figure,
        figure.of("full path against the bare load", ratios, "ratio", goal="≥ 0.3", at_least=0.3),
    ]  # fmt: skip


def _bare_load(bodies: list[str]) -> float:
    """Insert texts that were split beforehand, 1,000 a transaction, synchronous=FULL: nothing but SQLite is timed."""
    rows = [(for_search(body),) for body in bodies]
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "bare.db")) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE VIRTUAL TABLE posts USING fts5(text)")
        started_s = time.perf_counter()
        for start in range(0, len(rows), _BATCH):
            with bare:
                bare.executemany("INSERT INTO posts(text) VALUES (?)", rows[start : start + _BATCH])
        return len(rows) / (time.perf_counter() - started_s)


def _full_path(bodies: list[str]) -> float:
    with trial.running(("score", "index", "watch")) as (house, _):
        events = workload.fetched(bodies, now=house.clock.now())
        warm = workload.fetched(bodies[:200], now=house.clock.now(), tag="warm")
        house.log.append(POSTS_FETCHED, warm)
        trial.until(lambda: _watched(house) == len(warm), "the first posts to be watched")
        started_s = time.perf_counter()
        for start in range(0, len(events), _BATCH):
            house.log.append(POSTS_FETCHED, events[start : start + _BATCH])
        trial.until(lambda: _watched(house) == len(warm) + len(events), "all posts to be watched", 300)
        return len(events) / (time.perf_counter() - started_s)


def _watched(house: House) -> int:
    with house.database.reading() as connection:
        return sum(count for partition, count in positions(connection).items() if partition.stream == POSTS_INDEXED)
