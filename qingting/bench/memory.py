"""Memory of `up`: resident set of all roles and their supervisor together."""

import os
from contextlib import suppress
from pathlib import Path

_KIB = 1024


def resident_mb(root: int | None = None) -> float:
    """Return the proportional resident memory of a process and all its descendants, in MB (10^6 bytes).

    Proportional: a page shared by several processes counts once, spread over them.
    """
    return sum(_proportional_kib(process) for process in family(root or os.getpid())) * _KIB / 1e6


def family(root: int) -> list[int]:
    """Return a process and its living descendants."""
    found = [root]
    for process in found:
        for thread in Path(f"/proc/{process}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in thread.read_text().split()]
    return found


def _proportional_kib(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
