"""The embedded jobs: the Celery job's body, run where it is submitted."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from celery import Celery

from contracts.errors import QingtingError
from contracts.ports.jobs import Completed
from contracts.post import Post
from contracts.score import Score

JOB: Final = "qingting.score"

_encoder: Final = msgspec.msgpack.Encoder()
_posts: Final = msgspec.msgpack.Decoder(tuple[Post, ...])


class Answer(msgspec.Struct, frozen=True):
    """What a job returns: scores in the batch's order, or why there are none."""

    scores: tuple[Score, ...] = ()
    failure: str = ""


_answers: Final = msgspec.msgpack.Decoder(Answer)


def declare(app: Celery, score: Callable[[Sequence[Post]], Sequence[Score]]) -> None:
    """Give `app` the one job there is: MessagePack of posts → MessagePack of an Answer."""

    @app.task(name=JOB, shared=False)  # type: ignore[untyped-decorator]
    def job(batch: bytes) -> bytes:
        return _encoder.encode(_answer(_posts.decode(batch), score))


def _answer(posts: tuple[Post, ...], score: Callable[[Sequence[Post]], Sequence[Score]]) -> Answer:
    try:
        scores = tuple(score(posts))
    except QingtingError as fault:
        return Answer(failure=str(fault))
    except Exception as fault:  # noqa: BLE001 - whatever breaks is the batch's end; its words may hold a post's text and stay here
        return Answer(failure=f"打分出错（{type(fault).__name__}）。")
    if len(scores) != len(posts):
        return Answer(failure=f"打分器给 {len(posts)} 帖打出 {len(scores)} 个分数，整批作废。")
    return Answer(scores)


class EagerJobs:
    """Scoring in the submitting process.

    needs: nothing, no broker · configuration: `[jobs] backend = "eager"` · delivery: a batch has ended when `submit`
    returns; its end is kept until `completed` · ordering: as submitted · replay: none, the log's position is the truth ·
    limits: one core.
    """

    def __init__(self, score: Callable[[Sequence[Post]], Sequence[Score]]) -> None:
        # Celery would log every result, and a result holds words of pleas
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        self._app = Celery("qingting", set_as_current=False)
        declare(self._app, score)
        self._ended: list[Completed] = []

    def submit(self, batch: Sequence[Post]) -> str:
        result = self._app.tasks[JOB].apply(args=(_encoder.encode(batch),), throw=True)
        answer = _answers.decode(result.get())
        self._ended.append(Completed(str(result.id), answer.scores, answer.failure))
        return str(result.id)

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        del timeout_s  # nothing is ever under way
        ended, self._ended = self._ended, []
        return tuple(ended)
