"""Which characters of a text weighed most for each head: in a linear model the explanation is the model itself.

A head's log-odds are a sum over n-grams; each n-gram's part is shared out over its characters, so that the characters'
weights and the bias add up to the log-odds exactly. Spans are the stretches whose weight stands out for their length.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from contracts.explanation import Explanation, HeadReason, Span
from pipeline.lane_reasons import plea_verdict
from pipeline.scorers import ngram
from pipeline.scorers.features import hashed
from pipeline.scorers.ngram import HEADS, SENTIMENTS, Model
from text.aligned import aligned

SPANS: Final = 4
"""Spans a head at most."""
_LONGEST: Final = 8
"""Characters a span at most."""
_LEAST: Final = 0.05
"""Weight (log-odds) below which a span says nothing."""
_READ: Final = 20_000
"""Characters that are explained; what is longer is judged whole and explained by its beginning."""
_BREAKS: Final = frozenset('\n。！？!?；;，,、：:…～~“”"「」')
"""No span crosses these, and none is made of them: an officer reads words."""

Floats = npt.NDArray[np.float64]


def explain(model: Model, text: str) -> Explanation:
    """Return the model's reasons, their spans as places in `text` as it is given; total, and pure."""
    clean, places = aligned(text)
    chances = probabilities(model, [clean])[0]
    weights = character_weights(model, clean)[:_READ]
    weights[:, : len(SENTIMENTS)] -= weights[:, : len(SENTIMENTS)].mean(axis=1, keepdims=True)
    weights[[character in _BREAKS or character.isspace() for character in clean[:_READ]]] = 0.0
    allowed = _windows(clean[:_READ])
    return Explanation(
        model.name,
        tuple(
            HeadReason(head, round(float(chances[column]), 4), _shown(_strongest(weights[:, column], allowed), places))
            for column, head in enumerate(HEADS)
        ),
        plea_verdict(clean, places, ngram.judged(ngram.logits(model, [clean]), model.floors)[0]),
    )


def probabilities(model: Model, texts: Sequence[str]) -> Floats:
    """Return every head's probability for normalised texts, columns as in HEADS, rows in order."""
    values = ngram.logits(model, texts).astype(np.float64)
    three = len(SENTIMENTS)
    found = 1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))
    sentiment = np.exp(values[:, :three] - values[:, :three].max(axis=1, keepdims=True, initial=-np.inf))
    found[:, :three] = sentiment / sentiment.sum(axis=1, keepdims=True)
    return found


def character_weights(model: Model, text: str) -> Floats:
    """Return what each character of a normalised text adds to each head's log-odds, (characters, heads).

    For a text that is not empty the rows and `model.bias` add up to `ngram.logits`.
    """
    rows, _ = hashed([text])
    begins, lengths = _grams(len(text))
    parts = model.weights.take(rows, axis=0) * (model.scale.astype(np.float64) / np.sqrt(len(rows)))
    if delta := model.delta:
        parts[:, delta.columns] += delta.weights.take(rows, axis=0) * (
            delta.scale.astype(np.float64) / np.sqrt(len(rows))
        )
    found = np.zeros((len(text) + 2, len(HEADS)))
    # an edge is no character: what stands there belongs to its neighbour
    inside = np.clip(begins, 1, len(text)), np.clip(begins + lengths - 1, 1, len(text))
    sizes = inside[1] - inside[0] + 1
    for step in range(int(lengths.max())):
        reached = step < sizes
        np.add.at(found, inside[0][reached] + step, parts[reached] / sizes[reached, None])
    return found[1:-1]


def _grams(length: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where each n-gram begins (0 is the edge before the text) and how long it is, in the order of `hashed`."""
    kept = np.ones((length + 2, 3), dtype=bool)
    kept[0, 0] = False
    kept[-1] = False
    kept[-2, 2] = False
    begins, columns = np.nonzero(kept)
    return begins, columns + 1


def _windows(text: str) -> dict[int, npt.NDArray[np.bool_]]:
    """Return for each length of a span where one may begin: not across a break, not on a blank."""
    barred = np.array([character in _BREAKS or character.isspace() for character in text], dtype=np.int64)
    passed = np.append(0, np.cumsum(barred))
    longest = min(_LONGEST, len(text))
    return {length: passed[length:] == passed[:-length] for length in range(1, longest + 1)}


def _strongest(weights: Floats, allowed: dict[int, npt.NDArray[np.bool_]]) -> list[Span]:
    """Return the spans whose weight stands out most for their length, the strongest first, none overlapping."""
    passed = np.append(0.0, np.cumsum(weights))
    sums = {length: np.where(may, passed[length:] - passed[:-length], 0.0) for length, may in allowed.items()}
    found: list[Span] = []
    while len(found) < SPANS and sums:
        best = max(
            ((length, int(np.abs(values).argmax())) for length, values in sums.items()),
            key=lambda one: abs(sums[one[0]][one[1]]) / (one[0] + 1.0) ** 0.6,
        )
        length, start = best
        weight = float(sums[length][start])
        if abs(weight) < _LEAST:
            break
        found.append(Span(start, start + length, round(weight, 3)))
        for other, values in sums.items():
            values[max(0, start - other + 1) : start + length] = 0.0
    return sorted(found, key=lambda span: -abs(span.weight))


def _shown(spans: Sequence[Span], places: Sequence[int]) -> tuple[Span, ...]:
    """Map spans of the normalised text, strongest first, to the text as it was given.

    Where one written character became several, two spans may meet in it: the stronger one keeps it.
    """
    found: list[Span] = []
    for span in spans:
        start, end = places[span.start], places[span.end - 1] + 1
        if all(end <= other.start or start >= other.end for other in found):
            found.append(Span(start, end, span.weight))
    return tuple(found)
