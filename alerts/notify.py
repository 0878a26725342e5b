"""The notify role: sends the outbox, publishes changes to the log, and runs everything that waits for a time.

Sending happens in threads, never inside a transaction: a slow channel delays neither the others nor an evaluation. A
delivery is kept as sent only after the channel's own answer said so; a kill between sending and keeping sends once
more with the same id. One process at a time, by lease.
"""

import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from alerts import escalation, outbox, store
from alerts.escalation import Awaited, Roster
from alerts.outbox import Due
from alerts.settings import AlertSettings
from contracts.errors import Conflict, QingtingError
from contracts.events import POSTS_INDEXED, Event
from contracts.notification import Receipt
from contracts.ports.clock import Clock
from contracts.ports.database import Database
from contracts.ports.lease import Lease
from contracts.ports.log import Log
from contracts.ports.notifier import Notifier

Timer = Callable[[Connection, datetime], None]
"""Work that is due at a time, in the transaction it is given."""
_LOOK_S: Final = 0.03
"""How often to look for new rows: a few of these in a row are far below the second in which the desk must know."""
_TIMERS_EVERY: Final = timedelta(seconds=5)
_EVENTS_AT_ONCE: Final = 500
_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 600.0
_DUE_AT_ONCE: Final = 500
_SENT_AT_ONCE: Final = 50
"""Messages that one thread sends before their outcomes are kept, in one transaction."""
_TURN_S: Final = 0.5
_IN_FLIGHT_PER_CHANNEL: Final = 2
"""A channel that hangs holds this many threads, never all of them."""

_logger = logging.getLogger(__name__)


class Chore(msgspec.Struct, frozen=True):
    """Work that comes again and again on log or index, safe to repeat: outside any transaction, in a thread of its own."""

    run: Callable[[], object]
    every: timedelta


