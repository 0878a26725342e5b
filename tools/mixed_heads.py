"""Calibrates an encoder's logits and chooses the operating points of its mixture with the n-gram model."""

from typing import Final

import numpy as np
import numpy.typing as npt

from contracts.topic import TOPICS
from pipeline.scorers.encoder import EncoderHeads
from pipeline.scorers.ngram import HEADS, MARKS, SENTIMENTS
from pipeline.training import Floats, best_floor, platt

BESIDE: Final = 0.3
"""Share of the n-gram model: the best on unseen posts of the training part, and .2 to .4 are as good."""
_BETA: Final = {"attack": 0.7, "counter": 1.0}
"""As in `pipeline.training`; lower, since the mixture errs more towards yes."""


def mixed(
    encoder: Floats, linear: Floats, truth: npt.NDArray[np.bool_], shifts: npt.NDArray[np.float32], beside: float = BESIDE
) -> EncoderHeads:
    """Return the heads over an encoder that gives logits itself: a slope and an intercept each (Platt 1999), and the points.

    `encoder` and `linear` hold the logits of posts that neither model has seen, (posts, heads); `truth` the topics and
    marks, (posts, 16). The sentiments stay as they are. Help and danger keep the shifts of the n-gram model: the lane
    that decides them was fitted to those.
    """
    weights, bias = np.eye(len(HEADS)), np.zeros(len(HEADS))
    floors = np.zeros(len(TOPICS), dtype=np.float32)
    share = 1 - beside
    for column, head in enumerate(HEADS[len(SENTIMENTS) :], len(SENTIMENTS)):
        so = truth[:, column - len(SENTIMENTS)]
        slope, intercept = platt(encoder[:, column], so)
        other_slope, other_intercept = platt(linear[:, column], so)
        weights[column, column], bias[column] = slope, intercept
        both = share * (slope * encoder[:, column] + intercept)
        both += beside * (other_slope * linear[:, column] + other_intercept)
        if head in MARKS:
            point = best_floor(both, so, _BETA[head]) if head in _BETA else -float(shifts[MARKS.index(head)])
            bias[column] -= point / share
        else:
            floors[column - len(SENTIMENTS)] = 1 / (1 + np.exp(-best_floor(both, so, 1.0)))
    return EncoderHeads(weights, bias, floors)
