"""One run of the whole bench."""

import cProfile
import io
import pstats
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline import scorers, understanding
from qingting.bench import analysis, full_path, latency, page, workload
from qingting.bench.figure import Figure, Machine, this_machine

_PROFILED = 10_000


class Result(msgspec.Struct, frozen=True, kw_only=True):
    machine: Machine
    figures: tuple[Figure, ...]
    page: str


def run(folder: Path, runs: int, say: Callable[[str], None]) -> Result:
    """Measure everything once, `runs` times each. Raises Rejected where the texts are missing."""
    machine, bodies = this_machine(), workload.texts(folder)
    figures: list[Figure] = []
    for name, measure in (
        ("analysis", lambda: analysis.figures(bodies, runs)),
        ("full path", lambda: full_path.figures(bodies, runs)),
        ("latency and memory", lambda: latency.figures(bodies)),
    ):
        say(f"measuring {name} …")
        for found in measure():  # type: ignore[no-untyped-call]
            figures.append(found)
            say(f"  {found.name}: {found.value:,.4g} {found.unit}  {found.goal}")
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return Result(
        machine=machine, figures=tuple(figures),
        page=page.render(figures, machine, len(bodies), when, _profile(bodies[:_PROFILED])),
    )  # fmt: skip


def _profile(bodies: list[str]) -> str:
    score = understanding.build(scorers.load("ngram"))
    posts = [event.post for event in workload.fetched(bodies)]
    score(posts[:500])
    profiler = cProfile.Profile()
    profiler.enable()
    for start in range(0, len(posts), 500):
        score(posts[start : start + 500])
    profiler.disable()
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("cumulative").print_stats(18)
    return "\n".join(line for line in out.getvalue().splitlines() if line.strip())
