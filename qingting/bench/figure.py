"""One measured figure, and the machine that it was measured on."""

import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A median of `runs`, with its peer from the same run and the goal of the issue it was built for."""

    name: str
    value: float
    unit: str
    runs: int
    low: float
    high: float
    peer: str = ""
    peer_value: float | None = None
    goal: str = ""
    met: bool | None = None


def of(
    name: str, values: Sequence[float], unit: str, *, peer: str = "", peer_value: float | None = None,
    goal: str = "", at_least: float | None = None, at_most: float | None = None,
) -> Figure:  # fmt: skip
    """Return the median of `values` as a figure; it is met when it keeps the bounds that are given."""
    median = statistics.median(values)
    met = None
    if at_least is not None or at_most is not None:
        met = (at_least is None or median >= at_least) and (at_most is None or median <= at_most)
    return Figure(
        name=name, value=median, unit=unit, runs=len(values), low=min(values), high=max(values), peer=peer,
        peer_value=peer_value, goal=goal, met=met,
    )  # fmt: skip


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What ran the figures, and how busy it was before they began."""

    cores: int
    model: str
    memory_gib: float
    load_before: float
    python: str
    sqlite: str


def this_machine() -> Machine:
    """Describe this machine (Linux)."""
    names = [line.partition(":")[2].strip() for line in _proc("cpuinfo") if line.startswith("model name")]
    total_kib = next((int(line.split()[1]) for line in _proc("meminfo") if line.startswith("MemTotal")), 0)
    return Machine(
        cores=len(os.sched_getaffinity(0)), model=names[0] if names else platform.machine(),
        memory_gib=round(total_kib / (1 << 20), 1), load_before=round(os.getloadavg()[0], 2),
        python=platform.python_version(), sqlite=sqlite3.sqlite_version,
    )  # fmt: skip


def _proc(name: str) -> list[str]:
    path = Path("/proc") / name
    return path.read_text().splitlines() if path.exists() else []
