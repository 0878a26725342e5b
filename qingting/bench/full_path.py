"""The full path, fetched → scored → indexed → watched, beside a bare FTS5 bulk load of the same posts."""

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from alerts.store import positions
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, PostFetched, encode
from qingting.bench import figure, trial, workload
from qingting.wiring import House
from text.split import for_search

_BATCH = 1000
_ROLES = ("score", "index", "watch")


def figures(bodies: list[str], runs: int) -> list[figure.Figure]:
    """Measure posts per second on all cores of this process."""
    bare, ours, costs = [], [], []
    events = workload.fetched(bodies)
    for _ in range(runs):  # taken in turns, so that a slow minute of the machine slows both
        bare.append(_bare_load(events))
        rate, cost = _full_path(bodies)
        ours.append(rate)
        costs.append(cost)
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    bare_figure = figure.of(
        "bare SQLite FTS5 bulk load of the same posts: split, stored, searchable, nothing more", bare, "posts/s"
    )
    shares = [
        figure.of(f"processor time of `{role}` in the full path", [cost[role] for cost in costs], "µs/post")
        for role in _ROLES
    ]
    return [
        figure.of("full path, fetched → indexed → watched, default rules", ours, "posts/s", goal="≥ 6,000",
                  at_least=6000, peer="bare FTS5 load", peer_value=bare_figure.value),
        bare_figure,
        figure.of("full path against the bare load", ratios, "ratio", goal="≥ 0.3", at_least=0.3),
        *shares,
    ]  # fmt: skip


def _bare_load(events: list[PostFetched]) -> float:
    """Make the same posts searchable with SQLite alone: split, stored and put into FTS5, 1,000 a transaction, one process.

    Nothing is scored, folded, announced or watched; `synchronous=FULL` as everywhere in a home.
    """
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "bare.db")) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE posts(id TEXT PRIMARY KEY, row INTEGER, body BLOB)")
        bare.execute("CREATE VIRTUAL TABLE words USING fts5(text, content='')")
        started_s = time.perf_counter()
        for start in range(0, len(events), _BATCH):
            batch = list(enumerate(events[start : start + _BATCH], start))
            with bare:
                bare.executemany(
                    "INSERT INTO posts VALUES (?, ?, ?)", [(event.key, row, encode(event)) for row, event in batch]
                )
                bare.executemany(
                    "INSERT INTO words(rowid, text) VALUES (?, ?)",
                    [(row, for_search(event.post.text)) for row, event in batch],
                )
        return len(events) / (time.perf_counter() - started_s)


def _full_path(bodies: list[str]) -> tuple[float, dict[str, float]]:
    """Return posts per second, and each role's processor time in microseconds per post."""
    with trial.running(_ROLES) as (house, _):
        events = workload.fetched(bodies, now=house.clock.now())
        warm = workload.fetched(bodies[:200], now=house.clock.now(), tag="warm")
        house.log.append(POSTS_FETCHED, warm)
        trial.until(lambda: watched(house) == len(warm), "the first posts to be watched")
        before = {role: _processor_s(house, role) for role in _ROLES}
        started_s = time.perf_counter()
        for start in range(0, len(events), _BATCH):
            house.log.append(POSTS_FETCHED, events[start : start + _BATCH])
        trial.until(lambda: watched(house) == len(warm) + len(events), "all posts to be watched", 300)
        rate = len(events) / (time.perf_counter() - started_s)
        spent = {role: (_processor_s(house, role) - before[role]) / len(events) * 1e6 for role in _ROLES}
        return rate, spent


def _processor_s(house: House, role: str) -> float:
    """Return the processor time of a role's process so far, in seconds."""
    (process,) = house.home.processes(role)
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watched(house: House) -> int:
    """Return how many announced posts the watch role has judged."""
    with house.database.reading() as connection:
        return sum(count for partition, count in positions(connection).items() if partition.stream == POSTS_INDEXED)
