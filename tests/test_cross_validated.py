"""Figures on posts of the training part are those of models that have not seen them, on the card and on the page."""

from functools import cache

import msgspec
import numpy as np
import pytest

from pipeline import cross_validated, evaluation, labelled, training
from pipeline.evaluation import Evaluation
from pipeline.goals import GOALS
from pipeline.labelled import LabelledPost
from pipeline.scorers.ngram import HEADS, NgramScorer, honest, logits
from text.normalise import normalise
from tools import build_accuracy, build_model

pytestmark = pytest.mark.slow


@cache
def posts() -> tuple[LabelledPost, ...]:
    own = [post for post in labelled.own_posts() if not labelled.is_held_out(post)]
    return tuple(own[:: len(own) // 240])[:240]


@cache
def trained() -> training.Trained:
    """Return a model of 240 posts: enough to be better than chance, small enough to wait for."""
    return training.train(posts(), {}, lambda post: post.key, [], [], normalise, "tiny")


@cache
def result() -> Evaluation:
    return cross_validated.evaluate(trained().model, posts(), trained().unseen)


def test_each_post_is_judged_by_the_fold_that_has_not_seen_it() -> None:
    found = result().figures[0]
    truth = np.array([post.sentiment for post in posts()])
    said = trained().unseen[:, :3].argmax(axis=1) - 1
    assert found.posts == result().posts == len(posts())
    assert found.sentiment_accuracy.value == pytest.approx((said == truth).mean(), abs=1e-4)
    seen = evaluation.judge_all(NgramScorer(trained().model), [post.text for post in posts()])
    spread = np.array([msgspec.structs.astuple(one.judgement.sentiment) for one in seen])
    assert (spread.argmax(axis=1) - 1 == truth).mean() > found.sentiment_accuracy.value + 0.1


def test_every_head_has_its_figure_interval_and_calibration() -> None:
    found = result().figures[0]
    for mark in ("help", "attack", "counter", "danger"):
        value = found.mark_f1[mark]
        assert value.low <= value.value <= value.high
    assert found.topics_micro_f1 is not None
    assert set(found.calibration_errors) == {"sentiment", *HEADS[3:]}


def test_the_shift_to_the_operating_point_is_taken_back_before_calibration_is_measured() -> None:
    """What the whole model gives as honest probabilities is what its logits give here."""
    texts = [normalise(post.text) for post in posts()[:20]]
    chances = cross_validated._chances(trained().model, logits(trained().model, texts).astype(np.float64))
    table = honest(trained().model, texts)
    for head, values in chances.items():
        assert np.allclose(values, table[:, HEADS.index(head)], atol=1e-6)


def test_the_card_holds_the_shared_labels_alone_and_the_page_shows_them() -> None:
    chosen = {post.key for post in posts()[::2]}
    card = build_model.on_shared_labels(list(posts()), chosen, trained())
    found = msgspec.convert(card, Evaluation)
    assert found.posts == len(chosen)
    page = "\n".join(build_accuracy.cross_validated(found))
    assert f"{len(chosen)} posts of `shared/labels`" in page
    assert build_accuracy.shown(found.figures[0].sentiment_macro_f1) in page
    assert build_accuracy.shown(found.figures[0].mark_f1["counter"]) in page
    rows = [row for row in build_accuracy.against_goals(found, [], found) if "cross-validated" in row]
    assert len(rows) == sum(goal.read is not None and goal.read(found) is not None for goal in GOALS)
    assert build_model.on_shared_labels(list(posts()), set(), trained()) == {}


def test_a_card_of_an_older_model_is_told_to_be_built_anew() -> None:
    assert "make model" in "\n".join(build_accuracy.cross_validated(None))
