"""When to ask: what the estimates learn, what the bounds hold, and that the budget is spent where posts wait."""

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers import schedule
from crawlers.agenda import written
from crawlers.hints import read_hints
from crawlers.schedule import DAY_S, FLAT, Bounds, Hints, Look, Rhythm
from qingting.bench.polling import compare

MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)  # in Beijing
EASY = Bounds(shortest_s=60.0, longest_s=DAY_S / 4)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def watched(posts_at: list[float], *, days: int, every_h: float = 1.0) -> Rhythm:
    """Return the rhythm of a feed that was looked at all the while; `posts_at` are hours of each day."""
    rhythm: Rhythm | None = None
    times = [MIDNIGHT + hours(24 * day + at) for day in range(days) for at in posts_at]
    at, end = MIDNIGHT, MIDNIGHT + timedelta(days=days)
    while at <= end:
        new = tuple(time for time in times if at - hours(every_h) < time <= at)
        rhythm = schedule.observed(rhythm, Look(new=new), at)
        at += hours(every_h)
    assert rhythm is not None
    return rhythm


def test_the_level_is_learned_within_days_and_the_hours_with_it() -> None:
    rhythm = watched([9.5, 9.7, 10.2, 15.5, 15.6, 20.1], days=20)
    assert schedule.level(rhythm) == pytest.approx(6.0, rel=0.1)
    by_hour = schedule.rates(rhythm)
    assert by_hour[9] > 5 * by_hour[3]
    assert sum(by_hour) / 24 == pytest.approx(6.0, rel=0.35)


def test_the_first_look_at_a_feed_already_knows_its_rhythm() -> None:
    shown = tuple(MIDNIGHT - hours(0.5 * number) for number in range(40))
    rhythm = schedule.observed(None, Look(new=shown, shown=shown, is_window=True), MIDNIGHT)
    assert schedule.level(rhythm) == pytest.approx(48.0, rel=0.1)
    assert rhythm.window_s == pytest.approx(19.5 * 3600)


def test_a_new_source_is_asked_soon_and_a_silent_one_ever_more_rarely() -> None:
    new = schedule.observed(None, Look(), MIDNIGHT)
    limits = schedule.bounds(new, shortest_s=60.0, longest_s=None)
    assert limits.longest_s == schedule.NEW_SLOWEST_S
    silent = watched([], days=10)
    limits = schedule.bounds(silent, shortest_s=60.0, longest_s=None)
    assert limits.longest_s == schedule.SLOWEST_S
    assert schedule.level(silent) < 0.1


def test_an_interval_is_never_longer_than_half_of_the_window() -> None:
    shown = tuple(MIDNIGHT - timedelta(minutes=number) for number in range(31))
    rhythm = schedule.observed(None, Look(new=shown, shown=shown, is_window=True), MIDNIGHT)
    limits = schedule.bounds(rhythm, shortest_s=60.0, longest_s=None)
    assert limits.longest_s == 15 * 60.0
    due = schedule.due_after(MIDNIGHT, schedule.rates(rhythm), limits, cost=1e9)
    assert due - MIDNIGHT == timedelta(minutes=15)


def test_a_feed_without_anything_known_has_been_overrun_and_its_window_shrinks() -> None:
    before = schedule.observed(None, Look(shown=(MIDNIGHT,), is_window=True), MIDNIGHT)
    now = MIDNIGHT + hours(2)
    burst = tuple(now - timedelta(minutes=3 * number) for number in range(10))
    after = schedule.observed(before, Look(new=burst, shown=burst, is_window=True), now)
    assert after.window_s == 27 * 60.0
    assert sum(after.hours) == pytest.approx(0.45, rel=0.01), "what fell out of the window was not watched"


def test_the_sites_hints_bound_from_below_but_never_beyond_the_operator_or_the_window() -> None:
    hinted = msgspec.structs.replace(watched([9.0], days=3), hints=Hints(rest_s=3600.0))
    assert schedule.bounds(hinted, shortest_s=60.0, longest_s=None).shortest_s == 3600.0
    assert schedule.bounds(hinted, shortest_s=60.0, longest_s=600.0).shortest_s == 600.0
    windowed = msgspec.structs.replace(hinted, window_s=1800.0)
    assert schedule.bounds(windowed, shortest_s=60.0, longest_s=None) == Bounds(shortest_s=900.0, longest_s=900.0)
    year = msgspec.structs.replace(hinted, hints=Hints(rest_s=365 * DAY_S))
    assert schedule.bounds(year, shortest_s=60.0, longest_s=None).shortest_s == schedule.HINT_S_MAX


def test_the_loopback_town_keeps_its_few_seconds() -> None:
    assert schedule.bounds(None, shortest_s=60.0, longest_s=5.0) == Bounds(shortest_s=5.0, longest_s=5.0)


def test_hours_that_a_feed_skips_are_not_asked_in() -> None:
    flat = (24.0,) * 24
    cost = math.sqrt(24.0) / 24.0  # once an hour
    skipped = tuple(range(16, 20))  # UTC, from midnight in Beijing
    due = schedule.due_after(MIDNIGHT, flat, EASY, cost, skipped)
    assert due == MIDNIGHT + hours(5)
    assert schedule.due_after(MIDNIGHT, flat, EASY, cost) == MIDNIGHT + hours(1)


