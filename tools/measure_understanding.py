"""Measures what `make accuracy` does not, and writes it for the page: folds, events, speed, import and memory.

    python tools/measure_understanding.py [folds] [events] [speed] [--shared DIR] [--runs 5]

Without a name all three; each writes docs/figures/<name>.json. The speeds want an idle machine.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.post import Post  # noqa: E402 - the tree is not installed on a bare machine
from pipeline import measuring_events, measuring_folds, scorers, understanding  # noqa: E402
from pipeline.goals import Elsewhere  # noqa: E402
from qingting.bench import workload  # noqa: E402

FIGURES = ROOT / "docs" / "figures"
COMMAND = "python tools/measure_understanding.py"
BATCH = 500
SINGLES = 3_000
SNOWNLP_POSTS = 400
SEED = 20261124
RESAMPLES = 500
_WORKER = """
import sys, time
sys.path.insert(0, {root!r})
begun_s = time.perf_counter()
from pipeline import scorers, understanding
scorer = scorers.load("ngram")
print(time.perf_counter() - begun_s)
from celery import Celery
from backends.celery.job import Scoring
from qingting.bench import workload
from pathlib import Path
understand = understanding.build(scorer)
posts = [event.post for event in workload.fetched(workload.texts(Path({texts!r}))[:10_000])]
for start in range(0, len(posts), 500):
    understand(posts[start : start + 500])
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024 / 1e6)
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", nargs="*", default=["folds", "events", "speed"], metavar="folds|events|speed")
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    asked.add_argument("--runs", type=int, default=5, help="of each speed; the median counts")
    given = asked.parse_args()
    measures: dict[str, Callable[[], list[Elsewhere]]] = {
        "folds": lambda: folds(given.shared),
        "events": lambda: events(given.shared),
        "speed": lambda: speed(given.shared / "data" / "cold", given.runs),
    }
    if unknown := set(given.what) - measures.keys():
        asked.error(f"there is no measure called {', '.join(sorted(unknown))}")
    for name in given.what:
        rows = measures[name]()
        for row in rows:
            print(msgspec.json.encode(row).decode(), flush=True)
        (FIGURES / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")


def folds(shared: Path) -> list[Elsewhere]:
    """Fold seven edits of each of 3,000 real posts, and all other real posts, against those 3,000."""
    posts = measuring_folds.real_posts(shared)
    if not posts:
        sys.exit(f"no real posts in {shared / 'data'}")
    found = measuring_folds.measure(posts)
    print(msgspec.json.encode(found).decode())
    least = min(found.recall_by_edit, key=found.recall_by_edit.__getitem__)
    on = f"{found.originals:,} real posts × 7 edits"
    lowest = f"; least for {least}: {found.recall_by_edit[least]:.3f}"
    others = f", and {found.unrelated:,} other real posts, of which {found.unrelated_folded} folded"
    return [
        _share("fold_recall", found.right, found.originals * len(measuring_folds.EDITS), on + lowest),
        _share("fold_precision", found.right, found.folded, on + others),
    ]


def events(shared: Path) -> list[Elsewhere]:
    """Hold the events against own happenings, the held-out writer's threads, and real hashtags."""
    told = (
        ("events_own", measuring_events.happenings(), "own happenings, each post telling its own; no threshold was fitted to them, but ways to find candidates were compared on them"),
        ("events_own", measuring_events.threads("f"), "threads of the held-out writer: answers that often share no word with what they answer"),
        ("events_hashtags", measuring_events.hashtags(shared), "SWSR weibos of the tags with five posts and more, without reserved and held-out ones; ways to find candidates were compared on them; no EWECT at hand"),
    )  # fmt: skip
    rows = []
    for goal, posts, on in told:
        if posts:
            scores = measuring_events.scored(posts)
            found = measuring_events.bcubed([one.story for one in posts], *measuring_events.found(posts, scores))
            reach = measuring_events.within_reach(posts, scores)
            print(msgspec.json.encode({"found": found, "within reach of words": reach}).decode())
            size = f"{found.measured} posts of {found.stories} stories among {found.posts:,}"
            parts = f"precision {found.precision:.2f}, recall {found.recall:.2f}; {reach.f:.2f} if all that share a telling word were together"
            rows.append(Elsewhere(goal, found.f, f"{size} ({on}); {parts}", f"{COMMAND} events", found.low, found.high))
    return rows


def speed(cold: Path, runs: int) -> list[Elsewhere]:
    """Measure sentiment beside SnowNLP on one core in the same run, the whole analysis on one and two cores, import and memory."""
    bodies = workload.texts(cold)[:20_000]
    posts = [event.post for event in workload.fetched(bodies)]
    texts = [post.text for post in posts]
    every = range(0, len(texts), max(1, len(texts) // SNOWNLP_POSTS))
    ours, peer = scorers.load("ngram"), scorers.load("snownlp")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    slow, batches, singles, whole = [], [], [], []
    understand = understanding.build(ours)
    for _ in range(runs):  # taken in turns, so that a slow minute of the machine slows all
        slow.append(_rate(peer.score, [texts[place] for place in every], BATCH))
        batches.append(_rate(ours.score, texts, BATCH))
        singles.append(_rate(ours.score, texts[:SINGLES], 1))
        whole.append(_rate(understand, posts, BATCH))
    os.sched_setaffinity(0, cores)
    two = [_together(posts, cores[:2]) for _ in range(runs)] if len(cores) > 1 else []
    imported, memory = zip(*(_worker(cold) for _ in range(runs)), strict=True)
    beside = f"COLD, SnowNLP's {statistics.median(slow):,.0f} posts/s in the same run, one core"
    return [
        _median("speed_batch", [fast / base for fast, base in zip(batches, slow, strict=True)], f"{len(texts):,} posts of {beside}"),
        _median("speed_single", [fast / base for fast, base in zip(singles, slow, strict=True)], f"{SINGLES:,} posts of {beside}"),
        _median("speed_one_core", whole, f"{len(posts):,} posts of COLD in batches of {BATCH}"),
        *([_median("speed_two_cores", two, f"{len(posts):,} posts of COLD each in two processes")] if two else []),
        _median("import_s", list(imported), "the analysis and its model, ready to score, in a new process", 3),
        _median("worker_mb", list(memory), "peak of a process that scored 10,000 posts as a worker does, Celery imported", 1),
    ]  # fmt: skip


def _rate(work: Callable[[Sequence[Any]], object], items: Sequence[Any], batch: int) -> float:
    """Return items a second."""
    work(items[:batch])  # tables are built on first use; a worker does that once in its life
    begun_s = time.perf_counter()
    for start in range(0, len(items), batch):
        work(items[start : start + batch])
    return len(items) / (time.perf_counter() - begun_s)


def _together(posts: Sequence[Post], cores: Sequence[int]) -> float:
    """Return posts a second of as many processes as cores, each pinned to its own, begun at the same moment."""
    context = get_context("spawn")
    barrier, queue = context.Barrier(len(cores)), context.SimpleQueue()
    processes = [context.Process(target=_alone, args=(posts, core, barrier, queue)) for core in cores]
    for process in processes:
        process.start()
    took_s = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    return len(posts) * len(cores) / max(took_s)


def _alone(posts: Sequence[Post], core: int, barrier: Barrier, queue: Any) -> None:
    os.sched_setaffinity(0, {core})
    understand = understanding.build(scorers.load("ngram"))
    understand(posts[:BATCH])
    barrier.wait()
    begun_s = time.perf_counter()
    for start in range(0, len(posts), BATCH):
        understand(posts[start : start + BATCH])
    queue.put(time.perf_counter() - begun_s)


def _worker(cold: Path) -> tuple[float, float]:
    """Return seconds until a new process is ready to score, and its peak memory in MB after 10,000 posts."""
    code = _WORKER.format(root=str(ROOT), texts=str(cold))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1])


def _median(goal: str, values: Sequence[float], on: str, digits: int = 0) -> Elsewhere:
    low, value, high = (round(of(values), digits or None) for of in (min, statistics.median, max))
    return Elsewhere(
        goal, value, f"{on}; median of {len(values)} runs, lowest and highest", f"{COMMAND} speed", low, high
    )


def _share(goal: str, right: int, of: int, on: str) -> Elsewhere:
    """Return a part with its 95 % bootstrap interval."""
    share = right / max(1, of)
    low, high = np.percentile(np.random.default_rng(SEED).binomial(of, share, RESAMPLES) / max(1, of), [2.5, 97.5])
    return Elsewhere(goal, round(share, 4), on, f"{COMMAND} folds", round(float(low), 4), round(float(high), 4))


if __name__ == "__main__":
    main()
