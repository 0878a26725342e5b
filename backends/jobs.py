"""The embedded jobs: the Celery job's body, run where it is submitted."""

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
_scores: Final = msgspec.msgpack.Decoder(tuple[Score, ...])


def declare(app: Celery, score: Callable[[Sequence[Post]], Sequence[Score]]) -> None:
    """Give `app` the one job there is: MessagePack of posts → MessagePack of their scores, in order."""

    @app.task(name=JOB, shared=False)  # type: ignore[untyped-decorator]
    def job(batch: bytes) -> bytes:
        posts = _posts.decode(batch)
        scores = score(posts)
        if len(scores) != len(posts):
            raise ValueError(f"{len(posts)} posts got {len(scores)} scores")
        return _encoder.encode(scores)


class EagerJobs:
    """Scoring in the submitting process.

    needs: nothing, no broker · configuration: `[jobs] backend = "eager"` · delivery: a batch has ended when `submit`
    returns; its end is kept until `completed` · ordering: as submitted · replay: none, the log's position is the truth ·
    limits: one core.
    """

    def __init__(self, score: Callable[[Sequence[Post]], Sequence[Score]]) -> None:
        self._app = Celery("qingting", set_as_current=False)
        declare(self._app, score)
        self._ended: list[Completed] = []

    def submit(self, batch: Sequence[Post]) -> str:
        result = self._app.tasks[JOB].apply(args=(_encoder.encode(batch),), throw=False)
        handle = str(result.id)
        if result.successful():
            self._ended.append(Completed(handle, scores=_scores.decode(result.result)))
        else:
            self._ended.append(Completed(handle, failure=_reason(result.result)))
        return handle

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        del timeout_s  # nothing is ever under way
        ended, self._ended = self._ended, []
        return tuple(ended)


def _reason(fault: object) -> str:
    """Name the fault; an unknown exception's own words may hold a post's text and stay out."""
    return str(fault) if isinstance(fault, QingtingError) else f"打分出错（{type(fault).__name__}）。"