class NotifyRole:
    """See `contracts.role.Role`; one process at a time, by lease."""

    def __init__(
        self, log: Log, database: Database, lease: Lease, clock: Clock, notifiers: Mapping[str, Notifier],
        timers: Sequence[Timer], roster: Roster, *, chores: Sequence[Chore] = (), awaited: Awaited = lambda _: (),
        settings: AlertSettings | None = None,
    ) -> None:  # fmt: skip
        self._log = log
        self._database = database
        self._lease = lease
        self._clock = clock
        self._notifiers = dict(notifiers)
        self._timers = tuple(timers)
        self._roster = roster
        self._chores = tuple(chores)
        self._awaited = awaited
        self._begun_at: dict[int, datetime] = {}
        self._housekeeper = ThreadPoolExecutor(1, thread_name_prefix="chore")
        self._chore: Future[object] | None = None
        self._settings = settings or AlertSettings()
        self._timed_at: datetime | None = None
        self._threads = {
            channel: ThreadPoolExecutor(_IN_FLIGHT_PER_CHANNEL, thread_name_prefix=f"send-{channel}")
            for channel in self._notifiers
        }
        self._in_flight: list[tuple[Sequence[Due], Future[Sequence[Receipt]]]] = []

    @property
    def in_flight(self) -> int:
        return sum(len(items) for items, _ in self._in_flight)

    def step(self, timeout_s: float) -> int:
        if not self._lease.acquire():
            time.sleep(timeout_s)
            return 0
        until_s = time.monotonic() + timeout_s
        while True:
            done = (self._publish() + self._send() if self._has_work() else 0) + self._keep_outcomes()
            self._run_timers()
            self._run_chores()
            left_s = until_s - time.monotonic()
            if done or left_s <= 0:
                return done
            self._pause(min(_LOOK_S, left_s))

    def close(self) -> None:
        """Wait for what is being sent, keep the outcomes, give back the lease."""
        for pool in (*self._threads.values(), self._housekeeper):
            pool.shutdown(wait=True, cancel_futures=True)
        try:
            self._keep_outcomes()
        except QingtingError as fault:
            _logger.warning("outcomes of the last deliveries were not kept, they are sent again: %s", fault)
        self._lease.release()

    def _pause(self, seconds: float) -> None:
        sending = [future for _, future in self._in_flight]
        if sending:
            wait(sending, timeout=seconds, return_when="FIRST_COMPLETED")
        else:
            time.sleep(seconds)

    def _has_work(self) -> bool:
        with self._database.reading() as connection:
            return not outbox.is_empty(connection, self._clock.now())

    def _publish(self) -> int:
        with self._database.reading() as connection:
            ready = outbox.unpublished(connection, _EVENTS_AT_ONCE)
        streams: dict[str, list[Event]] = defaultdict(list)
        for _, stream, event in ready:
            streams[stream].append(event)
        for stream, events in streams.items():
            self._log.append(stream, events)
        if ready:
            with self._database.writing() as connection:
                self._lease.guard(connection)
                outbox.mark_published(connection, [number for number, _, _ in ready])
        return len(ready)

    def _send(self) -> int:
        now = self._clock.now()
        with self._database.reading() as connection:
            is_unspread = outbox.has_unspread(connection, now)
            ready = [] if is_unspread else outbox.due(connection, now, _DUE_AT_ONCE)
        if is_unspread:
            with self._database.writing() as connection:
                self._lease.guard(connection)
                outbox.spread(connection, tuple(self._notifiers), now)
                ready = outbox.due(connection, now, _DUE_AT_ONCE)
        flying = {item.id for items, _ in self._in_flight for item in items}
        busy = Counter(items[0].notification.channel for items, _ in self._in_flight)
        started = 0
        for channel, notifier in self._notifiers.items():
            waiting = [item for item in ready if item.notification.channel == channel and item.id not in flying]
            for start in range(0, len(waiting), _SENT_AT_ONCE):
                if busy[channel] >= _IN_FLIGHT_PER_CHANNEL:
                    break
                busy[channel] += 1
                items = waiting[start : start + _SENT_AT_ONCE]
                self._in_flight.append((items, self._threads[channel].submit(_send_each, notifier, items)))
                started += len(items)
        return started

    def _keep_outcomes(self) -> int:
        ended = [flight for flight in self._in_flight if flight[1].done()]
        # a channel that took too long left the end of its messages unsent: they are still due
        kept = [
            pair
            for items, future in ended
            if not future.cancelled()
            for pair in zip(items, future.result(), strict=False)
        ]
        if kept:
            now = self._clock.now()
            with self._database.writing() as connection:
                self._lease.guard(connection)
                for item, receipt in kept:
                    self._keep(connection, item, receipt, now)
        self._in_flight = [flight for flight in self._in_flight if flight not in ended]
        return len(kept)

    def _keep(self, connection: Connection, item: Due, receipt: Receipt, now: datetime) -> None:
        if receipt.delivered:
            outbox.record(connection, item.id, "sent", detail=receipt.detail, now=now)
        elif not receipt.retryable or now - item.created_at > timedelta(hours=self._settings.send_retries_h):
            outbox.record(connection, item.id, "failed", detail=receipt.detail, now=now)
        else:
            again = now + timedelta(seconds=retry_after_s(item.attempts))
            outbox.record(connection, item.id, "pending", detail=receipt.detail, now=now, due_at=again)

    def _run_timers(self) -> None:
        now = self._clock.now()
        if self._timed_at is not None and now - self._timed_at < _TIMERS_EVERY:
            return
        is_watched = self._is_watched()
        for timer in (*self._timers, self._escalate, *((self._resolve,) if is_watched else ())):
            with self._database.writing() as connection:  # one each: a timer that fails takes no other with it
                self._lease.guard(connection)
                try:
                    with connection.begin_nested():
                        timer(connection, now)
                except (Conflict, QingtingError) as fault:
                    _logger.warning("timer %s: %s", getattr(timer, "__qualname__", timer), fault)
        self._timed_at = now

    def _run_chores(self) -> None:
        """Begin the next chore that is due, one at a time: a long one delays no message."""
        if self._chore is not None:
            if not self._chore.done():
                return
            ended, self._chore = self._chore, None
            try:
                ended.result()
            except QingtingError as fault:
                _logger.warning("a chore failed and is done again: %s", fault)
        now = self._clock.now()
        for number, chore in enumerate(self._chores):
            begun_at = self._begun_at.get(number)
            if begun_at is None or now - begun_at >= chore.every:
                self._begun_at[number] = now
                self._chore = self._housekeeper.submit(chore.run)
                return

    def _escalate(self, connection: Connection, now: datetime) -> None:
        escalation.escalate(connection, self._settings, now, self._roster)

    def _resolve(self, connection: Connection, now: datetime) -> None:
        escalation.resolve_stale(connection, self._settings, self._awaited, now)

    def _is_watched(self) -> bool:
        """Whether every indexed post has been judged: only then does silence mean that it is quiet."""
        with self._database.reading() as connection:
            watched = store.positions(connection)
        return all(watched.get(at, 0) >= end for at, end in self._log.end_offsets([POSTS_INDEXED]).items())


def retry_after_s(attempts: int) -> float:
    """Return the wait before the next attempt: doubling from 2 s to 10 min, half of it by chance."""
    longest = min(_FIRST_RETRY_S * 2.0 ** min(attempts, 20), _LONGEST_RETRY_S)
    return longest * random.uniform(0.5, 1.0)


def _send_each(notifier: Notifier, items: Sequence[Due]) -> Sequence[Receipt]:
    """Send one after another, for as long as that is quick; return the receipts of those that were sent."""
    until_s = time.monotonic() + _TURN_S
    receipts: list[Receipt] = []
    for item in items:
        receipts.append(_send_one(notifier, item))
        if time.monotonic() > until_s:
            break
    return receipts


def _send_one(notifier: Notifier, item: Due) -> Receipt:
    try:
        return notifier.send(item.notification)
    except Exception as fault:
        _logger.exception("a notifier raised instead of answering")
        return Receipt(delivered=False, detail=f"通道出错：{type(fault).__name__}")
