"""The score role: batches go from the log to the jobs and come back as scores; positions follow completion."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Final

import msgspec

from contracts.errors import Conflict, Retryable
from contracts.events import POSTS_FETCHED, POSTS_REJECTED, POSTS_SCORED, PostFetched, PostRejected, PostScored
from contracts.ports.clock import Clock
from contracts.ports.jobs import Completed, Jobs
from contracts.ports.log import Consumer, Log, Partition, Record

GROUP: Final = "score"
_MISSES: Final = 2
"""After so many misses a batch is halved, and a single post goes to the dead letters."""
_FINISH_S: Final = 5.0
_LOOK_S: Final = 0.25

_logger = logging.getLogger(__name__)


class _Batch(msgspec.Struct, eq=False):
    records: Sequence[Record]
    handle: str = ""
    """"" while it still has to be submitted."""
    misses: int = 0
    outcome: Sequence[PostScored] | PostRejected | None = None
    """What is to be appended; None while it is being scored."""

    @property
    def fetched(self) -> list[PostFetched]:
        return [record.event for record in self.records if isinstance(record.event, PostFetched)]


class ScoreRole:
    """Keeps at most `in_flight` batches out: that is the back-pressure.

    Outcomes are appended in the order of the log, whichever batch ended first, and positions follow them.
    """

    def __init__(self, log: Log, jobs: Jobs, clock: Clock, *, batch: int = 500, in_flight: int = 4) -> None:
        self._log = log
        self._jobs = jobs
        self._clock = clock
        self._size = batch
        self._most = in_flight
        self._consumer: Consumer | None = None
        self._batches: deque[_Batch] = deque()
        """Every batch taken and not yet committed, in the order of the log."""

    @property
    def in_flight(self) -> int:
        """How many posts are taken and not yet committed."""
        return sum(len(batch.records) for batch in tuple(self._batches))

    def step(self, timeout_s: float) -> int:
        """Take, submit, collect, append, commit. Raises Retryable when log or jobs are away; nothing is lost by it."""
        consumer = self._consumer = self._consumer or self._log.consumer(GROUP, [POSTS_FETCHED])
        try:
            self._take(consumer, timeout_s)
            self._submit()
            self._collect(timeout_s)
            return self._commit(consumer)
        except Conflict:
            # somebody else owns some of these partitions now and does their work again
            self._batches.clear()
            raise

    def close(self) -> None:
        """End what is being scored, for a few seconds; what is left is read again by the next member."""
        until_s = time.monotonic() + _FINISH_S
        consumer, self._consumer = self._consumer, None
        if consumer:
            with suppress(Conflict, Retryable):
                while self._batches and time.monotonic() < until_s:
                    self._submit()
                    self._collect(_LOOK_S)
                    self._commit(consumer)
            consumer.close()
        self._batches.clear()

    def _take(self, consumer: Consumer, timeout_s: float) -> None:
        while len(self._batches) < self._most:
            records = consumer.poll(self._size, 0.0 if self._batches else timeout_s)
            if not records:
                return
            self._batches.append(_Batch(records))
        consumer.poll(0)  # takes nothing more, and stays a member

    def _submit(self) -> None:
        for batch in self._batches:
            if batch.outcome is None and not batch.handle:
                posts = [event.post for event in batch.fetched]
                if posts:
                    batch.handle = self._jobs.submit(posts)
                else:
                    batch.outcome = ()

    def _collect(self, timeout_s: float) -> None:
        waiting = {batch.handle: batch for batch in self._batches if batch.outcome is None and batch.handle}
        if not waiting:
            return
        is_next_ready = self._batches[0].outcome is not None
        for completed in self._jobs.completed(0.0 if is_next_ready else timeout_s):
            if batch := waiting.pop(completed.handle, None):  # else its partitions went to somebody else meanwhile
                self._end(batch, completed)

    def _end(self, batch: _Batch, completed: Completed) -> None:
        fetched = batch.fetched
        if completed.failure or len(completed.scores) != len(fetched):
            self._miss(batch, completed.failure or f"{len(completed.scores)} scores for {len(fetched)} posts")
        else:
            batch.outcome = [
                PostScored(event.post, score) for event, score in zip(fetched, completed.scores, strict=True)
            ]

    def _miss(self, batch: _Batch, reason: str) -> None:
        batch.misses += 1
        batch.handle = ""
        _logger.warning("batch of %d missed (%d of %d): %s", len(batch.records), batch.misses, _MISSES, reason)
        if batch.misses >= _MISSES:
            if len(batch.records) > 1:
                self._halve(batch)
            else:
                batch.outcome = self._letter(batch.fetched[0], reason)

    def _halve(self, batch: _Batch) -> None:
        middle = len(batch.records) // 2
        place = self._batches.index(batch)
        del self._batches[place]
        self._batches.insert(place, _Batch(batch.records[middle:]))
        self._batches.insert(place, _Batch(batch.records[:middle]))

    def _letter(self, event: PostFetched, reason: str) -> PostRejected:
        return PostRejected(
            id=event.post.id, stage="score", reason=f"打分两次都失败：{reason}改正后运行 qingting replay。",
            rejected_at=self._clock.now(), source=event.post.source, event=event,
        )  # fmt: skip

    def _commit(self, consumer: Consumer) -> int:
        """Append what has ended without a gap before it, and commit its positions."""
        positions: dict[Partition, int] = {}
        scored: list[PostScored] = []
        letters: list[PostRejected] = []
        ended = list(takewhile(lambda batch: batch.outcome is not None, self._batches))
        for batch in ended:
            if isinstance(batch.outcome, PostRejected):
                letters.append(batch.outcome)
            else:
                scored.extend(batch.outcome or ())
            positions |= {record.partition: record.offset + 1 for record in batch.records}
        if letters:
            self._log.append(POSTS_REJECTED, letters)
        if scored:
            self._log.append(POSTS_SCORED, scored)
        if positions:
            consumer.commit(positions)
        for _ in ended:
            self._batches.popleft()
        return sum(len(batch.records) for batch in ended)
