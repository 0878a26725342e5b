"""Alerts do not depend on interleaving, batch boundaries, repeats or kills: the same posts, the same ids."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rule import Levels, Rule, Threshold
from contracts.events import POSTS_INDEXED, PostIndexed
from tests.scenarios.timeline import START, Scenario, make

RULES = (
    Rule(
        id="some", type="frequency", group_by=("topic", "region"), window_minutes=10, min_posts=4, min_authors=2,
        levels=Levels(orange=Threshold(min_posts=8)),
    ),
    Rule(id="place", type="frequency", group_by=("region",), window_minutes=30, min_posts=9, min_authors=3),
    Rule(id="burst", type="burst", group_by=("topic",), min_posts=6, min_authors=2, ratio=2, surprise=2),
)  # fmt: skip


def history() -> list[PostIndexed]:
    return [
        make(f"past {n}", now=START, published=-60 * 26 - 60 * (n % 90), topics=(("health", "minors")[n % 2],))
        for n in range(180)
    ]


@st.composite
def towns(draw: st.DrawFn) -> list[PostIndexed]:
    count = draw(st.integers(5, 60))
    minutes = st.one_of(st.integers(-40, 0), st.integers(-5 * 60, 0), st.integers(-30 * 60, 0))
    return [
        make(
            f"post {n}", now=START, published=draw(minutes), author=f"author {draw(st.integers(0, 9))}",
            topics=draw(st.sampled_from([("health",), ("minors",), ("health", "minors"), ()])),
            regions=draw(st.sampled_from([("430100",), ("430102", "430200"), ()])),
            lane=draw(st.sampled_from([None] * 9 + ["urgent"])),
        )
        for n in range(count)
    ]  # fmt: skip


def outcome(posts: list[PostIndexed], *, seed: int = 0, batch: int = 10_000, past: bool = False) -> dict[str, object]:
    random = Random(seed)
    with Scenario(*RULES, random=random, batch=batch) as town:
        if past:
            town.arrive(*history())
        town.log.append(POSTS_INDEXED, posts)
        town.watched()
        return shown(town)


def shown(town: Scenario) -> dict[str, object]:
    return {alert.id: (alert.level, alert.count, alert.posts) for alert in town.alerts()}


@settings(max_examples=40)
@given(towns(), st.integers(0, 10_000), st.integers(1, 20), st.booleans())
def test_interleaving_and_batches_change_nothing(posts: list[PostIndexed], seed: int, batch: int, past: bool) -> None:
    assert set(outcome(posts, seed=seed, batch=batch, past=past)) == set(outcome(posts, past=past))


@settings(max_examples=25)
@given(towns(), st.integers(0, 10_000))
def test_a_post_announced_thrice_counts_once(posts: list[PostIndexed], seed: int) -> None:
    thrice = posts * 3
    Random(seed).shuffle(thrice)
    once, repeated = outcome(posts), outcome(thrice, seed=seed, batch=7)
    assert set(once) == set(repeated)
    assert {value[1] for value in once.values() if value[0] is None} <= {1}  # type: ignore[index]


@settings(max_examples=40)
@given(towns(), st.integers(0, 10_000), st.booleans())
def test_kills_anywhere_change_nothing_and_open_no_work_twice(posts: list[PostIndexed], seed: int, past: bool) -> None:
    random = Random(seed)
    with Scenario(*RULES, random=random, batch=9) as town:
        if past:
            town.arrive(*history())
        town.log.append(POSTS_INDEXED, posts)
        town.watched_under_fire(random)
        assert set(shown(town)) == set(outcome(posts, past=past))
        for alert in town.alerts():
            assert [kind for kind, _ in town.history(alert)].count("opened") == 1


@settings(max_examples=25)
@given(towns(), st.integers(0, 10_000))
def test_at_most_one_alert_is_open_per_rule_and_key(posts: list[PostIndexed], seed: int) -> None:
    random = Random(seed)
    with Scenario(*RULES, random=random, batch=5) as town:
        for start in range(0, len(posts), 10):
            town.arrive(*posts[start : start + 10])
            for alert in town.alerts(open_only=True):
                if random.random() < 0.3:
                    town.close_alert(alert, random.choice(("resolved", "false_alarm")))
        keys = [(alert.rule, alert.key) for alert in town.alerts(open_only=True)]
        assert len(keys) == len(set(keys))


@settings(max_examples=25)
@given(towns(), st.integers(0, 10_000))
def test_backfill_of_any_size_raises_nothing(posts: list[PostIndexed], seed: int) -> None:
    old = [
        make(f"old {n}", now=START, published=-25 * 60 - n % 300, topics=post.topics, regions=post.regions)
        for n, post in enumerate(posts * 5)
    ]
    assert outcome(old, seed=seed, batch=11) == {}
