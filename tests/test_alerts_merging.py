"""When two events become one, no happening has two alerts, no link goes dead, and no post counts twice."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import silences, store
from alerts.rule import Levels, Rule, Threshold
from contracts.alert import Alert
from contracts.events import POSTS_INDEXED, PostIndexed
from contracts.identity import alert_id
from tests.scenarios.timeline import START, Scenario, make, only

GROWTH = Rule(
    id="growth", type="frequency", group_by=("event",), window_minutes=60, min_posts=10, min_authors=3,
    levels=Levels(yellow=Threshold(min_posts=15), red=Threshold(min_posts=40)),
)  # fmt: skip


def joined(town: Scenario, event: str = "elder", absorbed: str = "younger") -> Scenario:
    return town.posts(1, event=event, absorbed=absorbed)


def test_an_alert_of_the_absorbed_event_goes_on_as_that_of_the_elder() -> None:
    with Scenario(GROWTH) as town:
        first = only(town.posts(10, event="younger").posts(9, event="elder").alerts())
        joined(town).posts(1, event="elder").posts(1, event="younger")
        alert = only(town.alerts())
        assert (alert.id, alert.key, alert.event) == (first.id, "event=elder", "elder")
        assert (alert.count, alert.level, len(set(alert.posts))) == (22, "yellow", 22)
        assert town.work == [first.id]
        assert [kind for kind, _ in town.history(alert)].count("event") == 1


def test_two_events_that_together_reach_the_threshold_alert_at_once() -> None:
    with Scenario(GROWTH) as town:
        town.posts(6, event="younger").posts(4, event="elder")
        assert town.alerts() == ()
        alert = only(joined(town).alerts())
        assert (alert.id, alert.count) == (alert_id("growth", "event=elder", 1), 11)


def test_of_two_open_alerts_the_younger_goes_and_says_where() -> None:
    with Scenario(GROWTH) as town:
        town.posts(10, event="elder").at(1).posts(12, event="younger")
        elder, younger = sorted(town.alerts(), key=lambda alert: alert.opened_at)
        joined(town)
        assert only(town.alerts(open_only=True)).id == elder.id
        gone = only([alert for alert in town.alerts() if alert.id == younger.id])
        assert (gone.state, gone.event) == ("merged", "younger"), "what is closed stays as it was: its link leads on"
        with town.database.reading() as connection:
            assert store.row_of(connection, younger.id).merged_into == elder.id
        town.posts(5, event="younger")
        assert (len(town.alerts()), only(town.alerts(open_only=True)).count) == (2, 28)


@pytest.mark.parametrize("taken", ["elder", "younger", "both"])
def test_what_people_have_taken_up_is_never_closed(taken: str) -> None:
    with Scenario(GROWTH) as town:
        town.posts(10, event="elder").at(1).posts(10, event="younger")
        by_event = {alert.event: alert for alert in town.alerts()}
        up = [alert for event, alert in by_event.items() if taken in (event, "both")]
        with town.database.writing() as connection:
            for alert in up:
                store.change(connection, alert.id, "acknowledged", by="值班员", reason="", now=town.clock.now())
        joined(town).posts(3, event="younger")
        assert {alert.id for alert in town.alerts(open_only=True)} == {alert.id for alert in up}
        counts = {alert.id: alert.count for alert in town.alerts()}
        going_on = by_event["elder" if taken == "both" else taken]
        assert counts[going_on.id] == 24
        assert len(counts) == 2


def test_a_closed_alert_of_either_event_quiets_its_episode() -> None:
    with Scenario(GROWTH) as town:
        town.close_alert(only(town.posts(10, event="younger").alerts()), "false_alarm")
        joined(town).at(30).posts(2, event="elder")
        only(town.alerts())
        town.at(300).posts(10, event="elder")
        again = only(town.alerts(open_only=True))
        assert again.id == alert_id("growth", "event=elder", 2)


def test_a_red_wave_after_an_old_one_of_the_absorbed_event_is_a_new_one() -> None:
    with Scenario(GROWTH) as town:
        town.close_alert(only(town.posts(40, event="younger").alerts()))
        town.at(25 * 60).posts(10, event="elder")
        town.close_alert(only(town.alerts(open_only=True)))
        assert joined(town).alerts(open_only=True) == ()
        assert only(town.posts(40, event="younger").alerts(open_only=True)).level == "red"


def test_a_post_that_is_announced_again_counts_once_also_after_a_restart() -> None:
    with Scenario(GROWTH) as town:
        posts = town.some(5, event="younger")
        joined(town.arrive(*posts)).arrive(*posts).killed().arrive(*posts)
        assert town.alerts() == ()
        assert only(town.posts(4, event="younger").alerts()).count == 10


def test_merges_of_merges_in_any_order_and_told_twice_leave_one() -> None:
    for order in ([("b", "a"), ("c", "b")], [("c", "b"), ("b", "a")], [("b", "a"), ("c", "b"), ("a", "b"), ("b", "c")]):
        with Scenario(GROWTH) as town:
            for event in "abc":
                town.posts(4, event=event)
            for absorbed, event in order:
                joined(town.killed(), event, absorbed)
            alert = only(town.alerts())
            assert (alert.event, alert.count) == ("a", 12 + len(order))


def test_a_merge_by_a_post_of_doubtful_time_holds() -> None:
    with Scenario(GROWTH) as town:
        town.posts(5, event="younger").posts(5, event="elder")
        town.posts(1, event="elder", absorbed="younger", time_is_doubtful=True)
        assert only(town.alerts()).count == 10


def test_a_silence_of_the_absorbed_event_goes_on() -> None:
    with Scenario(GROWTH) as town:
        now = town.clock.now()
        with town.database.writing() as connection:
            silences.add(
                connection, event="younger", until=now + timedelta(hours=5), by="值班员", reason="已知", now=now
            )
        joined(town).posts(10, event="elder")
        only(town.alerts())
        assert town.told() == []


def test_another_rules_keys_stay_whole() -> None:
    both = Rule(id="both", type="frequency", group_by=("topic", "region", "event"), min_posts=6, min_authors=2)
    place = Rule(id="place", type="frequency", group_by=("region",), min_posts=10, min_authors=2)
    with Scenario(both, place) as town:
        town.posts(3, event="younger").posts(3, event="elder").posts(3, event="elder", topics=("health",))
        joined(town)
        found = {alert.rule: alert for alert in town.alerts()}
        assert found["both"].key == "topic=employment,region=430100,event=elder"
        assert (found["both"].count, found["place"].count) == (7, 10)


@st.composite
def towns(draw: st.DrawFn) -> list[PostIndexed]:
    posts = [
        make(f"post {n}", now=START, published=draw(st.integers(-90, 0)), event=draw(st.sampled_from(["a", "b", "c"])))
        for n in range(draw(st.integers(10, 70)))
    ]
    told = draw(st.sampled_from([[("b", "a")], [("b", "a"), ("c", "b")], [("c", "b"), ("b", "a")]]))
    for number, (absorbed, event) in enumerate(told):
        place = draw(st.integers(0, len(posts)))
        posts.insert(place, make(f"joins {number}", now=START, published=0, event=event, absorbed=absorbed))
    return posts


@settings(max_examples=40)
@given(towns(), st.integers(0, 10_000), st.integers(1, 20), st.booleans())
def test_open_alerts_are_those_of_posts_that_were_together_from_the_start(
    posts: list[PostIndexed], seed: int, batch: int, dies: bool
) -> None:
    random = Random(seed)
    parts = {"a": "a", "b": "a", "c": "a" if any(post.absorbed == "c" for post in posts) else "c"}
    with Scenario(GROWTH) as town:
        together = [make_under(post, parts[post.event]) for post in posts]
        wanted = shown(town.arrive(*together).alerts(open_only=True))
    with Scenario(GROWTH, random=random, batch=batch) as town:
        town.log.append(POSTS_INDEXED, posts)
        if dies:
            town.watched_under_fire(random)
        else:
            town.watched()
        assert shown(town.alerts(open_only=True)) == wanted
        for alert in town.alerts():
            assert [kind for kind, _ in town.history(alert)].count("opened") == 1


def make_under(post: PostIndexed, event: str) -> PostIndexed:
    fields = {"id": post.id, "author": post.author, "event": event}
    return make("", now=START, published=(post.published_at - START).total_seconds() / 60, **fields)


def shown(alerts: tuple[Alert, ...]) -> dict[str, object]:
    return {alert.key: (alert.level, alert.count) for alert in alerts}
