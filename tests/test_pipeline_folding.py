"""Folding copies onto originals, and grouping posts into events."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.testing.builders import NOON
from pipeline.event import QUIET, Events
from pipeline.fold import MOST_DIFFERING, Folds
from text.sketch import SLOTS, distance, sketch

STORY = "星辰电子厂让怀孕的女工自己写辞职报告，不写就调去搬货，产假工资也一直拖着没有发"


def test_an_edited_copy_finds_its_original_and_another_text_does_not() -> None:
    folds = Folds()
    folds.add("first", sketch(STORY), "")
    assert folds.original_of(sketch("转发：" + STORY + "，太过分了")) == "first"
    assert folds.original_of(sketch("社区组织免费两癌筛查，名额两百个，周一上午开始报名，带身份证")) == ""
    assert folds.original_of(0) == ""


def test_a_copy_of_a_copy_folds_onto_the_original() -> None:
    folds = Folds()
    folds.add("first", sketch(STORY), "")
    folds.add("copy", sketch(STORY), "first")
    assert folds.original_of(0, repost_of="copy") == "first"
    assert folds.original_of(0, repost_of="never seen") == "never seen"


def test_the_oldest_original_is_forgotten_first() -> None:
    folds = Folds(capacity=2)
    for name, text in (("a", STORY), ("b", STORY[::-1]), ("c", "今" + STORY[5:] + "说得很清楚了大家都来看看吧好不好")):
        folds.add(name, sketch(text), "")
    assert folds.original_of(sketch(STORY)) != "a"


@given(st.lists(st.integers(1, 2**64 - 1), max_size=40), st.integers(0, SLOTS - 1), st.integers(1, 255))
def test_no_near_sketch_is_missed(sketches: list[int], slot: int, change: int) -> None:
    folds = Folds()
    for number, value in enumerate(sketches):
        folds.add(str(number), value, "")
    for value in sketches:
        changed = value ^ (change << 8 * slot) or value  # 0 is no sketch
        found = folds.original_of(changed)
        assert found
        assert distance(sketches[int(found)], changed) <= MOST_DIFFERING


def test_posts_of_one_happening_share_an_event() -> None:
    events = Events()
    words = ("星辰电子厂", "怀孕", "劝退")
    event = events.event_of("p1", NOON, ("employment",), ("430100",), words)
    assert event
    events.add(event, NOON, ("employment",), ("430100",), words)
    soon = NOON + timedelta(hours=5)
    assert events.event_of("p2", soon, ("employment",), ("430104",), ("星辰电子厂",)) == event
    assert events.event_of("p3", soon, ("employment",), ("430100",), ("怀孕", "劝退")) == event
    assert events.event_of("p4", soon, ("employment",), ("430200",), ("星辰电子厂",)) != event
    assert events.event_of("p5", soon, ("health",), ("430100",), ("怀孕", "劝退")) != event
    assert events.event_of("p6", NOON + QUIET + timedelta(hours=1), ("employment",), ("430100",), words) != event


def test_a_post_without_a_happening_joins_none() -> None:
    assert Events().event_of("p", NOON, (), ("430100",), ("怀孕", "劝退", "产假")) == ""
    assert Events().event_of("p", NOON, ("employment",), (), ("怀孕",)) == ""
