"""The embedded jobs: the Celery job's body, run where it is submitted."""

import logging
from collections.abc import Sequence

from celery import Celery

from backends.celery.job import JOB, Scoring, declare, decode_answer, encode_batch
from contracts.ports.jobs import Completed
from contracts.post import Post


class EagerJobs:
    """Scoring in the submitting process.

    needs: nothing, no broker · configuration: `[jobs] backend = "eager"` · delivery: a batch has ended when `submit`
    returns; its end is kept until `completed` · ordering: as submitted · replay: none, the log's position is the truth ·
    limits: one core.
    """

    def __init__(self, score: Scoring) -> None:
        # Celery would log every result, and a result holds words of pleas
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        self._app = Celery("qingting", set_as_current=False)
        declare(self._app, score)
        self._ended: list[Completed] = []

    def submit(self, batch: Sequence[Post]) -> str:
        result = self._app.tasks[JOB].apply(args=(encode_batch(batch),), throw=True)
        answer = decode_answer(result.get())
        self._ended.append(Completed(str(result.id), answer.scores, answer.failure))
        return str(result.id)

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        del timeout_s  # nothing is ever under way
        ended, self._ended = self._ended, []
        return tuple(ended)
