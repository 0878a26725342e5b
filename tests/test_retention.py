"""Text goes when its days are over: by topic, from index and desk, by the clock and by command."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from contracts.document import Document, Query
from contracts.errors import NotConfigured
from contracts.testing.builders import NOON, make_document, make_post, make_score
from contracts.testing.clock import FakeClock
from contracts.topic import TOPICS
from qingting import roles
from qingting.retaining import due, expire
from qingting.retention import RetentionSettings, TopicDays
from qingting.settings import load
from qingting.wiring import House
from tests.house import opened, step_until
from tests.test_forgetting import closed, plea, traces


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        yield house


def keeping(house: House, **days: int) -> None:
    text_days = days.pop("text_days", 180)
    kept = RetentionSettings(text_days=text_days, topics=TopicDays(**days))
    house.settings = msgspec.structs.replace(house.settings, retention=kept)


def put(house: House, name: str, *topics: str, appeared_days_ago: int = 0) -> Document:
    now = house.clock.now()
    post = make_post(f"帖子 {name}", id=name, published_at=now - timedelta(days=appeared_days_ago), fetched_at=now)
    document = make_document(post, make_score(topics=topics))
    house.index.put([document])
    return document


def left(house: House) -> set[str]:
    return {hit.document.post.id for hit in house.index.search(Query(pleas="with", limit=1000)).hits}


def test_every_topic_has_its_days() -> None:
    assert tuple(TopicDays.__struct_fields__) == TOPICS


def test_text_is_kept_for_180_days_and_no_longer(house: House, clock: FakeClock) -> None:
    put(house, "a")
    clock.advance(timedelta(days=180) - timedelta(seconds=1))
    put(house, "b")
    assert expire(house) == 0
    clock.advance(timedelta(seconds=2))
    assert expire(house) == 1
    assert left(house) == {"b"}
    assert house.index.count(Query(text="帖子")) == {("", ""): 1}
    assert expire(house) == 0


def test_a_topic_may_be_kept_shorter_or_longer_and_the_shortest_decides(house: House, clock: FakeClock) -> None:
    keeping(house, minors=30, federation_service=400)
    put(house, "minors", "minors")
    put(house, "both", "federation_service", "minors")
    put(house, "service", "federation_service")
    put(house, "service and health", "federation_service", "health")
    put(house, "none")
    clock.advance(timedelta(days=30, seconds=1))
    expire(house)
    assert left(house) == {"service", "service and health", "none"}
    clock.advance(timedelta(days=150))
    expire(house)
    assert left(house) == {"service"}
    clock.advance(timedelta(days=220))
    expire(house)
    assert left(house) == set()


def test_an_old_post_that_was_imported_today_is_kept_from_today_on(house: House, clock: FakeClock) -> None:
    put(house, "history", appeared_days_ago=3000)
    assert expire(house) == 0
    clock.advance(timedelta(days=181))
    assert expire(house) == 1


def test_a_plea_stays_while_the_desk_works_on_it(house: House, clock: FakeClock) -> None:
    document = plea(house)
    clock.advance(timedelta(days=200))
    assert expire(house) == 0
    assert traces(house, document)
    closed(house, document)
    clock.advance(timedelta(days=8))
    run_chores(house, until=lambda: not traces(house, document))


def test_the_clock_does_it_every_day(house: House, clock: FakeClock) -> None:
    put(house, "a")
    clock.advance(timedelta(days=181))
    run_chores(house, until=lambda: not left(house))


def test_more_than_a_page_of_one_hour_is_found(house: House, clock: FakeClock) -> None:
    house.index.put(
        [make_document(make_post(f"第 {number} 帖", id=str(number), fetched_at=NOON)) for number in range(1203)]
    )
    assert len(set(due(house.index, RetentionSettings(text_days=1), NOON + timedelta(days=2)))) == 1203


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[retention]\ntext_day = 3\n", "text_days"),
        ("[retention.topics]\nminor = 3\n", "minors"),
        ("[retention]\ntext_days = 0\n", "retention.text_days"),
        ("[retention.topics]\nminors = -1\n", "retention.topics.minors"),
    ],
)
def test_a_wrong_setting_is_told_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "qingting.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(NotConfigured, match=said):
        load(path, {})


def run_chores(house: House, until: object) -> None:
    role = roles.notify_role(house)
    try:
        step_until(role, until)  # type: ignore[arg-type]
    finally:
        role.close()
