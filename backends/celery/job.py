"""The one job there is: a batch of posts in, their scores out, both as JSON text."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from celery import Celery

from contracts.errors import QingtingError
from contracts.post import Post
from contracts.score import Score

JOB: Final = "qingting.score"

Scoring = Callable[[Sequence[Post]], Sequence[Score]]

_encoder: Final = msgspec.json.Encoder()
_posts: Final = msgspec.json.Decoder(tuple[Post, ...])


class Answer(msgspec.Struct, frozen=True):
    """What a job returns: scores in the batch's order, or why there are none."""

    scores: tuple[Score, ...] = ()
    failure: str = ""


_answers: Final = msgspec.json.Decoder(Answer)


def declare(app: Celery, score: Scoring) -> None:
    """Give `app` the job: a pure function that knows neither log nor home."""

    @app.task(name=JOB, shared=False)  # type: ignore[untyped-decorator]
    def job(batch: str) -> str:
        return _encoder.encode(_answer(_posts.decode(batch), score)).decode()


def encode_batch(batch: Sequence[Post]) -> str:
    return _encoder.encode(batch).decode()


def decode_answer(answer: str) -> Answer:
    return _answers.decode(answer)


def _answer(posts: tuple[Post, ...], score: Scoring) -> Answer:
    try:
        scores = tuple(score(posts))
    except QingtingError as fault:
        return Answer(failure=str(fault))
    except Exception as fault:  # noqa: BLE001 - whatever breaks is the batch's end; its words may hold a post's text and stay here
        return Answer(failure=f"打分出错（{type(fault).__name__}）。")
    if len(scores) != len(posts):
        return Answer(failure=f"打分器给 {len(posts)} 帖打出 {len(scores)} 个分数，整批作废。")
    return Answer(scores)
