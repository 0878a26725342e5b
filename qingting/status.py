"""`status`: which roles live, how far each is behind, and what is open."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import func, select

from contracts.document import Query
from contracts.events import (
    POSTS_FETCHED,
    POSTS_INDEXED,
    POSTS_REJECTED,
    POSTS_SCORED,
    STREAMS,
    PostRejected,
)
from contracts.ports.log import Log, Partition, read_all
from qingting.roles import of
from qingting.wiring import House

_LOOK_S: Final = 1.0
GROUPS: Final = {"score": POSTS_FETCHED, "index": POSTS_SCORED}
"""The roles that read as a consumer group of their own name, and what they read."""
_STAGES: Final = {"crawl": "edge"}
"""Role → what its dead letters say, where that is another word."""


class Lag(msgspec.Struct, frozen=True):
    """How far a role is behind: records not yet done, and the age of the oldest in seconds."""

    lag: int
    oldest_s: float


class RoleStatus(msgspec.Struct, frozen=True):
    alive: bool
    lag: int
    oldest_s: float
    processes: int = 0
    """Living ones; of `index`, `watch` and `notify` one works and the others stand by."""
    in_flight: int = 0
    """Items taken and not yet committed, of all its processes."""
    dead_letters: int = 0
    """Posts that it gave up."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON promise of ARCHITECTURE §6."""

    roles: dict[str, RoleStatus]
    streams: dict[str, int]
    index: dict[str, int]
    dead_letters: int
    alerts: dict[str, int]
    tasks: dict[str, int]


class DeadLetters:
    """How many posts each stage gave up, counted on from the last look."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._positions: dict[Partition, int] = {}
        self._counts: Counter[str] = Counter()

    def counts(self) -> Mapping[str, int]:
        """Return the counts by stage (edge · score · index · watch)."""
        for record in read_all(self._log, [POSTS_REJECTED], dict(self._positions)):
            self._positions[record.partition] = record.offset + 1
            if isinstance(record.event, PostRejected):
                self._counts[record.event.stage] += 1
        return self._counts


def status(house: House, dead_letters: DeadLetters | None = None) -> Status:
    """Gather the status; reads only."""
    behind = lags(house)
    given_up = (dead_letters or DeadLetters(house.log)).counts()
    living = house.presence("status").living()
    roles = {}
    for role in dict.fromkeys(of(house.settings)):
        mine = [process for process in living if process.role == role]
        lag = behind.get(role, Lag(0, 0.0))
        roles[role] = RoleStatus(
            bool(mine), lag.lag, lag.oldest_s, len(mine), sum(process.in_flight for process in mine),
            given_up.get(_STAGES.get(role, role), 0),
        )  # fmt: skip
    streams = {stream: sum(house.log.end_offsets([stream]).values()) for stream in STREAMS}
    return Status(
        roles=roles,
        streams=streams,
        index={"posts": house.index.search(Query(pleas="with", limit=0)).total},
        dead_letters=streams[POSTS_REJECTED],
        **_open_work(house),
    )


def left(house: House) -> int:
    """Return how many records and messages are not yet done, of all roles together."""
    ends = {stream: house.log.end_offsets([stream]) for stream in (*GROUPS.values(), POSTS_INDEXED)}
    done = [(stream, house.log.committed(role, [stream])) for role, stream in GROUPS.items()]
    from alerts.outbox import waiting
    from alerts.store import positions

    with house.database.reading() as connection:
        done.append((POSTS_INDEXED, positions(connection)))
        count, _ = waiting(connection, house.clock.now())
    return count + sum(
        max(0, end - kept.get(partition, 0)) for stream, kept in done for partition, end in ends[stream].items()
    )


def lags(house: House) -> Mapping[str, Lag]:
    """Return the lag of every role that works off something."""
    now = house.clock.now()
    found = {role: _lag(house, stream, house.log.committed(role, [stream]), now) for role, stream in GROUPS.items()}
    from alerts.store import positions

    with house.database.reading() as connection:
        watched = positions(connection)
    found["watch"] = _lag(house, POSTS_INDEXED, watched, now)
    found["notify"] = _outbox(house, now)
    return found


def _lag(house: House, stream: str, positions: Mapping[Partition, int], now: datetime) -> Lag:
    behind = {
        partition: (positions.get(partition, 0), end)
        for partition, end in house.log.end_offsets([stream]).items()
        if end > positions.get(partition, 0)
    }
    if not behind:
        return Lag(0, 0.0)
    reader = house.log.reader([stream], {partition: start for partition, (start, _) in behind.items()})
    try:
        waiting = [record for record in reader.poll(len(behind), _LOOK_S) if record.partition in behind]
    finally:
        reader.close()
    oldest = min((record.appended_at for record in waiting), default=now)
    return Lag(sum(end - start for start, end in behind.values()), round((now - oldest).total_seconds(), 3))


def _outbox(house: House, now: datetime) -> Lag:
    from alerts.outbox import waiting

    with house.database.reading() as connection:
        count, oldest = waiting(connection, now)
    return Lag(count, round((now - oldest).total_seconds(), 3) if oldest else 0.0)


def _open_work(house: House) -> dict[str, dict[str, int]]:
    from alerts.tables import alerts
    from response.tables import help_tasks, response_tasks

    with house.database.reading() as connection:
        open_alerts = connection.execute(
            select(func.count()).select_from(alerts).where(alerts.c.state.in_(("open", "acknowledged")))
        ).scalar_one()
        open_tasks = overdue = 0
        for table, done in ((response_tasks, ("closed", "withdrawn")), (help_tasks, ("closed",))):
            still = select(func.count()).select_from(table).where(table.c.state.not_in(done))
            open_tasks += connection.execute(still).scalar_one()
            overdue += connection.execute(still.where(table.c.overdue)).scalar_one()
    return {"alerts": {"open": open_alerts}, "tasks": {"open": open_tasks, "overdue": overdue}}
