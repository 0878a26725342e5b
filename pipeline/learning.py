"""Fine-tunes the shipped model on a home's own corrections, on numpy alone, and says whether anything fell by it.

What the shipped model says of the corpus's own posts is kept as a rehearsal: at the shipped weights those posts pull at
nothing, so that the corrections alone move the weights, and each step that would change what is said of the corpus is
paid for. Heads that no correction contradicts stay as they are, bit by bit. Deterministic: the same inputs give the
same bytes.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.score import MARKED
from pipeline import evaluation
from pipeline.evaluation_text import HEAD_WORDS
from pipeline.explaining import probabilities
from pipeline.figures import (
    MARKS,
    Decided,
    Floats,
    answers,
    calibration_error,
    f1,
    macro_f1,
    resamples,
    sentiment_answers,
)
from pipeline.labelled import LabelledPost, digest
from pipeline.scorers.features import hashed
from pipeline.scorers.ngram import HEADS, SENTIMENTS, Delta, Model, NgramScorer, honest, logits
from text.normalise import normalise

CORRECTION: Final = 4.0
"""How much one correction weighs beside one post of the rehearsal."""
RIDGE: Final = 1.0
"""What a change of the weights costs; the shipped model was trained with a quarter of it on ten times the posts."""
SURE: Final = 0.95
"""The probability that a correction asks for: certainty itself would never be reached."""
_MOST: Final = 127
"""Steps of a learned head's own 8-bit numbers: what a few corrections add is smaller than a step of the shipped ones."""
_NEWTON: Final = 8
_CONJUGATE: Final = 10
_SHORTEST: Final = 1e-3
_GAIN: Final = 1e-6
"""A step that gains less than this share ends the search."""
FALL: Final = 0.01
"""A figure that is lower by more than this has fallen; a smaller loss counts where chance does not explain it."""
CALIBRATED: Final = 0.05
_BATCH: Final = 500

Rows = npt.NDArray[np.intp]


class Held(msgspec.Struct, frozen=True):
    """A head before and after, on the held-out posts that both have not seen."""

    head: str
    word: str
    before: float
    after: float
    fell: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What learning did to every head; `taken` only where none fell."""

    posts: int
    heads: tuple[Held, ...]
    calibration: tuple[Held, ...]
    """Expected calibration errors: these fall by rising."""

    @property
    def fallen(self) -> tuple[Held, ...]:
        return tuple(one for one in (*self.heads, *self.calibration) if one.fell)


def contradicted(model: Model, corrections: Sequence[LabelledPost]) -> tuple[str, ...]:
    """Return the heads (`sentiment` for its three) that judge a corrected post otherwise than the officer."""
    chances = _chances(model, corrections)
    three = len(SENTIMENTS)
    said = chances[:, :three].argmax(axis=1) - 1
    found = ["sentiment"] if any(said != [post.sentiment for post in corrections]) else []
    floors = [*model.floors.tolist(), *[MARKED] * len(MARKS)]
    for column, (head, floor) in enumerate(zip(HEADS[three:], floors, strict=True), three):
        if any((chances[:, column] >= floor) != [post.says(head) for post in corrections]):
            found.append(head)
    return tuple(found)


def learn(
    model: Model,
    corrections: Sequence[LabelledPost],
    rehearsal: Sequence[LabelledPost],
    say: Callable[[str], None] = lambda _: None,
) -> Model:
    """Return the model after the corrections; the same one where no correction contradicts it."""
    heads = contradicted(model, corrections)
    if not heads:
        return model
    texts = [normalise(post.text) for post in (*rehearsal, *corrections)]
    posts = _Texts(texts)
    weight = np.append(np.ones(len(rehearsal)), np.full(len(corrections), CORRECTION))
    before = _logits(model, texts)
    scale = model.scale.copy()
    bias = model.bias.astype(np.float64).copy()
    changed: list[int] = []
    steps: list[npt.NDArray[np.int8]] = []
    units: list[float] = []
    for number, head in enumerate(heads, 1):
        columns = list(range(len(SENTIMENTS))) if head == "sentiment" else [HEADS.index(head)]
        wanted = _spread(before[:, columns])
        wanted[len(rehearsal) :] = _wanted(corrections, head)
        step, shift = posts.fit(before[:, columns], wanted, weight)
        after = before[:, columns] + posts.times(step) + shift
        slope, offset = _recalibrated(before[: len(rehearsal), columns], after[: len(rehearsal)])
        for column, name in enumerate(columns):
            table = posts.whole(step[:, column], len(model.weights)) * slope[column]
            unit = max(float(np.abs(table).max()) / _MOST, 1e-12)
            changed.append(name)
            steps.append(np.rint(table / unit).astype(np.int8))
            units.append(unit)
            scale[name] *= np.float32(slope[column])
            bias[name] = (bias[name] + shift[column]) * slope[column] + offset[column]
        say(f"{number}/{len(heads)} {_word(head)}")
    seen = np.array([digest(post.text) for post in corrections], dtype=np.uint64)
    learned = msgspec.structs.replace(
        model,
        scale=scale,
        bias=bias.astype(np.float32),
        trained=np.union1d(model.trained, seen),
        delta=Delta(np.array(changed), np.stack(steps, axis=1), np.array(units, dtype=np.float32)),
    )
    return msgspec.structs.replace(learned, name=f"{model.name}+{digest_of(learned)[:8]}")


def digest_of(model: Model) -> str:
    """Return what names a model's file: 32 hex digits over weights, scales, biases and operating points."""
    hasher = blake2b(digest_size=16)
    learned = (model.delta.columns, model.delta.weights, model.delta.scale) if model.delta else ()
    for part in (model.weights, model.scale, model.bias, model.floors, model.shifts, *learned):
        hasher.update(np.ascontiguousarray(part).tobytes())
    return hasher.hexdigest()


