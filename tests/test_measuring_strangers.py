"""Pleas and danger on posts by writers who knew neither rules nor corpus."""

import hashlib

from pipeline import labelled, measuring_strangers, scorers
from pipeline.measuring_strangers import Stranger
from text.normalise import normalise

FROZEN = "2113df84d8adc9275b567b60e79d2eb9ef9a078e6583eed362554e601a35b860"
"""Of `strangers.jsonl`: its posts may never change, and nobody writes rules with them in view. Writers k and l were added to i and j."""


def test_the_posts_are_frozen_and_stand_in_no_training_part() -> None:
    assert hashlib.sha256(measuring_strangers.POSTS.read_bytes()).hexdigest() == FROZEN
    taught = (*labelled.own_posts(), *labelled.read_labelled(labelled.PLEAS))
    known = {normalise(post.text) for post in taught}
    assert not [one.key for one in measuring_strangers.strangers() if normalise(one.text) in known]


def test_the_shipped_model_stays_above_its_floors_where_writers_wrote_to_be_hard_to_tell() -> None:
    found = measuring_strangers.measure(scorers.load("ngram"), measuring_strangers.strangers("ij"))
    assert (found.posts, found.dangerous, found.pleas) == (220, 90, 53)
    assert found.danger_recall.value >= 0.85
    assert found.danger_imagined.value <= 0.16
    assert found.help_recall.value >= 0.92
    assert found.help_imagined.value <= 0.20


def test_the_shipped_model_stays_above_its_floors_where_writers_wrote_of_everything_at_once() -> None:
    found = measuring_strangers.measure(scorers.load("ngram"), measuring_strangers.strangers("kl"))
    assert (found.posts, found.dangerous, found.pleas) == (400, 159, 190)
    assert found.danger_recall.value >= 0.88
    assert found.danger_imagined.value <= 0.18
    assert found.help_recall.value >= 0.92
    assert found.help_imagined.value <= 0.22


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
