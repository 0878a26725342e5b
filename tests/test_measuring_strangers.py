"""Pleas and danger on posts by writers who knew neither rules nor corpus."""

import hashlib

from pipeline import labelled, measuring_strangers, scorers
from pipeline.measuring_strangers import Stranger
from text.normalise import normalise

FROZEN = "3d5e7240240022d00ef74768809ee61b2f878a683a2cdbb562d1a0d7de155ba3"
"""Of `strangers.jsonl`: its posts may never change, and nobody writes rules with them in view."""


def test_the_posts_are_frozen_and_stand_in_no_training_part() -> None:
    assert hashlib.sha256(measuring_strangers.POSTS.read_bytes()).hexdigest() == FROZEN
    known = {normalise(post.text) for post in labelled.own_posts()}
    assert not [one.key for one in measuring_strangers.strangers() if normalise(one.text) in known]


def test_the_shipped_model_stays_above_its_floors() -> None:
    found = measuring_strangers.measure(scorers.load("ngram"))
    assert (found.posts, found.dangerous, found.pleas) == (220, 90, 53)
    assert found.danger_recall.value >= 0.70
    assert found.danger_imagined.value <= 0.16
    assert found.help_recall.value >= 0.88
    assert found.help_imagined.value <= 0.25


def test_shares_are_of_those_that_the_writer_spoke_of() -> None:
    posts = (
        Stranger("a", "他现在拿着刀在门外砸门，我和孩子躲在厕所，求求谁帮我报警", danger=1),
        Stranger("b", "今天天气好，晒了被子", danger=0, help=0),
        Stranger("c", "请问生育津贴怎么申领", danger=0, help=1),
    )
    found = measuring_strangers.measure(scorers.load("ngram"), posts)
    assert (found.posts, found.dangerous, found.pleas) == (3, 1, 1)
    assert (found.danger_recall.value, found.danger_imagined.value) == (1.0, 0.0)
    assert (found.help_recall.value, found.help_imagined.value) == (1.0, 0.0)