def compare(shipped: Model, learned: Model, posts: Sequence[LabelledPost]) -> Comparison:
    """Hold both against labels of posts that neither was trained on."""
    known = set(learned.trained.tolist())
    unseen = [post for post in posts if digest(post.text) not in known]
    texts = [post.text for post in unseen]
    one, other = (evaluation.judge_all(NgramScorer(model), texts) for model in (shipped, learned))
    chances = [_chances(model, unseen, honest) for model in (shipped, learned)]
    return Comparison(
        posts=len(unseen), heads=_figures(unseen, one, other), calibration=_calibration(unseen, chances[0], chances[1])
    )


def _figures(posts: Sequence[LabelledPost], one: Sequence[Decided], other: Sequence[Decided]) -> tuple[Held, ...]:
    rows = resamples(len(posts))
    before, after = macro_f1(sentiment_answers(posts, one), rows), macro_f1(sentiment_answers(posts, other), rows)
    found = [_held("sentiment", before, after)]
    first, second = answers(posts, one), answers(posts, other)
    found += [_held(head, f1(*first[head], rows), f1(*second[head], rows)) for head in first if first[head][0].any()]
    return tuple(found)


def _held(head: str, before: Floats, after: Floats) -> Held:
    change = after - before
    beyond_chance = float(np.percentile(change[1:], 97.5)) < 0
    fell = bool(change[0] < -FALL or beyond_chance)
    return Held(head, _word(head), round(float(before[0]), 4), round(float(after[0]), 4), fell)


def _calibration(posts: Sequence[LabelledPost], before: Floats, after: Floats) -> tuple[Held, ...]:
    three = len(SENTIMENTS)
    truth = np.array([post.sentiment for post in posts])
    found = []
    for head in ("sentiment", *HEADS[three:]):
        errors = []
        for chances in (before, after):
            if head == "sentiment":
                errors.append(
                    calibration_error(chances[:, :three].max(axis=1), chances[:, :three].argmax(axis=1) - 1 == truth)
                )
            else:
                so = np.array([post.says(head) for post in posts], dtype=bool)
                errors.append(calibration_error(chances[:, HEADS.index(head)], so))
        fell = errors[1] > CALIBRATED and errors[1] > errors[0] + FALL
        found.append(Held(head, f"{_word(head)}校准误差", errors[0], errors[1], fell))
    return tuple(found)


