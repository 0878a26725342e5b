"""Measures scorers on labelled posts that no model has seen, side by side on the same rows."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from contracts.ports.scorer import Judgement, Scorer
from contracts.topic import TOPICS
from pipeline import labelled, lane, meant, scorers
from pipeline.figures import (
    MARKS,
    SEED,
    Decided,
    Figures,
    Floats,
    Measured,
    answers,
    f1,
    macro_f1,
    measure,
    measured,
    resamples,
    sentiment_answers,
)
from pipeline.labelled import LabelledPost
from pipeline.scorers import ngram
from pipeline.scorers.ngram import HEADS, NgramScorer, honest
from pipeline.understanding import likeliest
from text.normalise import normalise

BASELINE: Final = "snownlp"
_SHARED: Final = Path(__file__).parent.parent.parent / "shared"
_BATCH: Final = 500


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How far the first scorer is ahead of another one on the posts that neither was trained on (paired bootstrap)."""

    against: str
    posts: int
    sentiment_macro_f1: Measured
    f1: dict[str, Measured] = {}
    """Of each topic and mark that occurs; empty against a scorer that judges sentiment only."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Every scorer on every split."""

    posts: int
    seed: int
    interval: str
    figures: tuple[Figures, ...]
    differences: tuple[Difference, ...] = ()
    models: dict[str, str] = {}
    """Scorer → name and version of what judged."""
    left_out: int = 0
    """Posts of the labels that are not counted, since the model was trained on them."""
    labels_digest: str = ""
    """blake2b (128 bits) over texts and labels, in order: the same digest, the same posts."""


def held_out(labels: Path | None = None, *, shared: Path = _SHARED) -> tuple[LabelledPost, ...]:
    """Return labelled posts that the shipped model was not trained on.

    With `labels` that file's posts, less any the model knows. Without it the held-out part of the own corpus and, where
    the shared folder stands beside the checkout, of the labelled real posts. Raises Rejected for a broken file.
    """
    known = _known(ngram.MODEL)
    if labels is not None:
        return _unseen(labelled.read_labelled(labels), known)
    posts = [*labelled.real_posts(shared / "data"), *labelled.own_posts()]
    return _unseen([post for post in posts if labelled.is_held_out(post)], known)


def left_out(labels: Path | None) -> int:
    """Return how many posts of a file `held_out` leaves out. Raises Rejected for a broken file."""
    return len(labelled.read_labelled(labels)) - len(held_out(labels)) if labels else 0


def own_held_out() -> tuple[LabelledPost, ...]:
    """Return the held-out part of the own corpus: what every installation carries."""
    return tuple(post for post in labelled.own_posts() if labelled.is_held_out(post))


def _known(model: Path) -> frozenset[int]:
    return frozenset(ngram.read(model).trained.tolist())


def _unseen(posts: Sequence[LabelledPost], known: frozenset[int]) -> tuple[LabelledPost, ...]:
    return tuple(post for post in posts if labelled.digest(post.text) not in known)


def evaluate(
    names: Sequence[str], posts: Sequence[LabelledPost], *, models: Mapping[str, Path] | None = None, left_out: int = 0
) -> Evaluation:
    """Measure the named scorers, the models given by file, and the baseline, overall and by origin.

    The first one is also held against each other one, post by post. A model from a file may have been trained on some
    of these posts: those are left out of its own figures and of the comparison with it.
    """
    ordered: dict[str, Path | None] = dict.fromkeys((*names, *(models or {}), BASELINE)) | dict(models or {})
    origins = sorted({post.origin for post in posts})
    splits = ("all", *(origins if len(origins) > 1 else ()))
    figures: list[Figures] = []
    differences: list[Difference] = []
    first: list[Decided] = []
    versions: dict[str, str] = {}
    for name, model in ordered.items():
        scorer = NgramScorer.load(model) if model else scorers.load(name)
        versions[name] = scorer.name
        known = _known(model) if model else frozenset()
        usable = np.array([labelled.digest(post.text) not in known for post in posts], dtype=bool)
        decided = judge_all(scorer, [post.text for post in posts])
        chances = chances_of(scorer, [post.text for post in posts])
        for split in splits:
            chosen = [row for row in np.flatnonzero(usable).tolist() if split in {"all", posts[row].origin}]
            figures.append(
                measure(
                    name, split, [posts[row] for row in chosen], [decided[row] for row in chosen],
                    {head: values[chosen] for head, values in chances.items()}, sentiment_only=name == BASELINE,
                )
            )  # fmt: skip
        if not first:
            first = decided
        elif posts:
            rows = np.flatnonzero(usable).tolist()
            differences.append(
                difference(
                    name, [posts[row] for row in rows], [first[row] for row in rows], [decided[row] for row in rows],
                    sentiment_only=name == BASELINE,
                )
            )  # fmt: skip
    return Evaluation(
        posts=len(posts), seed=SEED, interval="95% bootstrap over posts", figures=tuple(figures),
        differences=tuple(differences), models=versions, left_out=left_out, labels_digest=_digest(posts),
    )  # fmt: skip


def _digest(posts: Sequence[LabelledPost]) -> str:
    hasher = blake2b(digest_size=16)
    for post in posts:
        hasher.update(msgspec.json.encode(msgspec.structs.replace(post, text=f"{labelled.digest(post.text):016x}")))
    return hasher.hexdigest()


def judge_all(scorer: Scorer, texts: Sequence[str]) -> list[Decided]:
    """Judge texts as the pipeline does: normalised, scored, laned, and asked who is meant."""
    clean = [normalise(text) for text in texts]
    judged = [item for start in range(0, len(clean), _BATCH) for item in scorer.score(clean[start : start + _BATCH])]
    return decide(clean, judged)


def decide(clean: Sequence[str], judged: Sequence[Judgement]) -> list[Decided]:
    """Return what the pipeline makes of a scorer's judgements on normalised texts."""
    return [
        Decided(found, verdict, meant.settle(text, found, likeliest(found)))
        for text, found, verdict in zip(clean, judged, lane.judge_all(clean, judged), strict=True)
    ]


def chances_of(scorer: Scorer, texts: Sequence[str]) -> dict[str, Floats]:
    """Return the calibrated probability of each topic and mark; nothing for a scorer that does not give them all."""
    if not isinstance(scorer, NgramScorer) or not texts:
        return {}
    clean = [normalise(text) for text in texts]
    table = np.concatenate(
        [honest(scorer.model, clean[start : start + _BATCH]) for start in range(0, len(clean), _BATCH)]
    )
    return {head: table[:, column] for column, head in enumerate(HEADS) if head in {*TOPICS, *MARKS}}


def difference(
    against: str,
    posts: Sequence[LabelledPost],
    ours: Sequence[Decided],
    theirs: Sequence[Decided],
    *,
    sentiment_only: bool = False,
) -> Difference:
    """Return how far `ours` is ahead of `theirs` on the same posts, resampled together."""
    rows = resamples(len(posts))
    one, other = answers(posts, ours), answers(posts, theirs)
    heads = [] if sentiment_only else [head for head, (truth, _) in one.items() if truth.any()]
    return Difference(
        against=against,
        posts=len(posts),
        sentiment_macro_f1=measured(
            macro_f1(sentiment_answers(posts, ours), rows) - macro_f1(sentiment_answers(posts, theirs), rows)
        ),
        f1={head: measured(f1(*one[head], rows) - f1(*other[head], rows)) for head in heads},
    )


def as_json(result: Evaluation) -> bytes:
    """Return the evaluation as JSON."""
    return msgspec.json.encode(result)
