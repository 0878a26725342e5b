"""The scorers by name: `ngram`, the default, `snownlp`, the baseline it is held against, and `encoder:FOLDER`."""

from pathlib import Path
from typing import Final

from contracts.errors import NotConfigured
from contracts.ports.scorer import Scorer

ENCODER: Final = "encoder:"
"""Stands before the folder of a local encoder."""


def load(name: str, model: Path | None = None) -> Scorer:
    """Return the scorer `name`, with another model file where one is given; raises NotConfigured for an unknown name, a missing extra or a broken model file."""
    match name:
        case "ngram":
            from pipeline.scorers.ngram import MODEL, NgramScorer

            return NgramScorer.load(model or MODEL)
        case "snownlp":
            from pipeline.scorers.snownlp import SnowNlpScorer

            return SnowNlpScorer()
        case _ if name.startswith(ENCODER):
            from pipeline.scorers.encoder import EncoderScorer
            from pipeline.scorers.ngram import MODEL

            return EncoderScorer.load(Path(name.removeprefix(ENCODER)), model or MODEL)
        case _:
            raise NotConfigured(
                f"没有名为 {name} 的打分器；[pipeline] scorer 可填 ngram（默认）、snownlp（对照基线）或 encoder:目录（本机编码器）。"
            )
