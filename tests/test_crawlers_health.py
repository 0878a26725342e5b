"""Silent, changed, blocked, slow and down are told apart, and a source that is well is left alone."""

from datetime import timedelta

import pytest

from contracts.diagnosis import FailureKind
from contracts.funnel import Funnel
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import SourceHealth
from contracts.testing.builders import NOON
from contracts.zone import BEIJING
from crawlers.health import NEVER_S, History, diagnose
from crawlers.schedule import Rhythm

TODAY = NOON.astimezone(BEIJING).date()
WELL = Funnel(asked=25, fetched=24, extracted=240, new=10, kept=10, dated=240, timed=10, delay_s=6000.0)


def days(*recent: Funnel, habit: Funnel = WELL, of_habit: int = 10) -> tuple[SourceDay, ...]:
    """Return ten usual days and then the last ones, today included."""
    funnels = [habit] * of_habit + list(recent)
    first = TODAY - timedelta(days=len(funnels) - 1)
    return tuple(
        SourceDay(source="news", day=first + timedelta(days=number), crawls=24, funnel=funnel)
        for number, funnel in enumerate(funnels)
    )


def health(
    *,
    failures: int = 0,
    kind: FailureKind = "down",
    newest_ago: timedelta = timedelta(hours=1),
    failure: str = "坏了。",
) -> SourceHealth:
    return SourceHealth(
        source="news", checked_at=NOON, succeeded_at=NOON - timedelta(hours=5 * bool(failures)), newest_post_at=NOON - newest_ago,
        failure=failure if failures else "", failures=failures, failure_kind=kind if failures else "", good_post="p7",
    )  # fmt: skip


def rhythm(*, newest_ago: timedelta, gap: timedelta) -> Rhythm:
    return Rhythm(as_of=NOON, newest_at=NOON - newest_ago, expected_gap_s=gap.total_seconds())


def test_a_source_that_does_as_always_is_well() -> None:
    quiet = timedelta(hours=5)
    history = History(
        health=health(newest_ago=quiet), days=days(WELL, WELL), rhythm=rhythm(newest_ago=quiet, gap=timedelta(hours=2))
    )
    assert diagnose(history, NOON) is None


def test_silence_is_held_against_the_sources_own_gap() -> None:
    for gap, is_silent in ((timedelta(hours=2), True), (timedelta(days=2), False)):
        quiet = timedelta(hours=7)
        history = History(health=health(newest_ago=quiet), days=days(WELL), rhythm=rhythm(newest_ago=quiet, gap=gap))
        found = diagnose(history, NOON)
        assert (found is not None) == is_silent
    history = History(
        health=health(newest_ago=timedelta(hours=7)), days=days(WELL),
        rhythm=rhythm(newest_ago=timedelta(hours=7), gap=timedelta(hours=2)),
    )  # fmt: skip
    found = diagnose(history, NOON)
    assert found is not None
    assert (found.kind, found.sample, found.good_at) == ("silent", "p7", NOON - timedelta(hours=7))
    assert found.reason == "已 7 小时没有新帖，超过它自己平时间隔（2 小时）的 3 倍。"


def test_while_nobody_asks_nobody_is_called_silent() -> None:
    asked = health(newest_ago=timedelta(hours=1))
    known = rhythm(newest_ago=timedelta(hours=1), gap=timedelta(hours=1))
    assert diagnose(History(health=asked, days=days(WELL), rhythm=known), NOON + timedelta(days=9)) is None


def test_a_source_that_never_brought_anything_is_silent_after_a_week() -> None:
    never = SourceHealth(source="news", checked_at=NOON, succeeded_at=NOON)
    nothing = Funnel(asked=24, unchanged=24)
    week = int(NEVER_S / 86_400)
    assert diagnose(History(health=never, days=days(habit=nothing, of_habit=week)), NOON) is None
    found = diagnose(History(health=never, days=days(habit=nothing, of_habit=week + 1)), NOON)
    assert found is not None
    assert found.kind == "silent"
    assert "一条也没有收到" in found.reason


@pytest.mark.parametrize("kind", ["blocked", "slow", "changed", "down"])
def test_a_failing_source_is_what_its_failures_are_and_one_failure_is_nothing(kind: FailureKind) -> None:
    assert diagnose(History(health=health(failures=2, kind=kind), days=days(WELL)), NOON) is None
    found = diagnose(History(health=health(failures=3, kind=kind, failure="某处回应 403。"), days=days(WELL)), NOON)
    assert found is not None
    assert found.kind == kind
    assert "连续 3 次" in found.reason
    assert "某处回应 403。" in found.reason


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (Funnel(asked=25, fetched=24), "一条也读不出"),
        (Funnel(asked=25, fetched=24, extracted=240, new=10, kept=10, dated=60), "日期"),
        (Funnel(asked=25, fetched=24, extracted=240, new=240, dated=240, textless=200), "正文"),
    ],
    ids=["rows", "dates", "text"],
)
def test_pages_that_come_but_no_longer_say_the_same_have_changed(today: Funnel, said: str) -> None:
    found = diagnose(History(health=health(), days=days(today, today)), NOON)
    assert found is not None
    assert found.kind == "changed"
    assert said in found.reason


def test_unchanged_pages_and_lists_that_lead_to_nothing_new_are_no_change_of_shape() -> None:
    for today in (Funnel(asked=24, unchanged=24), Funnel(asked=24, fetched=24, lists=24)):
        assert diagnose(History(health=health(), days=days(today, today)), NOON) is None


def test_a_source_that_never_had_dates_is_not_called_changed() -> None:
    undated = Funnel(asked=25, fetched=24, extracted=240, new=10, kept=10, dated=0)
    assert diagnose(History(health=health(), days=days(undated, undated, habit=undated)), NOON) is None


def test_posts_that_come_much_later_than_usual_make_it_slow() -> None:
    late = Funnel(asked=25, fetched=24, extracted=240, new=10, kept=10, dated=240, timed=10, delay_s=10 * 5 * 3600.0)
    found = diagnose(History(health=health(), days=days(late, late)), NOON)
    assert found is not None
    assert found.kind == "slow"
    assert "平均 5 小时才采到，平时 10 分钟" in found.reason
