"""Measures scorers on labelled posts that no model has seen, side by side on the same rows.

Intervals are 95 % percentile bootstrap over posts with a fixed seed: the same input gives the same figures.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.ports.scorer import Judgement, Scorer
from contracts.topic import TOPIC_WORDS, TOPICS
from pipeline import labelled, lane, scorers
from pipeline.labelled import LabelledPost
from pipeline.scorers import ngram
from text.normalise import normalise

BASELINE: Final = "snownlp"
_SEED: Final = 20261124
_RESAMPLES: Final = 500
_SENTIMENTS: Final = {"negative": -1, "neutral": 0, "positive": 1}
_SHARED: Final = Path(__file__).parent.parent.parent / "shared"
_BATCH: Final = 500

Bools = npt.NDArray[np.bool_]


class Measured(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one scorer reached on one split."""

    scorer: str
    split: str
    """Whose posts: `all`, or an origin."""
    posts: int
    sentiment_accuracy: Measured
    sentiment_macro_f1: Measured
    sentiment_f1: dict[str, Measured]
    topics_micro_f1: Measured | None = None
    """None for a scorer that judges sentiment only; so are the next ones."""
    topics_macro_f1: Measured | None = None
    """Over the topics that occur in the split."""
    topic_f1: dict[str, Measured] = {}
    mark_f1: dict[str, Measured] = {}
    """help (the lane's decision, rules included), attack, counter, danger at 0.5."""
    positives: dict[str, int] = {}
    """How many posts of the split carry each topic or mark."""
    calibration_error: float = 0.0
    """Expected calibration error of the sentiment, 15 bins."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Every scorer on every split."""

    posts: int
    seed: int
    interval: str
    figures: tuple[Figures, ...]


def held_out(labels: Path | None = None, *, shared: Path = _SHARED) -> tuple[LabelledPost, ...]:
    """Return labelled posts that the shipped model was not trained on.

    With `labels` that file's posts, less any the model knows. Without it the held-out part of the own corpus and, where
    the shared folder stands beside the checkout, of the labelled real posts. Raises Rejected for a broken file.
    """
    if labels is not None:
        return _unseen(labelled.read_labelled(labels))
    posts = [*labelled.real_posts(shared / "data"), *labelled.own_posts()]
    return _unseen(tuple(post for post in posts if labelled.is_held_out(post)))


def _unseen(posts: tuple[LabelledPost, ...]) -> tuple[LabelledPost, ...]:
    known = set(ngram.read(ngram.MODEL).trained.tolist())
    return tuple(post for post in posts if labelled.digest(post.text) not in known)


def evaluate(names: Sequence[str], posts: Sequence[LabelledPost]) -> Evaluation:
    """Measure the named scorers and the baseline on the same posts, overall and by origin."""
    ordered = dict.fromkeys((*names, BASELINE))
    origins = sorted({post.origin for post in posts})
    figures = []
    for name in ordered:
        scorer = scorers.load(name)
        judged = judge_all(scorer, [post.text for post in posts])
        for split in ("all", *(origins if len(origins) > 1 else ())):
            chosen = [number for number, post in enumerate(posts) if split in {"all", post.origin}]
            figures.append(measure(name, split, [posts[n] for n in chosen], [judged[n] for n in chosen]))
    return Evaluation(posts=len(posts), seed=_SEED, interval="95% bootstrap over posts", figures=tuple(figures))


class Decided(msgspec.Struct, frozen=True):
    """A scorer's judgement of a text and what the lane makes of it."""

    judgement: Judgement
    verdict: lane.LaneVerdict


def judge_all(scorer: Scorer, texts: Sequence[str]) -> list[Decided]:
    """Judge texts as the pipeline does: normalised, then scored, then laned."""
    clean = [normalise(text) for text in texts]
    judged = [item for start in range(0, len(clean), _BATCH) for item in scorer.score(clean[start : start + _BATCH])]
    return [Decided(found, lane.judge(text, found)) for text, found in zip(clean, judged, strict=True)]


