"""Calibrates an encoder's logits and chooses the operating points of its mixture with the n-gram model."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.topic import TOPICS
from pipeline.scorers.encoder import EncoderHeads
from pipeline.scorers.ngram import HEADS, MARKS, SENTIMENTS
from pipeline.training import ASIDE, Floats, best_floor, platt

BESIDE: Final = 0.3
"""Share of the n-gram model; on unseen posts of the training part .2 to .5 are as good."""
_BETA: Final = {"attack": 0.7, "counter": 1.0}
"""What the operating point of a mark is chosen for, precision before recall for attacks; topics have 1."""
_SLOPES: Final = np.linspace(0.1, 2.0, 191)


class Asides(msgspec.Struct, frozen=True):
    """Posts that neither model has seen, of which the n-gram model learned more (ASIDE): what both say and what is so; (posts, 2)."""

    encoder: Floats
    linear: Floats
    truth: npt.NDArray[np.bool_]


def mixed(
    encoder: Floats,
    linear: Floats,
    truth: npt.NDArray[np.bool_],
    shifts: npt.NDArray[np.float32],
    beside: float = BESIDE,
    asides: Asides | None = None,
) -> EncoderHeads:
    """Return the heads over an encoder that gives logits itself: a slope and an intercept each (Platt 1999), and the points.

    `encoder` and `linear` hold the logits of posts that neither model has seen, the linear model's sentiment calibrated;
    `truth` says which heads are so; all (posts, heads). The three sentiments share one slope (temperature scaling, Guo
    et al. 2017), under which the mixture is honest. Help and danger keep the shifts of the n-gram model: the lane that
    decides them was fitted to those; with `asides` their share is fitted on these, too. Raises ValueError where a head is
    so of none of the posts, or of all.
    """
    three = len(SENTIMENTS)
    weights, bias, shares = np.eye(len(HEADS)), np.zeros(len(HEADS)), np.full(len(HEADS), beside)
    floors = np.zeros(len(TOPICS), dtype=np.float32)

    def surprise(slope: float) -> float:
        both = (1 - beside) * slope * encoder[:, :three] + beside * linear[:, :three]
        return float((np.logaddexp.reduce(both, axis=1) - both[truth[:, :three]]).mean())

    weights[:three, :three] *= min(_SLOPES.tolist(), key=surprise)
    for column, head in enumerate(HEADS[three:], three):
        so = truth[:, column]
        if so.all() or not so.any():
            raise ValueError(f"the unseen posts are all alike in {head}: take more posts")
        slope, intercept = platt(encoder[:, column], so)
        other_slope, other_intercept = platt(linear[:, column], so)
        ours, others = slope * encoder[:, column] + intercept, other_slope * linear[:, column] + other_intercept
        if asides is not None and head in ASIDE:
            row = ASIDE.index(head)
            more = (slope * asides.encoder[:, row] + intercept, other_slope * asides.linear[:, row] + other_intercept)
            shares[column] = best_share(ours, others, so, *more, asides.truth[:, row])
        share = 1 - shares[column]
        weights[column, column], bias[column] = slope, intercept
        both = share * ours + shares[column] * others
        if head in MARKS:
            point = best_floor(both, so, _BETA[head]) if head in _BETA else -float(shifts[MARKS.index(head)])
            bias[column] -= point / share
        else:
            floors[column - three] = 1 / (1 + np.exp(-best_floor(both, so, 1.0)))
    return EncoderHeads(weights, bias, floors, shares)


def best_share(
    ours: Floats, others: Floats, so: npt.NDArray[np.bool_],
    more_ours: Floats, more_others: Floats, more_so: npt.NDArray[np.bool_],
) -> float:  # fmt: skip
    """Return the share of the others' log-odds, 0 to .95, in the logistic regression of both on all posts.

    The two sets of posts have a start of their own each: what is rare in one is common in the other.
    """
    from sklearn.linear_model import LogisticRegression

    further = np.append(np.zeros(len(ours)), np.ones(len(more_ours)))
    columns = np.column_stack([np.append(ours, more_ours), np.append(others, more_others), further])
    own, other, _ = LogisticRegression(C=10.0, max_iter=2000).fit(columns, np.append(so, more_so)).coef_[0]
    return float(np.clip(other / max(own + other, 1e-9), 0.0, 0.95))
