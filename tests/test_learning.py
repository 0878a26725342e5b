"""What learning promises: corrections take effect, nothing else moves, and what fell is named."""

from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline import evaluation, labelled, learning
from pipeline.explaining import character_weights, probabilities
from pipeline.labelled import LabelledPost
from pipeline.scorers import ngram
from pipeline.scorers.ngram import HEADS, Model
from text.normalise import normalise

QUOTING = "“女司机就是马路杀手”，这话我听了二十年，听够了"
PLAIN = "今天菜市场搬到河东去了，公交改走二桥"


@cache
def shipped() -> Model:
    return ngram.read(ngram.MODEL)


@cache
def rehearsal() -> tuple[LabelledPost, ...]:
    return tuple(post for post in labelled.own_posts() if not labelled.is_held_out(post))[::4]


def chances(model: Model, text: str) -> dict[str, float]:
    return dict(zip(HEADS, probabilities(model, [normalise(text)])[0].tolist(), strict=True))


def otherwise(text: str) -> LabelledPost:
    """Return a correction that contradicts the shipped model on attack or counter-speech and agrees on all else."""
    said = chances(shipped(), text)
    sentiment = int(np.argmax([said["negative"], said["neutral"], said["positive"]])) - 1
    floors = dict(zip(HEADS[3:15], shipped().floors.tolist(), strict=True))
    topics = tuple(topic for topic, floor in floors.items() if said[topic] >= floor)
    return LabelledPost(
        text=text, sentiment=sentiment, topics=topics,  # type: ignore[arg-type]
        help=said["help"] >= 0.5, danger=said["danger"] >= 0.5,
        attack=said["attack"] >= 0.5, counter=not said["counter"] >= 0.5,
    )  # fmt: skip


@cache
def learned() -> Model:
    return learning.learn(shipped(), [otherwise(QUOTING)], rehearsal())


def test_a_correction_takes_effect() -> None:
    wanted = otherwise(QUOTING).counter
    assert (chances(shipped(), QUOTING)["counter"] >= 0.5) is not wanted
    assert (chances(learned(), QUOTING)["counter"] >= 0.5) is wanted


def test_heads_that_no_correction_contradicts_stay_as_they_are() -> None:
    assert learning.contradicted(shipped(), [otherwise(QUOTING)]) == ("counter",)
    for text in (QUOTING, PLAIN, ""):
        before, after = chances(shipped(), text), chances(learned(), text)
        for head in HEADS:
            if head != "counter":
                assert after[head] == pytest.approx(before[head], abs=1e-5)


def test_what_is_said_of_other_posts_hardly_moves() -> None:
    assert abs(chances(learned(), PLAIN)["counter"] - chances(shipped(), PLAIN)["counter"]) < 0.05
    texts = [normalise(post.text) for post in rehearsal()[:300]]
    column = HEADS.index("counter")
    moved = probabilities(learned(), texts)[:, column] - probabilities(shipped(), texts)[:, column]
    assert np.abs(moved).mean() < 0.01


def test_what_agrees_changes_nothing_at_all() -> None:
    agreeing = msgspec.structs.replace(otherwise(QUOTING), counter=not otherwise(QUOTING).counter)
    assert learning.contradicted(shipped(), [agreeing]) == ()
    assert learning.learn(shipped(), [agreeing], rehearsal()) is shipped()


def test_the_same_corrections_give_the_same_bytes_and_a_name_of_their_own(tmp_path: Path) -> None:
    again = learning.learn(shipped(), [otherwise(QUOTING)], rehearsal())
    paths = [tmp_path / "one.npz", tmp_path / "two.npz"]
    for path, model in zip(paths, (learned(), again), strict=True):
        ngram.write(model, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert again.name == learned().name
    assert again.name.startswith(f"{shipped().name}+")
    assert ngram.read(paths[0]).name == again.name


def test_a_learned_head_costs_a_byte_a_row_and_the_shipped_table_is_shared() -> None:
    delta = learned().delta
    assert delta is not None
    assert learned().weights is shipped().weights
    assert [HEADS[column] for column in delta.columns] == ["counter"]
    assert delta.weights.nbytes == len(shipped().weights)


def test_what_was_learned_is_explained_too() -> None:
    clean = normalise(QUOTING)
    added = character_weights(learned(), clean).sum(axis=0) + learned().bias
    assert np.allclose(added, ngram.logits(learned(), [clean])[0], atol=1e-3)


def test_a_model_that_an_earlier_version_learned_is_read_as_it_was(tmp_path: Path) -> None:
    """Then a learned table was whole, with 16 bits a weight; homes hold such files, named by their digest."""
    wide = msgspec.structs.replace(
        shipped(), weights=shipped().weights.astype(np.int16) * np.int16(16), scale=shipped().scale / np.float32(16)
    )
    path = tmp_path / "older.npz"
    ngram.write(wide, path)
    found = ngram.read(path)
    assert found.delta is None
    assert learning.digest_of(found) == learning.digest_of(wide)
    assert np.allclose(ngram.logits(found, [QUOTING]), ngram.logits(shipped(), [QUOTING]), atol=1e-5)


def test_a_model_that_says_the_contrary_has_fallen_and_the_heads_are_named() -> None:
    column = HEADS.index("help")
    scale = shipped().scale.copy()
    scale[0] = -scale[0]
    bias = shipped().bias.copy()
    bias[column] -= 20
    worse = msgspec.structs.replace(shipped(), scale=scale, bias=bias)
    found = learning.compare(shipped(), worse, evaluation.own_held_out()[:200])
    assert "sentiment" in {one.head for one in found.fallen}
    assert all(one.after < one.before for one in found.heads if one.fell)


def test_a_model_has_not_fallen_behind_itself() -> None:
    found = learning.compare(shipped(), shipped(), evaluation.own_held_out()[:100])
    assert found.fallen == ()
    assert found.posts == 100


def test_the_posts_that_were_corrected_do_not_judge_the_model() -> None:
    posts = evaluation.own_held_out()[:20]
    seen = np.array([labelled.digest(posts[0].text)], dtype=np.uint64)
    model = msgspec.structs.replace(shipped(), trained=np.union1d(shipped().trained, seen))
    assert learning.compare(shipped(), model, posts).posts == 19
