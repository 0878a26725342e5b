"""The default scorer: one linear model over hashed character n-grams, on numpy alone.

Needs: the model that `make model` writes to `pipeline/models/`. Speed: one table of 8-bit weights, gathered and summed
for a whole batch at once. Limits: it sees characters, not meaning; what must not be missed is held by visible rules too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.errors import NotConfigured
from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from contracts.topic import TOPICS
from pipeline.scorers.features import hashed

MODEL: Final = Path(__file__).parent.parent / "models" / "ngram.npz"
SENTIMENTS: Final = ("negative", "neutral", "positive")
MARKS: Final = ("help", "attack", "counter", "danger")
HEADS: Final = (*SENTIMENTS, *TOPICS, *MARKS)
"""Columns of the weight table."""

_PROBE: Final = "倾听 Qingting 12338：她说「没事」😀"
_CHARACTERS: Final = 250_000
"""Characters summed at once: bounds memory (some 20 bytes a weight row) whatever the batch."""

Logits = npt.NDArray[np.float32]


class Delta(msgspec.Struct, frozen=True):
    """What a home learned on top of a shipped table: weights of a few heads, a byte each."""

    columns: npt.NDArray[np.intp]
    """Columns of HEADS that it changes."""
    weights: npt.NDArray[np.int8]
    """(rows, columns)"""
    scale: npt.NDArray[np.float32]


class Model(msgspec.Struct, frozen=True):
    """Weights as they lie in the file; a logit is `sum(weights) * scale / sqrt(n-grams) + bias`."""

    name: str
    weights: npt.NDArray[np.int8]
    """(rows, heads)"""
    scale: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    floors: npt.NDArray[np.float32]
    """Operating point of each topic, in the order of TOPICS."""
    shifts: npt.NDArray[np.float32]
    """What was added to each mark's calibrated log-odds so that 0.5 is its operating point, in the order of MARKS."""
    trained: npt.NDArray[np.uint64]
    """Digests of the texts it was trained on, sorted: an evaluation leaves these out."""
    delta: Delta | None = None


class NgramScorer:
    """Calibrated probabilities from one matrix of weights."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @classmethod
    def load(cls, path: Path = MODEL) -> Self:
        """Read a model file; raises NotConfigured when it is missing, broken or made for another hashing."""
        return cls(read(path))

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def model(self) -> Model:
        return self._model

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        judgements: list[Judgement] = []
        for batch in _bounded(texts):
            judgements.extend(judged(logits(self._model, batch), self._model.floors))
        return judgements


def judged(values: npt.NDArray[Any], floors: npt.NDArray[np.float32]) -> list[Judgement]:
    """Return the judgements that logits (columns as in HEADS) mean, topics from their operating points on."""
    sentiment = _softmax(values[:, :3].astype(np.float64))
    rest = _sigmoid(values[:, 3:].astype(np.float64))
    topics = rest[:, : len(TOPICS)]
    reached = topics >= floors
    named: list[tuple[tuple[str, float], ...]] = [()] * len(values)
    for row in np.flatnonzero(reached.any(axis=1)):
        found = [(TOPICS[column], float(topics[row, column])) for column in np.flatnonzero(reached[row])]
        named[row] = tuple(sorted(found, key=lambda topic: -topic[1]))
    return [
        Judgement(Sentiment(*three), topics, *marks)
        for three, topics, marks in zip(sentiment.tolist(), named, rest[:, len(TOPICS) :].tolist(), strict=True)
    ]


def logits(model: Model, texts: Sequence[str]) -> Logits:
    """Return one row of logits a text, columns as in HEADS: calibrated, the marks then shifted to their operating points."""
    if not texts:
        return np.empty((0, len(HEADS)), dtype=np.float32)
    rows, starts = hashed(texts)
    sums = np.add.reduceat(model.weights.take(rows, axis=0), starts, axis=0, dtype=np.int32)
    roots = np.sqrt(_sizes(starts, len(rows)))[:, None]
    values: Logits = (sums * (model.scale / roots) + model.bias).astype(np.float32)
    if delta := model.delta:
        more = np.add.reduceat(delta.weights.take(rows, axis=0), starts, axis=0, dtype=np.int32)
        values[:, delta.columns] += (more * (delta.scale / roots)).astype(np.float32)
    return values


def log_odds(model: Model, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return `logits` without the marks' shifts: calibrated log-odds throughout."""
    values = logits(model, texts).astype(np.float64)
    values[:, -len(MARKS) :] -= model.shifts
    return values


def honest(model: Model, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return calibrated probabilities, one row a text, columns as in HEADS: of a hundred at .3, thirty are so."""
    values = log_odds(model, texts)
    return np.concatenate([_softmax(values[:, :3]), _sigmoid(values[:, 3:])], axis=1)


def read(path: Path) -> Model:
    """Read a model file. Raises NotConfigured, naming the file and the remedy."""
    try:
        with np.load(path, allow_pickle=False) as file:
            model = Model(
                name=str(file["name"]),
                weights=file["weights"],
                scale=file["scale"],
                bias=file["bias"],
                floors=file["floors"],
                shifts=file["shifts"],
                trained=file["trained"],
                delta=Delta(file["delta_columns"], file["delta_weights"], file["delta_scale"])
                if "delta_weights" in file
                else None,
            )
            probe = file["probe"]
    except (OSError, KeyError, ValueError) as broken:
        raise NotConfigured(
            f"打不开打分模型 {path}；请检查路径；若是程序自带的模型，请重新安装，或运行 make model 重建。"
        ) from broken
    if not np.array_equal(probe, hashed([_PROBE])[0]) or model.weights.shape[1] != len(HEADS):
        raise NotConfigured(f"打分模型 {path} 与这一版程序不相配；请运行 make model 重建。")
    return model


def write(model: Model, path: Path) -> None:
    """Write a model file together with the probe that tells whether the hashing is still the same."""
    delta = model.delta
    learned: dict[str, Any] = (
        {"delta_columns": delta.columns, "delta_weights": delta.weights, "delta_scale": delta.scale} if delta else {}
    )
    np.savez_compressed(
        path,
        **learned,
        name=np.array(model.name),
        weights=model.weights,
        scale=model.scale,
        bias=model.bias,
        floors=model.floors,
        shifts=model.shifts,
        trained=model.trained,
        probe=hashed([_PROBE])[0],
    )


def _sizes(starts: npt.NDArray[np.intp], end: int) -> npt.NDArray[np.float32]:
    """Return how long the groups are that begin there; the last one ends at `end`."""
    sizes = np.empty(len(starts), dtype=np.float32)
    np.subtract(starts[1:], starts[:-1], out=sizes[:-1], casting="unsafe")
    sizes[-1] = end - starts[-1]
    return sizes


def _softmax(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    raised = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _sigmoid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(values, -60.0))))


def _bounded(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut a batch where its characters would take too much memory at once; a single text is never cut."""
    batches: list[Sequence[str]] = []
    start = characters = 0
    for end, text in enumerate(texts):
        if end > start and characters + len(text) > _CHARACTERS:
            batches.append(texts[start:end])
            start, characters = end, 0
        characters += len(text)
    batches.append(texts[start:])
    return batches
