"""Grouping posts into events."""

from datetime import datetime, timedelta

from contracts.testing.builders import NOON
from pipeline import measuring_events
from pipeline.event import QUIET, Belonging, Events, Features
from pipeline.keywords import told

WORK = ("employment",)
FIRST = "长沙星辰电子厂劝退怀孕女工，产假工资也不发"
OTHER = "湘潭辣椒合作社的茶油滞销，村民直播卖货"


def features(text: str, at: datetime = NOON, topics: tuple[str, ...] = WORK, place: str = "430100") -> Features:
    return Features(at, topics, (place,), told([text])[0].terms)


def feed(events: Events, post: str, text: str, at: datetime = NOON) -> Belonging:
    found = events.belonging(post, features(text, at))
    events.add(post, found, features(text, at))
    return found


def test_posts_of_one_happening_share_an_event() -> None:
    events = Events()
    first = feed(events, "1", FIRST).event
    assert first
    soon, late = NOON + timedelta(hours=5), NOON + QUIET + timedelta(hours=1)
    same = "星辰电子厂那些怀孕的女工后来怎么样了"
    assert events.belonging("2", features(same, soon, place="430104")).event == first
    assert events.belonging("3", features(same, late)).event != first
    assert events.belonging("4", features("社区两癌筛查周一上午报名，名额两百", soon)).event != first


def test_a_post_without_a_happening_joins_none() -> None:
    assert Events().belonging("p", features(FIRST, topics=())) == Belonging()
    assert Events().belonging("p", features("唉")) == Belonging()
    assert Events().belonging("p", Features(NOON, WORK)) == Belonging()
    assert Events().belonging("p", Features(NOON, WORK, (), b"odd")) == Belonging()


def test_a_post_near_two_alike_events_merges_them_and_the_elder_stands() -> None:
    events = Events()
    events.add("1", Belonging("甲"), features(FIRST))
    events.add("2", Belonging("乙"), features("星辰电子厂 怀孕 女工 劝退"))
    found = feed(events, "3", FIRST)
    assert found == Belonging("甲", absorbed="乙")
    assert events.aliases == {"乙": "甲"}
    assert events.standing("乙") == "甲"
    assert feed(events, "4", FIRST) == Belonging("甲")
    again = Events()  # a restart knows the merge from the announcement alone
    again.add("3", found, features(FIRST))
    again.add("5", Belonging("甲"), features(FIRST))
    assert again.belonging("6", features(FIRST)).event == "甲"
    later = Events()  # and one whose log no longer reaches back to the elder
    later.add("2", Belonging("乙"), features("星辰电子厂 怀孕 女工 劝退"))
    later.add("3", found, features(FIRST))
    assert later.aliases == {"乙": "甲"}


def test_alike_events_of_other_places_stay_apart() -> None:
    events = Events()
    events.add("1", Belonging("甲"), features(FIRST))
    events.add("2", Belonging("乙"), features("星辰电子厂 怀孕 女工 劝退", place="430200"))
    assert feed(events, "3", FIRST) == Belonging("甲")
    assert not events.aliases


def test_an_event_of_two_matters_is_split() -> None:
    events = Events()
    for number in range(16):
        events.add(str(number), Belonging("甲"), features((FIRST, OTHER)[number % 2]))
    assert events.belonging("20", features(FIRST)).event == "甲"
    assert events.belonging("21", features(OTHER)).event not in {"甲", ""}


def test_adding_a_post_twice_changes_nothing() -> None:
    events, once = Events(), Events()
    for number in range(8):
        text = FIRST + "一二三四五六七八"[number]
        for _ in range(2):
            events.add(str(number), Belonging("甲"), features(text))
        once.add(str(number), Belonging("甲"), features(text))
    assert events._events["甲"].sums == once._events["甲"].sums


def test_copies_keep_an_event_going_but_do_not_outweigh_what_is_told() -> None:
    events = Events()
    events.add("1", Belonging("甲"), features(FIRST))
    before = dict(events._events["甲"].sums)
    late = NOON + QUIET - timedelta(hours=1)
    events.add("2", Belonging("甲"), features(OTHER, late), is_copy=True)
    assert events._events["甲"].sums == before
    assert events.belonging("3", features(FIRST, late + timedelta(hours=2))).event == "甲"


def test_memory_is_bounded() -> None:
    events = Events(capacity=5)
    for number in range(40):
        text = f"锅炉 茶油 花鼓戏 {'甲乙丙丁'[number % 4]}"
        events.add(str(number), Belonging(f"事{number}"), features(text))
    assert len(events._events) <= 5
    led = {event.id for led in events._by_term.values() for event in led}
    assert led <= events._events.keys(), "what is gone takes no memory"


def test_events_are_the_same_for_the_same_posts_in_the_same_order() -> None:
    posts = measuring_events.threads("b")[:600]
    scores = measuring_events.scored(posts)
    assert measuring_events.found(posts, scores) == measuring_events.found(posts, scores)


def test_own_happenings_are_found() -> None:
    """The goal of .70; no threshold was fitted to these stories, how candidates are found was chosen with them in view.

    .79 before suspected pleas were heard more often (2026-11-26): a post that may be a plea joins no event.
    """
    figures = measuring_events.measure(measuring_events.happenings())
    print(figures)  # noqa: T201 - shown where it fails
    assert figures.f >= 0.70
    assert figures.low >= 0.60
    assert figures.precision >= 0.85
