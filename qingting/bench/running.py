"""One run of the whole bench."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from qingting.bench import analysis, full_path, latency, page, workload
from qingting.bench.figure import Figure, Machine, this_machine
from qingting.bench.profile import profile

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
        page=page.render(figures, machine, len(bodies), when, profile(bodies[:_PROFILED])),
    )  # fmt: skip
