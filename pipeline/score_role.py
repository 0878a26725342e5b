"""The score role: batches go from the log to the jobs and come back as scores; positions follow completion."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.errors import Conflict
from contracts.events import POSTS_FETCHED, POSTS_REJECTED, POSTS_SCORED, PostFetched, PostRejected, PostScored
from contracts.ports.clock import Clock
from contracts.ports.jobs import Completed, Jobs
from contracts.ports.log import Consumer, Log, Partition, Record

GROUP: Final = "score"
DEADLINE_S: Final = 60.0
_MISSES: Final = 2
"""After so many misses a batch is halved, and a single post goes to the dead letters."""

_logger = logging.getLogger(__name__)


class _Batch(msgspec.Struct, eq=False):
    records: Sequence[Record]
    handle: str = ""
    submitted_s: float = 0.0
    misses: int = 0
    done: bool = False

    @property
    def fetched(self) -> list[PostFetched]:
        return [record.event for record in self.records if isinstance(record.event, PostFetched)]


class ScoreRole:
    """Keeps at most `in_flight` batches out: that is the back-pressure."""

    def __init__(self, log: Log, jobs: Jobs, clock: Clock, *, batch: int = 500, in_flight: int = 4) -> None:
        self._log = log
        self._jobs = jobs
        self._clock = clock
        self._size = batch
        self._most = in_flight
        self._consumer: Consumer | None = None
        self._batches: deque[_Batch] = deque()
        """Every batch taken and not yet committed, in the order of the log."""

    def step(self, timeout_s: float) -> int:
        """Take, submit, collect, append, commit. Raises Retryable when log or jobs are away; nothing is lost by it."""
        consumer = self._consumer = self._consumer or self._log.consumer(GROUP, [POSTS_FETCHED])
        try:
            self._take(consumer, timeout_s)
            self._collect(timeout_s)
            return self._commit(consumer)
        except Conflict:
            # somebody else owns some of these partitions now and does their work again
            self._batches.clear()
            consumer.close()
            self._consumer = None
            raise

    def close(self) -> None:
        if self._consumer:
            self._consumer.close()
            self._consumer = None
        self._batches.clear()

    def _take(self, consumer: Consumer, timeout_s: float) -> None:
        while len(self._batches) < self._most:
            records = consumer.poll(self._size, 0.0 if self._batches else timeout_s)
            if not records:
                return
            self._batches.append(_Batch(records))
            self._submit(self._batches[-1])

    def _submit(self, batch: _Batch) -> None:
        posts = [event.post for event in batch.fetched]
        if posts:
            batch.handle, batch.submitted_s = self._jobs.submit(posts), time.monotonic()
        else:
            batch.done = True

    def _collect(self, timeout_s: float) -> None:
        waiting = {batch.handle: batch for batch in self._batches if not batch.done}
        if not waiting:
            return
        for completed in self._jobs.completed(timeout_s):
            if batch := waiting.pop(completed.handle, None):  # else it was given up before: done twice, kept once
                self._end(batch, completed)
        late_s = time.monotonic() - DEADLINE_S
        for batch in waiting.values():
            if batch.submitted_s < late_s:
                self._miss(batch, f"no answer within {DEADLINE_S:.0f} s")

    def _end(self, batch: _Batch, completed: Completed) -> None:
        fetched = batch.fetched
        if completed.failure or len(completed.scores) != len(fetched):
            self._miss(batch, completed.failure or f"{len(completed.scores)} scores for {len(fetched)} posts")
            return
        scored = [PostScored(event.post, score) for event, score in zip(fetched, completed.scores, strict=True)]
        self._log.append(POSTS_SCORED, scored)
        batch.done = True

    def _miss(self, batch: _Batch, reason: str) -> None:
        batch.misses += 1
        _logger.warning("batch of %d missed (%d of %d): %s", len(batch.records), batch.misses, _MISSES, reason)
        if batch.misses < _MISSES:
            self._submit(batch)
        elif len(batch.records) > 1:
            self._halve(batch)
        else:
            self._reject(batch.fetched[0], reason)
            batch.done = True

    def _halve(self, batch: _Batch) -> None:
        middle = len(batch.records) // 2
        halves = [_Batch(batch.records[:middle]), _Batch(batch.records[middle:])]
        place = self._batches.index(batch)
        del self._batches[place]
        for half in reversed(halves):
            self._batches.insert(place, half)
        for half in halves:
            self._submit(half)

    def _reject(self, event: PostFetched, reason: str) -> None:
        letter = PostRejected(
            id=event.post.id, stage="score", reason=f"打分两次都失败：{reason}改正后运行 qingting replay。",
            rejected_at=self._clock.now(), source=event.post.source, event=event,
        )  # fmt: skip
        self._log.append(POSTS_REJECTED, [letter])

    def _commit(self, consumer: Consumer) -> int:
        positions: dict[Partition, int] = {}
        count = 0
        while self._batches and self._batches[0].done:
            batch = self._batches.popleft()
            count += len(batch.records)
            positions |= {record.partition: record.offset + 1 for record in batch.records}
        if positions:
            consumer.commit(positions)
        return count
