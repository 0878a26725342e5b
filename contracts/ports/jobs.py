"""The jobs port: batches of posts go out to be scored, results come back, in any order."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from contracts.post import Post
from contracts.score import Score


class Completed(msgspec.Struct, frozen=True):
    """The end of one submitted batch: scores in the batch's order, or the reason why there are none."""

    handle: str
    scores: tuple[Score, ...] = ()
    failure: str = ""


class Jobs(Protocol):
    """A submitted batch ends exactly once in `completed`, with scores or with a failure; nothing is lost silently."""

    def submit(self, batch: Sequence[Post]) -> str:
        """Hand out a batch and return its handle. Raises Retryable when no worker can be reached."""
        ...

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        """Return the batches that ended since the last call, waiting up to `timeout_s` for the first."""
        ...
