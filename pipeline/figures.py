"""The figures by which a scorer is held against labels: F1, recall, confusion, calibration, each with its interval.

Intervals are 95 % percentile bootstrap over posts with a fixed seed: the same input gives the same figures. Pure
functions over arrays; what is measured on what is decided in `pipeline.evaluation`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.ports.scorer import Judgement
from contracts.score import MARKED
from contracts.topic import TOPICS
from pipeline.labelled import LabelledPost
from pipeline.lane import LaneVerdict
from pipeline.meant import Meant

SEED: Final = 20261124
RESAMPLES: Final = 500
MARKS: Final = ("help", "attack", "counter", "danger")
SENTIMENTS: Final = {"negative": -1, "neutral": 0, "positive": 1}
BINS: Final = 15

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Resamples = npt.NDArray[np.int64]


class Measured(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class Confusion(msgspec.Struct, frozen=True):
    """How often a yes or no was right and wrong."""

    hits: int
    false_alarms: int
    misses: int
    rest: int


class Bin(msgspec.Struct, frozen=True):
    """Posts whose probability lies in one fifteenth of 0..1: their mean probability, the share that is so, how many."""

    said: float
    so: float
    posts: int


class Decided(msgspec.Struct, frozen=True):
    """A scorer's judgement of a text, and what the lane and the rule of who is meant make of it."""

    judgement: Judgement
    verdict: LaneVerdict
    meant: Meant


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one scorer reached on one split."""

    scorer: str
    split: str
    """Whose posts: `all`, or an origin."""
    posts: int
    sentiment_accuracy: Measured
    sentiment_macro_f1: Measured
    sentiment_f1: dict[str, Measured]
    sentiment_confusion: dict[str, dict[str, int]]
    """True sentiment → said sentiment → posts."""
    topics_micro_f1: Measured | None = None
    """None for a scorer that judges sentiment only; so are the next ones."""
    topics_macro_f1: Measured | None = None
    """Over the topics that occur in the split."""
    topic_f1: dict[str, Measured] = {}
    mark_f1: dict[str, Measured] = {}
    """As shown: help and danger by lane, rules included; attack and counter-speech after the rule of who is meant."""
    mark_recall: dict[str, Measured] = {}
    mark_precision: dict[str, Measured] = {}
    confusion: dict[str, Confusion] = {}
    """Of each topic and mark."""
    supporters_as_attackers: Measured | None = None
    """Share of the posts that defend women and attack nobody which carry 疑似攻击."""
    positives: dict[str, int] = {}
    """How many posts of the split carry each topic or mark."""
    calibration_error: float = 0.0
    """Expected calibration error of the sentiment, 15 bins."""
    calibration_errors: dict[str, float] = {}
    """The same for every head whose probability the scorer gives."""
    reliability: dict[str, tuple[Bin, ...]] = {}
    """The curve behind each calibration error."""


def resamples(posts: int) -> Resamples:
    """Return the rows of each resample: (RESAMPLES, posts)."""
    return np.random.default_rng(SEED).integers(0, max(posts, 1), size=(RESAMPLES, posts))


def answers(posts: Sequence[LabelledPost], decided: Sequence[Decided]) -> dict[str, tuple[Bools, Bools]]:
    """Return truth and answer of every topic and mark."""
    return {topic: (_has(posts, topic), _said_topic(decided, topic)) for topic in TOPICS} | {
        mark: (np.array([getattr(post, mark) for post in posts], dtype=bool), _said_mark(decided, mark))
        for mark in MARKS
    }


def sentiment_answers(posts: Sequence[LabelledPost], decided: Sequence[Decided]) -> dict[str, tuple[Bools, Bools]]:
    """Return truth and answer of each sentiment against the rest."""
    truth = np.array([post.sentiment for post in posts])
    said = _spread(decided).argmax(axis=1) - 1 if decided else truth
    return {word: (truth == value, said == value) for word, value in SENTIMENTS.items()}


def measure(
    name: str,
    split: str,
    posts: Sequence[LabelledPost],
    decided: Sequence[Decided],
    chances: Mapping[str, Floats] | None = None,
    *,
    sentiment_only: bool = False,
) -> Figures:
    """Hold decisions against labels. `chances`: the probability of each topic and mark, where the scorer gives it."""
    rows = resamples(len(posts))
    classes = sentiment_answers(posts, decided)
    spread = _spread(decided)
    right = _right(classes)
    shared: dict[str, Any] = {
        "scorer": name, "split": split, "posts": len(posts),
        "sentiment_accuracy": measured(_mean(right, rows)),
        "sentiment_macro_f1": measured(macro_f1(classes, rows)),
        "sentiment_f1": {word: measured(f1(*pair, rows)) for word, pair in classes.items()},
        "sentiment_confusion": {
            word: {other: int((truth & said).sum()) for other, (_, said) in classes.items()}
            for word, (truth, _) in classes.items()
        },
        "calibration_error": calibration_error(spread.max(axis=1), right) if len(posts) else 0.0,
    }  # fmt: skip
    if sentiment_only:
        return Figures(**shared)
    pairs = answers(posts, decided)
    occurring = [pairs[topic] for topic in TOPICS if pairs[topic][0].any()]
    marked = {mark: pairs[mark] for mark in MARKS if pairs[mark][0].any()}
    together = tuple(np.concatenate([pairs[topic][side] for topic in TOPICS]) for side in (0, 1))
    spread_out = np.concatenate([rows + len(posts) * number for number in range(len(TOPICS))], axis=1)
    # what nobody in the file carries may simply not be labelled there: no figure, rather than a false one
    known = {head: (values, pairs[head][0]) for head, values in (chances or {}).items() if pairs[head][0].any()}
    if len(posts):
        known["sentiment"] = (spread.max(axis=1), right)
    return Figures(
        **shared,
        topics_micro_f1=measured(f1(together[0], together[1], spread_out)) if occurring else None,
        topics_macro_f1=measured(np.mean([f1(*pair, rows) for pair in occurring], axis=0)) if occurring else None,
        topic_f1={topic: measured(f1(*pairs[topic], rows)) for topic in TOPICS if pairs[topic][0].any()},
        mark_f1={mark: measured(f1(*pair, rows)) for mark, pair in marked.items()},
        mark_recall={mark: measured(share(said, truth, rows)) for mark, (truth, said) in marked.items()},
        mark_precision={mark: measured(share(truth, said, rows)) for mark, (truth, said) in marked.items()},
        confusion={head: _confusion(*pair) for head, pair in pairs.items()},
        supporters_as_attackers=_supporters(posts, pairs["attack"][1], rows),
        positives={head: int(truth.sum()) for head, (truth, _) in pairs.items()},
        calibration_errors={head: calibration_error(*pair) for head, pair in known.items()},
        reliability={head: curve(*pair) for head, pair in known.items()},
    )


def measured(values: Floats) -> Measured:
    """Return the figure (first) with the interval of its resamples (the rest)."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Measured(round(float(values[0]), 4), round(float(low), 4), round(float(high), 4))


