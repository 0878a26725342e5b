"""The words that all rooms share: ids that never change, events that survive versions, no place for a person."""

import importlib
import pkgutil
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts.events import Event, PostFetched, PostIndexed, PostRejected, PostScored, decode, encode
from contracts.identity import alert_id, digest, plea_alert_id, post_id, task_id, url_digest
from contracts.lane import LANE_WORDS, LANES
from contracts.level import LEVEL_MEANINGS, LEVEL_WORDS, LEVELS
from contracts.score import Score
from contracts.testing.builders import NOON, make_fetched, make_indexed, make_post, make_score, make_scored
from contracts.topic import TOPIC_WORDS, TOPICS


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_different_parts_have_different_digests(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def test_ids_are_pinned_so_that_no_version_of_the_program_changes_them() -> None:
    assert post_id("forum", native_id="1") == "ec6823c73ceb6d879f263c03a00e4820"
    assert alert_id("r", "k", 1) == "da0c8d8592a9044a905ef5b04cac2736"
    assert plea_alert_id("r", "p") == "717d954508bb07b7852763eb54182e35"
    assert task_id("a", "help") == "4aef14bd9055b34a38075a5b03a5a1e4"
    assert post_id("forum", native_id="1", text="a") == post_id("forum", native_id="1", text="b")
    assert post_id("forum", canonical_url="http://a/", text="a") == post_id("other", canonical_url="http://a/")
    assert post_id("forum", text="a") != post_id("other", text="a")
    assert (
        len({alert_id("r", "k", 1), alert_id("r", "k", 2), plea_alert_id("r", "k"), task_id("r", "k"), url_digest("k")})
        == 5
    )


@pytest.mark.parametrize(
    "event",
    [
        make_fetched(), make_scored(), make_indexed(),
        PostRejected(id="x", stage="score", reason="理由", rejected_at=NOON, event=make_fetched()),
    ],
)  # fmt: skip
def test_events_come_back_as_they_went(event: Event) -> None:
    assert decode(encode(event)) == event


def test_a_field_from_a_later_version_is_ignored() -> None:
    later = msgspec.msgpack.decode(encode(make_indexed()))
    later["added_in_2030"] = 1
    assert decode(msgspec.msgpack.encode(later)) == make_indexed()


NAIVE = (datetime(1995, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - Hypothesis wants bounds without a zone


@given(st.datetimes(*NAIVE, timezones=st.just(UTC)))
def test_times_keep_their_instant(at: datetime) -> None:
    event = make_fetched(published_at=at, fetched_at=at + timedelta(seconds=1))
    back = decode(encode(event))
    assert isinstance(back, PostFetched)
    assert back.post.published_at == at


def test_every_word_that_people_see_is_there() -> None:
    assert set(LANES) == set(LANE_WORDS)
    assert set(LEVELS) == set(LEVEL_WORDS) == set(LEVEL_MEANINGS)
    assert len(TOPICS) == len(set(TOPIC_WORDS.values())) == 12


def structs() -> list[type[msgspec.Struct]]:
    found = []
    for module in pkgutil.walk_packages(contracts.__path__, "contracts."):
        if ".testing" not in module.name:
            members: dict[str, Any] = vars(importlib.import_module(module.name))
            found += [kind for kind in members.values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return found


@pytest.mark.parametrize("kind", sorted(set(structs()), key=str), ids=str)
def test_no_contract_has_a_place_for_a_person_or_a_credential(kind: type[msgspec.Struct]) -> None:
    forbidden = (
        "nickname",
        "avatar",
        "profile",
        "follower",
        "author_name",
        "screen_name",
        "password",
        "cookie",
        "token",
    )
    assert kind.__struct_config__.frozen or kind is msgspec.Struct
    assert not [field for field in kind.__struct_fields__ if any(word in field for word in forbidden)]


def test_an_announcement_carries_no_text() -> None:
    assert not {"text", "title", "url"} & set(PostIndexed.__struct_fields__)
    assert PostScored(make_post(), make_scored().score).key == make_post().id


def test_announcements_of_before_the_words_and_grams_are_still_read() -> None:
    """What lies in a log from before has no `grams`, `terms` or `absorbed`, and a sketch that is one number."""
    new = PostIndexed(id="p", source="s", published_at=NOON, fetched_at=NOON, indexed_at=NOON, sketch=2**64 - 1)
    old = msgspec.msgpack.decode(encode(new))
    assert not {"grams", "terms", "absorbed"} & old.keys()
    assert decode(msgspec.msgpack.encode(old)) == new
    score = msgspec.to_builtins(make_score())
    for field in ("grams", "terms"):
        del score[field]
    assert msgspec.convert(score, Score) == make_score()