def test_failures_wait_longer_and_longer_but_never_more_than_six_hours() -> None:
    waits = [
        (schedule.due_after_failure(MIDNIGHT, 900.0, failures) - MIDNIGHT).total_seconds() for failures in range(1, 40)
    ]
    assert waits[:4] == [900.0, 1800.0, 3600.0, 7200.0]
    assert waits == sorted(waits)
    assert waits[-1] == schedule.FAILED_S_MAX
    assert schedule.due_after_failure(MIDNIGHT, 5.0, 30) - MIDNIGHT == timedelta(minutes=2)
    assert schedule.due_after_failure(MIDNIGHT, DAY_S, 9) - MIDNIGHT == timedelta(days=1)


def test_the_expected_gap_is_that_of_the_habit_and_does_not_grow_with_a_silence() -> None:
    office = watched([9.0, 11.0, 14.0, 16.0], days=10)
    assert office.longest_gap_s == pytest.approx(17 * 3600.0, rel=0.02)
    assert office.expected_gap_s == pytest.approx(8.5 * 3600.0, rel=0.02)
    later = schedule.observed(office, Look(), office.as_of + timedelta(days=20))
    assert later.expected_gap_s == office.expected_gap_s


_times = st.integers(0, 60 * 24 * 3).map(lambda minute: MIDNIGHT - timedelta(minutes=minute))
_looks = st.builds(
    Look, new=st.lists(st.none() | _times, max_size=12).map(tuple), shown=st.lists(_times, max_size=12).map(tuple),
    is_window=st.booleans(), hints=st.none() | st.builds(Hints, rest_s=st.floats(0, 1e7)),
)  # fmt: skip


@given(st.lists(st.tuples(_looks, st.integers(0, 10_000)), min_size=1, max_size=8), st.floats(1.0, 500.0))
def test_whatever_was_seen_the_next_poll_lies_within_bounds_and_the_rhythm_survives_being_written(
    history: list[tuple[Look, int]], polls: float
) -> None:
    rhythm: Rhythm | None = None
    now = MIDNIGHT
    for look, minutes in history:
        now += timedelta(minutes=minutes)
        rhythm = schedule.observed(rhythm, look, now)
    assert rhythm is not None
    assert all(rate > 0 and math.isfinite(rate) for rate in schedule.rates(rhythm, schedule.pooled([rhythm])))
    limits = schedule.bounds(rhythm, shortest_s=60.0, longest_s=None)
    assert 60.0 <= limits.shortest_s <= limits.longest_s <= schedule.SLOWEST_S
    cost = schedule.price([schedule.mean_root(schedule.rates(rhythm))], [limits], polls)
    wait_s = (schedule.due_after(now, schedule.rates(rhythm), limits, cost) - now).total_seconds()
    assert limits.shortest_s - 0.001 <= wait_s <= limits.longest_s + 0.001
    read = msgspec.json.decode(written(rhythm), type=Rhythm)
    assert schedule.level(read) == pytest.approx(schedule.level(rhythm), rel=0.01)


@given(st.lists(st.floats(0.01, 500.0), min_size=2, max_size=40), st.floats(6.0, 200.0))
@settings(max_examples=50)
def test_the_price_spends_the_budget_and_intervals_go_by_the_root_of_the_rate(
    levels: list[float], polls: float
) -> None:
    roots = [math.sqrt(one) for one in levels]
    limits = [Bounds(shortest_s=60.0, longest_s=DAY_S / 4)] * len(roots)
    cost = schedule.price(roots, limits, polls)
    densities = [min(max(root / cost, 4.0), 1440.0) for root in roots]
    assert sum(densities) / len(densities) == pytest.approx(polls, rel=0.001)


def test_the_day_of_all_sources_is_learned_and_lent_to_a_new_one() -> None:
    known = [watched([9.1, 9.4, 9.8, 10.5], days=12) for _ in range(3)]
    day = schedule.pooled(known)
    assert sum(day) / 24 == pytest.approx(1.0)
    assert day[9] > 4 * day[2]
    new = schedule.observed(None, Look(), MIDNIGHT)
    assert schedule.rates(new, day)[9] > 4 * schedule.rates(new, day)[2]
    assert schedule.pooled([]) == FLAT


def test_hints_are_read_from_the_head_of_a_feed_and_from_the_answer() -> None:
    feed = (
        b"<rss><channel><ttl> 90 </ttl><skipHours><hour>0</hour><hour>23</hour><hour>24</hour></skipHours>"
        b"<item><ttl>9999</ttl></item></channel></rss>"
    )
    assert read_hints({}, feed) == Hints(rest_s=5400.0, skip_hours=(0, 23))
    assert read_hints({"Cache-Control": "public, Max-Age=7200"}, feed).rest_s == 7200.0
    assert read_hints({"cache-control": "s-maxage=9, no-cache"}, b"<rss><ttl>x</ttl></rss>") == Hints()
    every = b"".join(b"<hour>%d</hour>" % hour for hour in range(24))
    assert read_hints({}, b"<rss><skipHours>" + every + b"</skipHours></rss>").skip_hours == ()


def test_posts_wait_a_quarter_less_than_under_one_interval_for_all() -> None:
    """The goal of 20 minutes is that of `tools/schedule_bench.py` (300 sources, 14 days).

    Sixty sources hold fewer of the very fast ones, so that less can be won here: the floor is a share of what is fixed.
    """
    fixed, nutch, ours = compare(sources=60, days=7)
    assert ours.polls_a_day <= 24.6
    assert ours.mean <= 0.73 * fixed.mean
    assert 28.0 <= fixed.mean <= 32.0
    assert ours.mean < nutch.mean
    assert ours.lost == 0
