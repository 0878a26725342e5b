"""Where the full path spends its time: each role of it under the profiler, one after the other on one core."""

import cProfile
import io
import pstats
import tempfile
from pathlib import Path

from contracts.events import POSTS_FETCHED
from qingting import roles
from qingting.bench import workload
from qingting.home import Home
from qingting.starting_up import found
from qingting.wiring import House

ROLES = ("score", "index", "watch")
_LINES = 16


def profile(bodies: list[str]) -> dict[str, str]:
    """Return by role where its time went, most first, over these posts."""
    with tempfile.TemporaryDirectory(prefix="qingting-bench-") as folder:
        home = Home(Path(folder) / "home")
        found(home)
        with House.at(home) as house:
            events = workload.fetched(bodies, now=house.clock.now())
            house.log.append(POSTS_FETCHED, events)
            return {role: _profiled(role, house, len(events)) for role in ROLES}


def _profiled(name: str, house: House, posts: int) -> str:
    role = roles.STEPPING[name](house)
    profiler = cProfile.Profile()
    done = role.step(1.0)  # tables are built on first use
    profiler.enable()
    while done < posts:
        done += role.step(1.0)
    profiler.disable()
    role.close()
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(_LINES)
    return "\n".join(
        line.rstrip() for line in out.getvalue().splitlines() if line.strip() and "List reduced" not in line
    )
