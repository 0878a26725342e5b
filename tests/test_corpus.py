"""The corpus: two readings, and a held-out part that nothing else may touch."""

import hashlib
from collections import Counter
from pathlib import Path

import msgspec

from pipeline import labelled
from pipeline.labelled import LabelledPost
from text.normalise import normalise

FROZEN = "afe4cde0b3bd842cd7386344d042ed7ae9310f41e9fd3aeb6290475679106dc6"
"""Of `held_out.txt`: the list may never change; a new one needs another name and a reason."""
MOST = 6_000
"""Own posts: the corpus stays small enough to be read through."""
SECOND = labelled.CORPUS / "readings" / "second.jsonl"
SECOND_REAL = labelled.CORPUS / "readings" / "second_real.jsonl"
SECOND_PLEAS = labelled.CORPUS / "readings" / "second_pleas.jsonl"
SHARED = Path(__file__).parent.parent.parent / "shared"


def held(posts: tuple[LabelledPost, ...], *, out: bool) -> list[LabelledPost]:
    return [post for post in posts if labelled.is_held_out(post) is out]


def test_the_held_out_part_is_frozen() -> None:
    assert hashlib.sha256(labelled.HELD_OUT.read_bytes()).hexdigest() == FROZEN
    origins = Counter(key.partition("/")[0] for key in labelled.held_out_keys())
    assert sum(origins.values()) >= 1_500
    assert origins["own"] <= sum(origins.values()) / 2


def test_one_writer_is_held_out_whole_and_nobody_else() -> None:
    own = labelled.own_posts()
    assert {post.writer for post in held(own, out=True)} == {"f"}
    assert "f" not in {post.writer for post in held(own, out=False)}
    assert not {post.story for post in held(own, out=True) if post.story} & {
        post.story for post in held(own, out=False)
    }


def test_no_held_out_text_stands_in_the_training_part() -> None:
    posts = (*labelled.own_posts(), *labelled.real_posts(SHARED / "data"))
    known = {normalise(post.text) for post in held(posts, out=False)}
    assert not [post.key for post in held(posts, out=True) if normalise(post.text) in known]


def test_every_own_post_was_read_twice_and_the_readers_agree() -> None:
    second = {row["key"]: row for row in map(msgspec.json.decode, SECOND.read_bytes().splitlines())}
    own = {post.key: post for post in labelled.own_posts()}
    assert second.keys() == own.keys()
    agree = sum(own[key].sentiment == row["sentiment"] for key, row in second.items()) / len(second)
    assert agree > 0.9
    assert all(
        set(row) == {"key", "sentiment", "topics", "help", "attack", "counter", "danger", "target"}
        for row in second.values()
    )


def test_the_held_out_real_posts_were_read_twice_and_the_readers_agree() -> None:
    first = {row["key"]: row for row in map(msgspec.json.decode, labelled.REAL.read_bytes().splitlines())}
    again = {row["key"]: row for row in map(msgspec.json.decode, SECOND_REAL.read_bytes().splitlines())}
    assert again.keys() == {key for key in labelled.held_out_keys() if not key.startswith("own/")}
    assert sum(first[key]["sentiment"] == row["sentiment"] for key, row in again.items()) / len(again) > 0.85
    assert all(row.keys() == first[key].keys() for key, row in again.items())


def test_own_posts_have_keys_of_their_own_and_are_few() -> None:
    own = labelled.own_posts()
    assert len({post.key for post in own}) == len(own) <= MOST


def test_labels_of_real_posts_hold_no_text() -> None:
    for row in map(msgspec.json.decode, labelled.REAL.read_bytes().splitlines()):
        assert set(row) == {"key", "sentiment", "topics", "help", "attack", "counter", "danger", "target"}


def test_no_opening_is_repeated_like_a_template() -> None:
    own = labelled.own_posts()
    openings = Counter(post.text[:12] for post in own if len(post.text) > 20)
    assert openings.most_common(1)[0][1] <= len(own) / 100


def test_the_pleas_were_read_twice_and_stand_nowhere_else() -> None:
    pleas = {post.key: post for post in labelled.read_labelled(labelled.PLEAS)}
    second = {row["key"]: row for row in map(msgspec.json.decode, SECOND_PLEAS.read_bytes().splitlines())}
    assert second.keys() == pleas.keys()
    assert not any(post.attack or post.counter for post in pleas.values())
    assert all(pleas[key].danger for key, row in second.items() if row["danger"])
    both = sum(pleas[key].help and row["help"] for key, row in second.items())
    assert 2 * both / sum(pleas[key].help + row["help"] for key, row in second.items()) > 0.8
    texts = [normalise(post.text) for post in pleas.values()]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {normalise(post.text) for post in labelled.own_posts()}


def test_no_opening_of_the_pleas_is_repeated_like_a_template() -> None:
    pleas = labelled.read_labelled(labelled.PLEAS)
    openings = Counter(post.text[:8] for post in pleas if len(post.text) > 20)
    assert openings.most_common(1)[0][1] <= len(pleas) / 100
    assert len({post.writer for post in pleas}) == 22
