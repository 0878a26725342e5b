"""`drain`: carry everything in the log to its end, then stop; beside a running `up` only wait for it."""

import time
from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, Table, func, select

from contracts.errors import Conflict, Retryable
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, POSTS_REJECTED, POSTS_SCORED
from qingting.roles import STEPPING
from qingting.status import left
from qingting.wiring import House

_STALLED_S: Final = 120.0
_LOOK_S: Final = 0.2
_TURN_S: Final = 0.02
"""How long a role may wait for what a server brings before the next one has its turn."""


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """What one drain carried; counts are of this drain alone."""

    fetched: int
    scored: int
    indexed: int
    rejected: int
    alerts_opened: int
    tasks_opened: int
    seconds: float


def drain(house: House, progress: Callable[[int], None] | None = None) -> Drained:
    """Run score, index, watch and notify until nothing is left. `progress` is told the posts still under way.

    Raises Retryable when nothing moves for two minutes.
    """
    before, started_s = _counts(house), time.monotonic()
    if house.home.is_up():
        _wait(house, progress)
    else:
        _work(house, progress)
    after = _counts(house)
    done = {name: after[name] - before[name] for name in after}
    return Drained(**done, seconds=round(time.monotonic() - started_s, 3))


def _work(house: House, progress: Callable[[int], None] | None) -> None:
    roles = {name: make(house) for name, make in STEPPING.items()}
    try:
        moved_s = time.monotonic()
        while True:
            moved = 0
            for name, role in roles.items():
                try:
                    moved += role.step(_TURN_S)
                except (Retryable, Conflict) as decision:
                    if time.monotonic() - moved_s > _STALLED_S:
                        raise Retryable(f"{name} 两分钟没有进展：{decision}") from decision
            if moved:
                moved_s = time.monotonic()
            waiting = left(house)
            if progress:
                progress(waiting)
            if not waiting:
                return
            if not moved:
                _pause_or_give_up(moved_s, waiting)
    finally:
        for role in roles.values():
            role.close()


def _wait(house: House, progress: Callable[[int], None] | None) -> None:
    moved_s, last = time.monotonic(), -1
    while waiting := left(house):
        if waiting != last:
            moved_s, last = time.monotonic(), waiting
        if progress:
            progress(waiting)
        _pause_or_give_up(moved_s, waiting)


def _pause_or_give_up(moved_s: float, waiting: int) -> None:
    if time.monotonic() - moved_s > _STALLED_S:
        raise Retryable(f"还有 {waiting} 条没有处理完，但两分钟没有进展。请运行 qingting doctor 查看原因。")
    time.sleep(_LOOK_S)


def _counts(house: House) -> dict[str, int]:
    from alerts.tables import alerts
    from response.tables import help_tasks, judgements, response_tasks

    streams = {"fetched": POSTS_FETCHED, "scored": POSTS_SCORED, "indexed": POSTS_INDEXED, "rejected": POSTS_REJECTED}
    counts = {name: sum(house.log.end_offsets([stream]).values()) for name, stream in streams.items()}
    with house.database.reading() as connection:
        counts["alerts_opened"] = _rows(connection, alerts)
        counts["tasks_opened"] = sum(_rows(connection, table) for table in (judgements, response_tasks, help_tasks))
    return counts


def _rows(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
