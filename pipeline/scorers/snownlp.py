"""SnowNLP's sentiment behind the scorer port: the measured baseline, not meant for use.

Needs: `pip install "qingting[baseline]"`. Judges sentiment only; topics stay empty and the four marks 0.
Limits: some hundred posts a second, seconds and some 400 MB to load, no neutral class of its own.
"""

from collections.abc import Sequence
from typing import Final

from contracts.errors import NotConfigured
from contracts.ports.scorer import Judgement
from contracts.score import Sentiment

_LONGEST: Final = 2000
"""Characters that are read: its probability saturates long before, and its time grows with the length."""
_BAND: Final = (0.4, 0.6)
"""Between these its probability counts as neutral: the bands of the published comparison."""
_NO_VIEW: Final = Sentiment(0.0, 1.0, 0.0)


class SnowNlpScorer:
    """Naive Bayes over words, trained by its author on shopping reviews."""

    def __init__(self) -> None:
        try:
            from snownlp import sentiment
        except ImportError as missing:
            raise NotConfigured('没有安装 snownlp；请运行 pip install "qingting[baseline]"。') from missing
        self._classify = sentiment.classify

    @property
    def name(self) -> str:
        return "snownlp"

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        return [Judgement(sentiment=self._sentiment(text)) for text in texts]

    def _sentiment(self, text: str) -> Sentiment:
        # An empty text divides by zero in there, and lone surrogates break its word splitter.
        readable = text[:_LONGEST].encode("utf-8", "ignore").decode("utf-8").strip()
        if not readable:
            return _NO_VIEW
        return _spread(float(self._classify(readable)))


def _spread(positive: float) -> Sentiment:
    """Spread one probability over three classes, so that the likeliest is the one that the bands name."""
    low, high = _BAND
    neutral = 0.5 if low <= positive <= high else 0.0
    rest = 1.0 - neutral
    return Sentiment((1.0 - positive) * rest, neutral, positive * rest)
