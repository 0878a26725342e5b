"""Figures of training posts by models that have not seen them: each post judged by the fold that left its group out.

What `pipeline.training` keeps of its folds are logits; they are read here as the program reads the shipped model's own,
rules included. Operating points and calibration were chosen over the same folds, which flatters a little.
"""

from collections.abc import Sequence

import numpy as np

from contracts.ports.scorer import Scorer
from pipeline import evaluation
from pipeline.evaluation import Evaluation
from pipeline.figures import SEED, Decided, Floats, measure
from pipeline.labelled import LabelledPost
from pipeline.scorers.ngram import HEADS, MARKS, SENTIMENTS, Model, judged
from text.normalise import normalise


def evaluate(
    model: Model, posts: Sequence[LabelledPost], logits: Floats, *, baseline: Scorer | None = None
) -> Evaluation:
    """Measure posts by their unseen logits, (posts, heads) as `training.Trained.unseen`, overall and by origin.

    With a baseline its sentiment is held against the same posts, resampled together.
    """
    decided = _decided(model, posts, logits)
    chances = _chances(model, logits)
    origins = sorted({post.origin for post in posts})
    figures = []
    for split in ("all", *(origins if len(origins) > 1 else ())):
        rows = [row for row, post in enumerate(posts) if split in {"all", post.origin}]
        figures.append(
            measure(
                model.name, split, [posts[row] for row in rows], [decided[row] for row in rows],
                {head: values[rows] for head, values in chances.items()},
            )
        )  # fmt: skip
    differences = []
    if baseline is not None and posts:
        theirs = evaluation.judge_all(baseline, [post.text for post in posts])
        differences.append(
            evaluation.difference(evaluation.BASELINE, posts, decided, theirs, sentiment_only=True)
        )  # fmt: skip
    return Evaluation(
        posts=len(posts), seed=SEED, interval="95% bootstrap over posts", figures=tuple(figures),
        differences=tuple(differences), models={model.name: model.name},
    )  # fmt: skip


def _decided(model: Model, posts: Sequence[LabelledPost], logits: Floats) -> list[Decided]:
    return evaluation.decide([normalise(post.text) for post in posts], judged(logits, model.floors))


def _chances(model: Model, logits: Floats) -> dict[str, Floats]:
    """Return the calibrated probability of each topic and mark: the marks' logits were shifted to their operating points."""
    honest = logits.astype(np.float64)
    honest[:, -len(MARKS) :] -= model.shifts
    chances = 1.0 / (1.0 + np.exp(-np.clip(honest, -60.0, 60.0)))
    return {head: chances[:, column] for column, head in enumerate(HEADS) if column >= len(SENTIMENTS)}
