"""Pleas and danger on posts by writers who knew neither rules nor corpus."""

import hashlib

import pytest

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


@pytest.mark.parametrize(
    ("writers", "counts", "danger", "help_"),
    [("ij", (220, 90, 53), (0.85, 0.16), (0.92, 0.20)), ("kl", (400, 159, 190), (0.88, 0.18), (0.92, 0.22))],
    ids=["hard by intent", "everything at once"],
)
def test_the_shipped_model_stays_above_its_floors(
    writers: str, counts: tuple[int, ...], danger: tuple[float, float], help_: tuple[float, float]
) -> None:
    """`danger` and `help_`: the least that is heard, the most that is imagined."""
    found = measuring_strangers.measure(scorers.load("ngram"), measuring_strangers.strangers(writers))
    assert (found.posts, found.dangerous, found.pleas) == counts
    assert (found.danger_recall.value >= danger[0], found.danger_imagined.value <= danger[1]) == (True, True)
    assert (found.help_recall.value >= help_[0], found.help_imagined.value <= help_[1]) == (True, True)


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