def f1(truth: Bools, said: Bools, rows: Resamples) -> Floats:
    """Return F1, then F1 in each resample."""

    def of(truth: Bools, said: Bools) -> Any:
        claimed = truth.sum(axis=-1) + said.sum(axis=-1)
        return 2 * (truth & said).sum(axis=-1) / np.maximum(claimed, 1)

    return np.append(of(truth, said), of(truth[rows], said[rows]))


def macro_f1(classes: Mapping[str, tuple[Bools, Bools]], rows: Resamples) -> Floats:
    """Return the mean F1 of the classes, then the same in each resample."""
    return np.asarray(np.mean([f1(*pair, rows) for pair in classes.values()], axis=0))


def curve(chances: Floats, so: Bools) -> tuple[Bin, ...]:
    """Return the bins of a reliability curve that hold any post, from 0 to 1."""
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(round(float(chances[bins == part].mean()), 4), round(float(so[bins == part].mean()), 4), int((bins == part).sum()))
        for part in sorted(set(bins.tolist()))
    )  # fmt: skip


def calibration_error(chances: Floats, so: Bools) -> float:
    """Return the expected calibration error: by how much probability and share differ, weighted by posts."""
    if not len(chances):
        return 0.0
    return round(sum(part.posts * abs(part.said - part.so) for part in curve(chances, so)) / len(chances), 4)


def _spread(decided: Sequence[Decided]) -> Floats:
    return np.array([msgspec.structs.astuple(item.judgement.sentiment) for item in decided]).reshape(-1, 3)


def _right(classes: Mapping[str, tuple[Bools, Bools]]) -> Bools:
    return np.asarray(np.any([truth & said for truth, said in classes.values()], axis=0))


def _has(posts: Sequence[LabelledPost], topic: str) -> Bools:
    return np.array([topic in post.topics for post in posts], dtype=bool)


def _said_topic(decided: Sequence[Decided], topic: str) -> Bools:
    return np.array([any(code == topic for code, _ in item.judgement.topics[:3]) for item in decided], dtype=bool)


def _said_mark(decided: Sequence[Decided], mark: str) -> Bools:
    if mark == "help":
        return np.array([item.verdict.help >= MARKED for item in decided], dtype=bool)
    if mark == "danger":
        return np.array([item.verdict.danger >= MARKED for item in decided], dtype=bool)
    return np.array([getattr(item.meant, mark) >= MARKED for item in decided], dtype=bool)


def _supporters(posts: Sequence[LabelledPost], attack: Bools, rows: Resamples) -> Measured | None:
    support = np.array([post.counter and not post.attack for post in posts], dtype=bool)
    return measured(share(attack, support, rows)) if support.any() else None


def _mean(right: Bools, rows: Resamples) -> Floats:
    if not len(right):
        return np.zeros(1 + RESAMPLES)
    return np.append(right.mean(), right[rows].mean(axis=1))


def share(inner: Bools, outer: Bools, rows: Resamples) -> Floats:
    """Return the share of `outer` that is `inner`, then the same in each resample; 0 where `outer` is empty."""

    def of(inner: Bools, outer: Bools) -> Any:
        return (inner & outer).sum(axis=-1) / np.maximum(outer.sum(axis=-1), 1)

    return np.append(of(inner, outer), of(inner[rows], outer[rows]))


def _confusion(truth: Bools, said: Bools) -> Confusion:
    return Confusion(
        int((truth & said).sum()), int((~truth & said).sum()), int((truth & ~said).sum()), int((~truth & ~said).sum())
    )
