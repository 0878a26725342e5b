"""The jobs in Celery workers."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from celery.result import AsyncResult
from kombu.messaging import Producer

from backends.celery.app import application, broker_of
from backends.celery.broker import LOST, deciding, decision, declare_queues, depth, is_full
from backends.celery.job import JOB, decode_answer, encode_batch
from backends.settings import CelerySettings
from contracts.errors import Retryable
from contracts.ports.jobs import Completed
from contracts.post import Post

_LOST_AFTER: Final = 3
"""Deadlines until a batch that nobody began is looked for: a worker may hold it while it ends another."""
_LOOK_S: Final = 0.25
"""How often to look at the clock while waiting for news."""

_logger = logging.getLogger(__name__)


class _Batch(msgspec.Struct):
    body: str
    jobs: list[str] = msgspec.field(default_factory=list)
    """Celery's ids of its submissions; the first answer to any of them ends it."""
    is_out: bool = False
    sent_s: float = 0.0
    began_s: float | None = None


class CeleryJobs:
    """Scoring in worker processes.

    needs: RabbitMQ ≥ 3.10 (or Redis) and at least one `qingting run worker`, `qingting[cluster]` · configuration:
    `[jobs] backend = "celery"`, `broker` or `broker_file`, `queue`, `workers`, `deadline_s`, `deliveries` · delivery:
    every batch ends once; a lost worker's job goes to another one, a lost broker's batches are submitted again by a
    fresh application (one that has lost its broker stays deaf) · ordering: none between batches · replay: none, the
    log's position is the truth · limits: one thread; a batch that a worker began and did not end within the deadline is
    missed, a batch that no worker has begun waits.
    """

    def __init__(self, settings: CelerySettings, secrets: Path) -> None:
        self._settings = settings
        self._broker = broker_of(settings, secrets)
        self._batches: dict[str, _Batch] = {}
        self._handles: dict[str, str] = {}
        """Celery's ids of what is under way → handle."""
        self._ended: list[Completed] = []
        self._open()
        self._check()

    def submit(self, batch: Sequence[Post]) -> str:
        handle = uuid4().hex
        waiting = _Batch(encode_batch(batch))
        self._send(handle, waiting)
        self._batches[handle] = waiting
        return handle

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        self._send_again()
        until_s = time.monotonic() + timeout_s
        while self._batches and not self._ended:
            left_s = until_s - time.monotonic()
            if not self._drain(min(max(0.001, left_s), _LOOK_S)):
                self._reopen()
            self._look_at_clock()
            self._send_again()
            if left_s <= 0:
                break
        ended, self._ended = self._ended, []
        return tuple(ended)

    def close(self) -> None:
        with suppress(*LOST, AttributeError):  # the latter where it never was opened, or only half
            self._app.backend.result_consumer.stop()
        with suppress(*LOST):
            self._producer.connection.collect()
        with suppress(*LOST):
            self._app.close()

    def _open(self) -> None:
        self._app = application(self._settings, self._broker)
        self._app.backend.result_consumer.on_message = self._heard
        # Celery keeps up to 8,192 answers that nobody waits for any more, and by then ours are no longer waited for
        self._app.backend._pending_messages.maxsize = 1  # noqa: SLF001
        # a connection of its own: Celery's pools belong to the process and give a lost connection out again
        self._producer = Producer(self._app.connection_for_write(), auto_declare=False)

    def _reopen(self) -> None:
        """Take a fresh application; what was under way has to be submitted again, and costs no miss."""
        _logger.warning("lost the broker with %d batches under way: opening a new application", len(self._batches))
        self.close()
        self._open()
        self._handles.clear()
        for batch in self._batches.values():
            batch.jobs, batch.is_out, batch.began_s = [], False, None

    def _send_again(self) -> None:
        for handle, batch in self._batches.items():
            if not batch.is_out:
                self._send(handle, batch)

    def _send(self, handle: str, batch: _Batch) -> None:
        job = uuid4().hex
        self._handles[job] = handle
        try:
            self._app.backend.add_pending_result(AsyncResult(job, app=self._app))
            self._app.send_task(
                JOB, args=(batch.body,), task_id=job, queue=self._settings.queue, producer=self._producer
            )
        except LOST as fault:
            self._forget(job)
            if not is_full(fault):
                self._reopen()
            raise decision(fault, self._settings) from fault
        batch.jobs.append(job)
        batch.is_out, batch.sent_s, batch.began_s = True, time.monotonic(), None

    def _drain(self, timeout_s: float) -> bool:
        """Let news come in. Return False when the broker was lost meanwhile."""
        consumer = self._app.backend.result_consumer
        connection = consumer._connection  # noqa: SLF001 - a new one means that the reply queue is gone
        try:
            consumer.drain_events(timeout=timeout_s)
        except TimeoutError:
            return True
        except LOST as fault:
            _logger.warning("results cannot be heard: %s", type(fault).__name__)
            return False
        return consumer._connection is connection  # noqa: SLF001 - see above

    def _heard(self, meta: Mapping[str, Any]) -> None:
        handle = self._handles.get(meta["task_id"], "")
        batch = self._batches.get(handle)
        if batch is None:
            return  # it has ended by another submission, or was missed
        if meta["status"] == "STARTED":
            batch.began_s = time.monotonic()
        elif meta["status"] == "SUCCESS":
            answer = decode_answer(meta["result"])
            self._end(handle, Completed(handle, answer.scores, answer.failure))
        elif meta["status"] in ("FAILURE", "REVOKED"):
            self._end(handle, Completed(handle, failure=f"打分进程没有做完（{_kind(meta['result'])}）。"))

    def _end(self, handle: str, completed: Completed) -> None:
        for job in self._batches.pop(handle).jobs:
            self._forget(job)
        self._ended.append(completed)

    def _forget(self, job: str) -> None:
        self._handles.pop(job, None)
        self._app.backend._pending_results.concrete.pop(job, None)  # noqa: SLF001 - else every result is kept for good

    def _look_at_clock(self) -> None:
        now_s = time.monotonic()
        late_s = now_s - self._settings.deadline_s - 1
        lost_s = now_s - _LOST_AFTER * self._settings.deadline_s
        for handle, batch in list(self._batches.items()):
            if batch.began_s is not None and batch.began_s < late_s:
                self._end(handle, Completed(handle, failure=f"{self._settings.deadline_s} 秒内没有打完分。"))
            elif batch.began_s is None and batch.sent_s < lost_s:
                batch.sent_s = now_s
                if not self._is_waiting():
                    _logger.warning("a batch is neither in the queue nor begun: submitting again")
                    batch.is_out = False

    def _is_waiting(self) -> bool:
        """Whether jobs wait in the queue: then workers are few or none, and nothing is lost."""
        try:
            return depth(self._app, self._settings) > 0
        except LOST:
            return False

    def _check(self) -> None:
        """Declare the queues. Raises NotConfigured or Retryable with the reason in one sentence."""
        declare_queues(self._app, self._settings, self._broker)
        with deciding(self._settings):
            waiting = depth(self._app, self._settings)
        if waiting >= self._settings.queue_limit:
            raise Retryable(
                f"队列 {self._settings.queue} 已满（{waiting} 批）；请先运行更多 qingting run worker，程序会自动重试。"
            )


def _kind(result: Any) -> str:
    return str(result.get("exc_type", "失败")) if isinstance(result, dict) else type(result).__name__


def open_jobs(settings: CelerySettings, secrets: Path) -> CeleryJobs:
    """Open the jobs. Raises NotConfigured or Retryable, saying what is wrong with the broker."""
    return CeleryJobs(settings, secrets)
