"""The watch role: reads `posts.indexed`, counts, judges, and opens alerts.

One batch is one writing transaction: counted posts, windows, alerts, the work they open, outbox and positions stand or
fall together under the lease's fence. So a kill at any instant loses nothing and doubles nothing.

**Why at once and not by ticks.** Windows could be judged at fixed ticks of event time behind a watermark of all
partitions; that is the same for every interleaving, and a minute late. People wait, so a window is judged as soon as a
post falls into it. What must not depend on batches, interleaving or kills is made independent of them instead:

- A window is a set of posts, not a history of arrivals (`windows`), and each post is in it once however often it is
  announced (`counted_posts`). Whatever the order, once all posts are there every window that any of them touches has
  been judged with all of them.
- `frequency` conditions only grow truer as posts come (a negative share apart), so "was it ever true" has the same answer in every
  order. `burst` compares with hours that ended before the window; while history pours in (an import, a first crawl)
  those are incomplete, and burst judgements wait until it has stopped (`SETTLE`), at most `SETTLE_MAX`.
- An alert's id is rule, key and ordinal of opening, not the post that happened to tip it. While one is open, and for
  `EPISODE` of event time after its last window that held, further windows belong to it: a count that flaps around its
  threshold opens one alert, also when an officer has closed it meanwhile; only a higher level opens another.
- After a start every window that may still alert is judged again: what a killed process meant to judge is judged.

**No false alarm by lateness.** Windows lie in event time, so a crawler that catches up fills old windows; a window that
ended more than `alert_age` (6 h, red 24 h) ago raises nothing, and its posts stay in the baseline where they belong.
Times that a source did not give count in no window.

**Events that become one.** From the announcement on, what was and will be counted under the absorbed event counts under
the other, and its open alert goes on as that one's (`merging`): no happening has two.

What still differs between runs is what must: a window whose age crosses `alert_age` while the house is down, and under
which of two events an alert was opened when they became one just then.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from alerts import burst, frequency, merging, opening, stages, store, wording
from alerts.opening import OpenWork
from alerts.rule import PLEA, Rule
from alerts.settings import AlertSettings
from alerts.signal import Held, Signal
from alerts.tables import positions as kept_positions
from alerts.tallies import Tallies, Tally
from alerts.windows import Window, full_ends, window
from contracts.errors import Conflict
from contracts.events import POSTS_INDEXED, PostIndexed
from contracts.level import LEVELS
from contracts.ports.clock import Clock
from contracts.ports.database import Database
from contracts.ports.lease import Lease
from contracts.ports.log import Log, Partition, Reader, Record

SETTLE: Final = timedelta(seconds=5)
"""How long history must have stopped before bursts are judged: longer than a role takes to come back after a kill."""
SETTLE_MAX: Final = timedelta(seconds=30)
"""An endless import must not silence burst rules."""
_HISTORY_POSTS: Final = 20
_HISTORY_SHARE: Final = 0.05
"""History counts as pouring in from this many posts and this share of all that is known: a few late posts do not."""
_JUDGED_EVERY: Final = timedelta(seconds=0.5)
"""How often to judge while a backlog is worked off: as soon as a batch is not full, at once."""
_UNJUDGED_WAIT_S: Final = 0.05
_AHEAD_S: Final = 300
"""A post may claim to be this far in the future: clocks differ. Further ahead, its time is worth nothing."""

_logger = logging.getLogger(__name__)


class WatchRole:
    """See `contracts.role.Role`; one process at a time, by lease."""

    def __init__(
        self, log: Log, database: Database, lease: Lease, clock: Clock, rules: Sequence[Rule], open_work: OpenWork,
        *, settings: AlertSettings | None = None,
    ) -> None:  # fmt: skip
        self._log = log
        self._database = database
        self._lease = lease
        self._clock = clock
        self._rules = tuple(rules)
        self._plea_rule = next((rule for rule in rules if rule.type == "plea"), PLEA)
        self._open_work = open_work
        self._settings = settings or AlertSettings()
        self._memory: _Memory | None = None
        longest = max((rule.window_minutes for rule in rules), default=0)
        self._kept_minutes = int(self._settings.red_alert_age_hours * 60) + longest
        self._taken = 0

    @property
    def in_flight(self) -> int:
        return self._taken

    def step(self, timeout_s: float) -> int:
        if not self._lease.acquire():
            self._forget()
            time.sleep(timeout_s)
            return 0
        memory = self._memory = self._memory or self._remember()
        wait_s = min(timeout_s, _UNJUDGED_WAIT_S) if memory.tallies.is_unjudged else timeout_s
        records = memory.reader.poll(self._settings.watch_batch, wait_s)
        if not records and not memory.tallies.is_unjudged:
            return 0
        self._taken = len(records)
        try:
            with self._database.writing() as connection:
                self._lease.guard(connection)
                self._turn(connection, memory, records)
        except BaseException:
            self._forget()
            raise
        finally:
            self._taken = 0
        return len(records)

    def close(self) -> None:
        self._forget()
        self._lease.release()

    def _remember(self) -> "_Memory":
        tallies = Tallies(self._rules)
        with self._database.reading() as connection:
            tallies.load(connection)
            positions = dict(store.positions(connection))
        return _Memory(tallies, positions, self._log.reader([POSTS_INDEXED], positions))

    def _forget(self) -> None:
        if self._memory is not None:
            self._memory.reader.close()
            self._memory = None

    def _turn(self, connection: Connection, memory: "_Memory", records: Sequence[Record]) -> None:
        if dict(store.positions(connection)) != memory.positions:
            raise Conflict("监测进度已被另一个进程推进，重新读取后继续。")
        now = self._clock.now()
        now_minute = int(now.timestamp()) // 60
        first_minute = now_minute - self._kept_minutes
        first_hour = now_minute // 60 - self._settings.baseline_days * 24
        merges = merging.merges(record.event for record in records if isinstance(record.event, PostIndexed))
        if merges and (moved := memory.tallies.merge(connection, merges, hour=now_minute // 60)):
            merging.follow(connection, moved, now)
            memory.tallies.recall(store.pasts(connection))
        posts, pleas = _sorted_out(records)
        opening.take_pleas(connection, self._plea_rule, pleas, self._settings, self._open_work, now)
        late = memory.tallies.count(
            connection, posts, pleas, first_hour=first_hour, first_minute=first_minute,
            last_second=int(now.timestamp()) + _AHEAD_S,
        )  # fmt: skip
        memory.pour(late, now)
        if len(records) < self._settings.watch_batch or now - memory.judged_at >= _JUDGED_EVERY:
            self._judge_touched(connection, memory, now)
        memory.tallies.save(connection)
        if memory.pruned_hour != now_minute // 60:
            memory.tallies.prune(connection, first_hour=first_hour, first_minute=first_minute)
            memory.pruned_hour = now_minute // 60
        _advance(connection, memory.positions, records)

    def _judge_touched(self, connection: Connection, memory: "_Memory", now: datetime) -> None:
        memory.judged_at = now
        is_pouring = memory.is_pouring(now)
        signals = []
        for rule, tally in list(memory.tallies.touched()):
            if rule.type == "burst" and is_pouring:
                continue
            signal = self._judge(memory.tallies, rule, tally, int(now.timestamp()) // 60)
            if signal is not None:
                signals.append(signal)
            memory.tallies.judged(tally)
        if signals:
            memory.tallies.recall(opening.take(connection, signals, self._settings, self._open_work, now))

    def _judge(self, tallies: Tallies, rule: Rule, tally: Tally, now_minute: int) -> Signal | None:
        """Return the strongest window that holds among those that a new post touched, None if none does."""
        best: tuple[int, int, Window, Held] | None = None
        latest = 0
        for end in full_ends(tally.buckets, tally.first, tally.last, rule.window_minutes, rule.min_posts):
            age_hours = (now_minute - end) / 60
            if age_hours > self._settings.red_alert_age_hours:
                continue
            seen = window(tally.buckets, end, rule.window_minutes)
            held = (
                burst.judge(rule, seen, tallies.baseline(tally, (end - rule.window_minutes + 1) // 60))
                if rule.type == "burst" and frequency.judge(rule, seen)
                else frequency.judge(rule, seen) if rule.type == "frequency" else None
            )  # fmt: skip
            if held is None or (age_hours > self._settings.alert_age_hours and held.level != "red"):
                continue
            if stages.is_past(tally.past, _instant(end + 1), held.level):
                continue
            latest = max(latest, end)
            strength = (LEVELS.index(held.level), seen.count, seen, held)
            if best is None or strength[:2] >= best[:2]:
                best = strength
        if best is None:
            return None
        _, _, seen, held = best
        return Signal(
            rule=rule, key=tally.key, level=held.level, reason=wording.opinion_reason(rule.type, seen, held),
            posts=seen.posts, held_at=_instant(latest + 1), sample=seen.sample,
        )  # fmt: skip


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


class _Memory:
    """What one holder of the lease knows; thrown away whole after any failure."""

    def __init__(self, tallies: Tallies, positions: dict[Partition, int], reader: Reader) -> None:
        self.tallies = tallies
        self.positions = positions
        self.reader = reader
        self.pruned_hour = 0
        self.judged_at = datetime.min.replace(tzinfo=UTC)
        self._poured = 0
        self._poured_first = self._poured_last = datetime.min.replace(tzinfo=UTC)

    def pour(self, late: int, now: datetime) -> None:
        """Take note of posts that went into history only."""
        if now - self._poured_last > SETTLE:
            self._poured, self._poured_first = 0, now
        if late:
            self._poured += late
            self._poured_last = now

    def is_pouring(self, now: datetime) -> bool:
        """Whether so much history is coming in that baselines are not worth comparing with yet."""
        known = sum(self.tallies.all.volume.values())
        return (
            self._poured >= max(_HISTORY_POSTS, _HISTORY_SHARE * known)
            and now - self._poured_last <= SETTLE
            and now - self._poured_first <= SETTLE_MAX
        )


def _sorted_out(records: Iterable[Record]) -> tuple[list[PostIndexed], list[PostIndexed]]:
    """Return the posts that may count in windows, and the pleas, which never do."""
    posts, pleas = [], []
    for record in records:
        post = record.event
        if isinstance(post, PostIndexed):
            if post.lane:
                pleas.append(post)
            elif not post.time_is_doubtful:
                posts.append(post)
    return posts, pleas


def _advance(connection: Connection, positions: dict[Partition, int], records: Iterable[Record]) -> None:
    moved: dict[Partition, int] = {}
    for record in records:
        moved[record.partition] = record.offset + 1
    new = [
        {"stream": at.stream, "number": at.number, "offset": offset}
        for at, offset in moved.items() if at not in positions
    ]  # fmt: skip
    changed: list[Mapping[str, object]] = [
        {"b_stream": at.stream, "b_number": at.number, "b_offset": offset}
        for at, offset in moved.items() if at in positions
    ]  # fmt: skip
    if new:
        connection.execute(insert(kept_positions), new)
    if changed:
        statement = update(kept_positions).where(
            kept_positions.c.stream == bindparam("b_stream"), kept_positions.c.number == bindparam("b_number")
        )
        connection.execute(statement.values(offset=bindparam("b_offset")), changed)
    positions.update(moved)
