"""From a fetched post to the alert that people see, beside ElastAlert2 watching the same Elasticsearch for the same."""

import random
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from alerts.matching import ALL
from contracts.events import POSTS_FETCHED, PostFetched
from contracts.identity import alert_id
from qingting.bench import figure, latency, trial, workload
from qingting.bench.figure import Figure
from qingting.demo import seed
from qingting.demonstrating import free_port
from qingting.visitor import Visitor
from qingting.wiring import House
from tools.cluster_bench import elastalert, town
from tools.servers.server import Server

TRIALS: Final = 10
_EVERY_S: Final = 12.0
"""Between trials, on average: ten of them see every phase of a run each minute."""
_RATE: Final = 50
"""Everyday posts a second meanwhile."""
_WORDS: Final = "{number} 路公交改线以后早高峰要等 {count} 分钟，站牌还没有换"
"""Everyday talk: a plea would count in no window."""
_PERSON: Final = "样例值班员"


def figures(at: Mapping[str, Server], bodies: list[str]) -> list[Figure]:
    """Let ten posts of one source come in, ten times, and note when each side tells of it."""
    elastalert.install()
    port = free_port()
    with town.home(at, "seen", f"[desk]\nport = {port}\n") as made, tempfile.TemporaryDirectory() as folder:
        made.rules_file.write_text(_rules(), "utf-8")
        with House.at(made) as house:
            with house.database.writing() as connection:
                passwords = seed.seed(connection, house.clock.now())
            with (
                trial.up(made),
                elastalert.with_root(at["elasticsearch"].address) as proxy,
                elastalert.watching(Path(folder), proxy, "seen-posts-read", {"minutes": 1}) as shipped,
                elastalert.watching(Path(folder), proxy, "seen-posts-read", {"seconds": 5}) as quick,
            ):
                trial.until(lambda: latency.answers(f"http://127.0.0.1:{port}"), "the desk to answer")
                listener = latency.Listener(Visitor(f"http://127.0.0.1:{port}", _PERSON, passwords[_PERSON]))
                sent = _trials(house, bodies)
                ours = {source: alert_id(source, ALL, 1) for source in sent}
                trial.until(lambda: all(alert in listener.heard for alert in ours.values()), "our alerts", 60)
                trial.until(lambda: sent.keys() <= shipped.at.keys() & quick.at.keys(), "ElastAlert2", 150)
                listener.stop()
    delays = {
        "ours": [listener.heard[ours[source]] - at_s for source, at_s in sent.items()],
        "shipped": [shipped.at[source] - at_s for source, at_s in sent.items()],
        "quick": [quick.at[source] - at_s for source, at_s in sent.items()],
    }
    p50, p95 = ({name: _share(values, share) for name, values in delays.items()} for share in (0.5, 0.95))
    what = f"the tenth post's append to the alert at an open desk, {TRIALS} times at {_RATE} posts/s"
    return [
        figure.of(f"{what}, p50", [p50["ours"]], "s", peer="ElastAlert2, run_every 1 minute", peer_value=p50["shipped"]),
        figure.of(f"{what}, p95", [p95["ours"]], "s", goal="p95 ≤ 3", at_most=3.0,
                  peer="ElastAlert2, run_every 1 minute", peer_value=p95["shipped"]),
        figure.of("ElastAlert2, run_every 5 s, the same posts, p50", [p50["quick"]], "s"),
        figure.of("ElastAlert2, run_every 5 s, the same posts, p95", [p95["quick"]], "s"),
        figure.of("sooner than ElastAlert2 as shipped, by medians", [p50["shipped"] / p50["ours"]], "times", goal="≥ 10",
                  at_least=10),
    ]  # fmt: skip


def _trials(house: House, bodies: Sequence[str]) -> dict[str, float]:
    """Return when each source's tenth post was appended, by a clock that all share."""
    stop = threading.Event()
    load = threading.Thread(target=_load, args=(house, bodies, stop))
    load.start()
    sent: dict[str, float] = {}
    chance = random.Random(20261125)
    try:
        for number in range(TRIALS):
            stop.wait(chance.uniform(0.5, 1.5) * _EVERY_S)
            source = f"trial-{number:02}"
            texts = [_WORDS.format(number=number + place, count=place) for place in range(elastalert.POSTS)]
            events = _of(source, workload.fetched(texts, spread_s=1, tag=source))
            sent[source] = time.monotonic()
            house.log.append(POSTS_FETCHED, events)
    finally:
        stop.set()
        load.join()
    return sent


def _load(house: House, bodies: Sequence[str], stop: threading.Event) -> None:
    number = 0
    while not stop.wait(0.2):
        texts = [bodies[(number + place) % len(bodies)] for place in range(_RATE // 5)]
        number += len(texts)
        house.log.append(POSTS_FETCHED, workload.fetched(texts, spread_s=0.1, tag=f"load{number}-"))


def _of(source: str, events: Sequence[PostFetched]) -> list[PostFetched]:
    now = datetime.now(UTC)
    return [
        PostFetched(msgspec.structs.replace(event.post, source=source, published_at=now, fetched_at=now))
        for event in events
    ]


def _rules() -> str:
    lines = ["rules:"]
    for number in range(TRIALS):
        source = f"trial-{number:02}"
        lines += [
            f"  - id: {source}", f"    title: {source}", "    type: frequency", "    where:", f"      sources: [{source}]",
            "    window_minutes: 30", f"    min_posts: {elastalert.POSTS}", "    min_authors: 1",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
