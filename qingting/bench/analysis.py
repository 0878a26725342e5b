"""Analysis alone, on one core: the whole understanding, and sentiment beside SnowNLP."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline import scorers, understanding
from qingting.bench import figure, workload

_BATCH = 500
_SNOWNLP_POSTS = 400


@contextmanager
def one_core() -> Iterator[None]:
    """Pin this process to one of its cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def figures(bodies: list[str], runs: int) -> list[figure.Figure]:
    """Measure posts per second and core."""
    posts = [event.post for event in workload.fetched(bodies)]
    texts = [post.text for post in posts]
    ours, peer = scorers.load("ngram"), scorers.load("snownlp")
    score = understanding.build(ours)
    with one_core():
        whole = [_rate(score, posts) for _ in range(runs)]
        sentiment = [_rate(ours.score, texts) for _ in range(runs)]
        slow = _rate(peer.score, texts[:: max(1, len(texts) // _SNOWNLP_POSTS)])
    return [
        figure.of("analysis alone, all stages", whole, "posts/s/core", goal="≥ 8,000", at_least=8000),
        figure.of("default scorer alone (sentiment, topics, help, danger, attack, counter-speech)", sentiment,
                  "posts/s/core", peer="SnowNLP sentiment alone", peer_value=slow),
        figure.of("default scorer against SnowNLP", [rate / slow for rate in sentiment], "times",
                  goal="≥ 500", at_least=500),
    ]  # fmt: skip


def _rate(work: Callable[[Sequence[Any]], object], items: Sequence[Any]) -> float:
    work(items[:_BATCH])  # tables are built on first use; a worker does that once in its life
    started_s = time.perf_counter()
    for start in range(0, len(items), _BATCH):
        work(items[start : start + _BATCH])
    return len(items) / (time.perf_counter() - started_s)