def measure(name: str, split: str, posts: Sequence[LabelledPost], decided: Sequence[Decided]) -> Figures:
    """Hold decisions against labels; a pure function."""
    truth = np.array([post.sentiment for post in posts])
    spread = np.array([msgspec.structs.astuple(item.judgement.sentiment) for item in decided]).reshape(-1, 3)
    said = spread.argmax(axis=1) - 1
    resamples = np.random.default_rng(_SEED).integers(0, max(len(posts), 1), size=(_RESAMPLES, len(posts)))
    classes = {word: (truth == value, said == value) for word, value in _SENTIMENTS.items()}
    shared: dict[str, Any] = {
        "scorer": name, "split": split, "posts": len(posts),
        "sentiment_accuracy": _measured(_mean(truth == said, resamples)),
        "sentiment_macro_f1": _measured(np.mean([_f1(*pair, resamples) for pair in classes.values()], axis=0)),
        "sentiment_f1": {word: _measured(_f1(*pair, resamples)) for word, pair in classes.items()},
        "calibration_error": _calibration_error(spread, truth == said),
    }  # fmt: skip
    if name == BASELINE:
        return Figures(**shared)
    topics = {topic: (_has(posts, topic), _said_topic(decided, topic)) for topic in TOPICS}
    marks = {
        mark: (np.array([getattr(post, mark) for post in posts], dtype=bool), _said_mark(decided, mark))
        for mark in ngram.MARKS
    }
    occurring = [pair for pair in topics.values() if pair[0].any()]
    together = (
        np.concatenate([pair[0] for pair in topics.values()]), np.concatenate([pair[1] for pair in topics.values()])
    )  # fmt: skip
    spread_out = np.concatenate([resamples + len(posts) * number for number in range(len(topics))], axis=1)
    return Figures(
        **shared,
        topics_micro_f1=_measured(_f1(*together, spread_out)),
        topics_macro_f1=_measured(np.mean([_f1(*pair, resamples) for pair in occurring], axis=0))
        if occurring
        else None,
        topic_f1={topic: _measured(_f1(*pair, resamples)) for topic, pair in topics.items() if pair[0].any()},
        mark_f1={mark: _measured(_f1(*pair, resamples)) for mark, pair in marks.items() if pair[0].any()},
        positives={key: int(pair[0].sum()) for key, pair in (topics | marks).items()},
    )


def _has(posts: Sequence[LabelledPost], topic: str) -> Bools:
    return np.array([topic in post.topics for post in posts], dtype=bool)


def _said_topic(decided: Sequence[Decided], topic: str) -> Bools:
    return np.array([any(code == topic for code, _ in item.judgement.topics[:3]) for item in decided], dtype=bool)


def _said_mark(decided: Sequence[Decided], mark: str) -> Bools:
    if mark == "help":
        return np.array([item.verdict.lane is not None for item in decided], dtype=bool)
    if mark == "danger":
        return np.array([item.verdict.danger >= 0.5 for item in decided], dtype=bool)
    return np.array([getattr(item.judgement, mark) >= 0.5 for item in decided], dtype=bool)


Values = npt.NDArray[np.float64]
"""The figure itself, then its value in each resample."""


def _mean(right: Bools, resamples: npt.NDArray[np.int64]) -> Values:
    if not len(right):
        return np.zeros(1 + _RESAMPLES)
    return np.append(right.mean(), right[resamples].mean(axis=1))


def _f1(truth: Bools, said: Bools, resamples: npt.NDArray[np.int64]) -> Values:
    def of(truth: Bools, said: Bools) -> Any:
        claimed = truth.sum(axis=-1) + said.sum(axis=-1)
        return 2 * (truth & said).sum(axis=-1) / np.maximum(claimed, 1)

    return np.append(of(truth, said), of(truth[resamples], said[resamples]))


def _measured(values: Values) -> Measured:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Measured(round(float(values[0]), 4), round(float(low), 4), round(float(high), 4))


def _calibration_error(spread: Values, right: Bools) -> float:
    if not len(right):
        return 0.0
    sure = spread.max(axis=1)
    bins = np.minimum((sure * 15).astype(int), 14)
    gaps = [(bins == part).mean() * abs(sure[bins == part].mean() - right[bins == part].mean()) for part in set(bins)]
    return round(float(sum(gaps)), 4)


def as_json(result: Evaluation) -> bytes:
    """Return the evaluation as JSON."""
    return msgspec.json.encode(result)


def table(result: Evaluation) -> str:
    """Return the figures as plain Chinese lines."""
    lines = [f"留出数据 {result.posts} 帖；方括号内为 95% 区间。"]
    for found in result.figures:
        lines.append(f"\n{found.scorer} · {'全部' if found.split == 'all' else found.split} · {found.posts} 帖")
        lines.append(f"  情感  准确率 {_shown(found.sentiment_accuracy)}  宏平均 F1 {_shown(found.sentiment_macro_f1)}")
        lines.append("        " + _row({"负": found.sentiment_f1["negative"], "中": found.sentiment_f1["neutral"], "正": found.sentiment_f1["positive"]}) + f"  校准误差 {found.calibration_error:.3f}")  # fmt: skip
        if found.topics_micro_f1 is not None and found.topics_macro_f1 is not None:
            lines.append(
                f"  主题  微平均 F1 {_shown(found.topics_micro_f1)}  宏平均 F1 {_shown(found.topics_macro_f1)}"
            )
            lines.extend(
                f"        {TOPIC_WORDS[topic]}（{found.positives[topic]}）{_shown(value)}"
                for topic, value in found.topic_f1.items()
            )
            words = {"help": "求助", "attack": "攻击", "counter": "反驳", "danger": "危险"}
            lines.append("  标记  " + _row({f"{words[mark]}（{found.positives[mark]}）": value for mark, value in found.mark_f1.items()}))  # fmt: skip
    return "\n".join(lines)


def _shown(value: Measured) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _row(values: Mapping[str, Measured]) -> str:
    return "  ".join(f"{word} {_shown(value)}" for word, value in values.items())