class _Texts:
    """The n-grams of the posts as a matrix whose columns are only those that occur, scaled by how telling they are."""

    def __init__(self, texts: Sequence[str]) -> None:
        rows, self._starts = hashed(texts)
        self._used, columns = np.unique(rows, return_inverse=True)
        self._columns: Rows = columns.astype(np.intp)
        sizes = np.diff(self._starts, append=len(rows))
        self._sizes = sizes
        self._length = 1.0 / np.sqrt(sizes)
        seen = np.bincount(self._columns[_firsts(self._columns, sizes)], minlength=len(self._used))
        self._telling = np.log((1 + len(texts)) / (1 + seen)) + 1.0

    def times(self, step: Floats) -> Floats:
        """Return matrix times step, (texts, k)."""
        columns = [
            np.add.reduceat((step[:, k] * self._telling)[self._columns], self._starts) for k in range(step.shape[1])
        ]
        return np.stack(columns, axis=1) * self._length[:, None]

    def back(self, pull: Floats) -> Floats:
        """Return the transposed matrix times pull, (columns, k)."""
        shared = pull * self._length[:, None]
        return np.stack(
            [
                np.bincount(self._columns, weights=np.repeat(shared[:, k], self._sizes), minlength=len(self._used)) * self._telling
                for k in range(pull.shape[1])
            ],
            axis=1,
        )  # fmt: skip

    def whole(self, step: Floats, rows: int) -> Floats:
        """Return the step as a column of the whole weight table."""
        table = np.zeros(rows)
        table[self._used] = step * self._telling
        return table

    def fit(self, start: Floats, wanted: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Return the step of the weights and of the bias that bring `start` nearer to `wanted`.

        Newton's method with conjugate gradients; a step that makes things worse is halved until it does not.
        """
        at = np.zeros((len(self._used), start.shape[1])), np.zeros(start.shape[1])
        values = start
        cost = _cost(values, wanted, weight, at)
        for _ in range(_NEWTON):
            said = _spread(values)
            pull = (wanted - said) * weight[:, None]
            way = self._solve(said, weight, (self.back(pull) - RIDGE * at[0], pull.sum(axis=0) - RIDGE * at[1]))
            moved = self.times(way[0]) + way[1]
            length = 1.0
            while True:
                there = at[0] + length * way[0], at[1] + length * way[1]
                new = _cost(values + length * moved, wanted, weight, there)
                if new <= cost or length < _SHORTEST:
                    break
                length /= 2
            if new > cost - _GAIN * abs(cost):
                break
            at, values, cost = there, values + length * moved, new
        return at

    def _solve(self, said: Floats, weight: Floats, target: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        found = np.zeros_like(target[0]), np.zeros_like(target[1])
        rest, way = target, target
        size = _dot(rest, rest)
        for _ in range(_CONJUGATE):
            if size < 1e-10:
                break
            curved = self._curved(said, weight, way)
            length = size / _dot(way, curved)
            found = found[0] + length * way[0], found[1] + length * way[1]
            rest = rest[0] - length * curved[0], rest[1] - length * curved[1]
            size, last = _dot(rest, rest), size
            way = rest[0] + size / last * way[0], rest[1] + size / last * way[1]
        return found

    def _curved(self, said: Floats, weight: Floats, way: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Return the Hessian times a direction."""
        moved = self.times(way[0]) + way[1]
        if said.shape[1] == 1:
            pull = said * (1 - said) * moved
        else:
            pull = said * (moved - (said * moved).sum(axis=1, keepdims=True))
        pull = pull * weight[:, None]
        return self.back(pull) + RIDGE * way[0], pull.sum(axis=0) + RIDGE * way[1]


def _firsts(columns: Rows, sizes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return where each text uses each n-gram for the first time."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    _, firsts = np.unique(owner * (int(columns.max()) + 1) + columns, return_index=True)
    return np.asarray(firsts)


def _dot(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    return float((one[0] * other[0]).sum() + (one[1] * other[1]).sum())


def _cost(values: Floats, wanted: Floats, weight: Floats, at: tuple[Floats, Floats]) -> float:
    """Return the weighted cross-entropy and what the change itself costs."""
    if values.shape[1] == 1:
        loss = np.logaddexp(0.0, values) - wanted * values
    else:
        loss = np.logaddexp.reduce(values, axis=1, keepdims=True) - (wanted * values).sum(axis=1, keepdims=True)
    return float((loss * weight[:, None]).sum()) + RIDGE / 2 * _dot(at, at)


def _spread(values: Floats) -> Floats:
    """Return probabilities: of one column by itself, of three among themselves."""
    if values.shape[1] == 1:
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0))))
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _recalibrated(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return slope and offset that give the corpus's log-odds their old middle and spread again.

    Officers correct what is wrong, so their posts say nothing of how often a thing occurs: that stays as it was.
    """
    centred = after - after.mean(axis=0)
    slope = np.clip(
        (centred * (before - before.mean(axis=0))).sum(axis=0) / np.maximum((centred**2).sum(axis=0), 1e-9), 0.5, 2.0
    )
    return slope, before.mean(axis=0) - slope * after.mean(axis=0)


def _wanted(posts: Sequence[LabelledPost], head: str) -> Floats:
    if head == "sentiment":
        return np.array(
            [[SURE if post.sentiment == value else (1 - SURE) / 2 for value in (-1, 0, 1)] for post in posts]
        )
    return np.array([[SURE if post.says(head) else 1 - SURE] for post in posts])


def _chances(
    model: Model, posts: Sequence[LabelledPost], of: Callable[[Model, Sequence[str]], Floats] = probabilities
) -> Floats:
    clean = [normalise(post.text) for post in posts]
    parts = [of(model, clean[start : start + _BATCH]) for start in range(0, len(clean), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(HEADS)))


def _logits(model: Model, texts: Sequence[str]) -> Floats:
    parts = [logits(model, texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    return np.concatenate(parts).astype(np.float64)


def _word(head: str) -> str:
    return HEAD_WORDS.get(head, head)
