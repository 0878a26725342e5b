"""Simulates sources that are polled under one budget of requests: ours beside a fixed interval and Nutch's rule.

What is drawn, with a fixed seed: rates from a log-normal distribution (a few sources bring most of the posts), a
newsroom's day that differs a little from source to source, feeds that show their last 30 items. What is measured is the
time from a post's publication to the poll that first shows it.
"""

import heapq
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from crawlers import schedule
from crawlers.schedule import DAY_S, Look, Rhythm

_START: Final = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in Beijing
_WINDOW: Final = 30
_HISTORY_DAYS: Final = 30
_PRICED_EVERY_S: Final = 3600.0
_NEWSROOM: Final = (2, 1, 1, 1, 1, 2, 6, 10, 16, 18, 18, 16, 10, 9, 13, 16, 17, 14, 10, 8, 7, 6, 5, 4)
"""Posts by hour of the day, as an editor would guess them."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy cost and brought. Delays are minutes."""

    policy: str
    polls_a_day: float
    """Of one source, on average."""
    empty: float
    """Share of the polls that brought nothing."""
    mean: float
    median: float
    p95: float
    posts: int
    lost: int
    """Posts that had fallen out of their feed before anybody asked."""


Feed = Sequence[float]
"""Publication times of one source, seconds since the start (negative: before), ascending."""
Next = Callable[[int, Sequence[float], Sequence[float], float], float]
"""(source, new posts, posts shown, now) → time of the next poll, all in seconds since the start."""


def feeds(sources: int, days: int, *, posts_a_day: float, spread: float, seed: int) -> tuple[Feed, ...]:
    """Draw the sources; `spread` is the standard deviation of the logarithm of their rates."""
    chance = random.Random(seed)
    drawn = [chance.lognormvariate(0.0, spread) for _ in range(sources)]
    scale = posts_a_day * sources / sum(drawn)
    return tuple(_feed(chance, rate * scale, days) for rate in drawn)


def _feed(chance: random.Random, rate: float, days: int) -> Feed:
    own = [share * chance.uniform(0.5, 1.5) for share in _NEWSROOM]
    top = max(own)
    mean = sum(own) / 24.0
    at, end = -_HISTORY_DAYS * DAY_S, days * DAY_S
    times: list[float] = []
    while True:  # thinning (Lewis and Shedler 1979)
        at += chance.expovariate(rate * top / mean) * DAY_S
        if at >= end:
            return times
        if chance.random() < own[int(at % DAY_S // 3600.0)] / top:
            times.append(at)


def simulate(policy: str, drawn: Sequence[Feed], days: int, following: Next) -> Outcome:
    """Poll every source from its first moment on."""
    end = days * DAY_S
    known = [0] * len(drawn)
    waiting = [(number * 60.0 / len(drawn), number) for number in range(len(drawn))]
    heapq.heapify(waiting)
    delays: list[float] = []
    polls = empty = lost = 0
    while waiting[0][0] < end:
        now, number = waiting[0]
        times = drawn[number]
        until = bisect_right(times, now)
        shown = times[max(0, until - _WINDOW) : until]
        new = times[max(known[number], until - _WINDOW) : until]
        lost += sum(1 for at in times[known[number] : max(known[number], until - _WINDOW)] if at >= 0)
        delays.extend(now - at for at in new if at >= 0)
        known[number] = until
        polls += 1
        empty += not new
        heapq.heapreplace(waiting, (max(following(number, new, shown, now), now + 1.0), number))
    ordered = sorted(delays)
    return Outcome(
        policy=policy, polls_a_day=polls / days / len(drawn), empty=empty / polls, mean=sum(ordered) / len(ordered) / 60,
        median=ordered[len(ordered) // 2] / 60, p95=ordered[int(len(ordered) * 0.95)] / 60, posts=len(ordered), lost=lost,
    )  # fmt: skip


def fixed(polls_a_day: float) -> Next:
    """Return the policy of one interval for all; the first polls are spread by chance."""
    chance = random.Random(1)
    interval_s = DAY_S / polls_a_day
    begun: set[int] = set()

    def following(number: int, _new: Sequence[float], _shown: Sequence[float], now: float) -> float:
        if number not in begun:
            begun.add(number)
            return now + interval_s * chance.random()
        return now + interval_s

    return following


def nutch(sources: int, *, first_s: float, longer: float, shorter: float, longest_s: float) -> Next:
    """Return Apache Nutch's AdaptiveFetchSchedule: interval ×(1−`shorter`) after a change, ×(1+`longer`) else, ≥ 60 s."""
    intervals = [first_s] * sources

    def following(number: int, new: Sequence[float], _shown: Sequence[float], now: float) -> float:
        factor = 1.0 - shorter if new else 1.0 + longer
        intervals[number] = min(max(intervals[number] * factor, 60.0), longest_s)
        return now + intervals[number]

    return following


def nutch_at(drawn: Sequence[Feed], days: int, polls_a_day: float, *, shorter: float = 0.2) -> Outcome:
    """Return Nutch's rule with the `longer` that spends the budget: its own ratio of the two would spend another."""

    def run(longer: float) -> Outcome:
        rule = nutch(len(drawn), first_s=DAY_S / polls_a_day, longer=longer, shorter=shorter, longest_s=365 * DAY_S)
        return simulate("Nutch AdaptiveFetchSchedule", drawn, days, rule)

    low, high = 0.001, 1.0
    for _ in range(12):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if run(middle).polls_a_day > polls_a_day else (low, middle)
    return run(high)


def ours(sources: int, polls_a_day: float, *, shortest_s: float = 60.0) -> Next:
    """Return the policy of `crawlers.schedule`, priced anew every hour as the crawl role does."""
    rhythms: list[Rhythm | None] = [None] * sources
    priced_at, cost, day = -math.inf, 1.0, schedule.FLAT

    def following(number: int, new: Sequence[float], shown: Sequence[float], now: float) -> float:
        nonlocal priced_at, cost, day
        at = _START + timedelta(seconds=now)
        look = Look(new=_moments(new), shown=_moments(shown), is_window=True)
        rhythm = rhythms[number] = schedule.observed(rhythms[number], look, at)
        if now - priced_at >= _PRICED_EVERY_S or None in rhythms:
            priced_at = now
            known = [one for one in rhythms if one is not None]
            day = schedule.pooled(known)
            limits = [schedule.bounds(one, shortest_s=shortest_s, longest_s=None) for one in known]
            roots = [schedule.mean_root(schedule.rates(one, day)) for one in known]
            cost = schedule.price(roots, limits, polls_a_day)
        limits_here = schedule.bounds(rhythm, shortest_s=shortest_s, longest_s=None)
        due = schedule.due_after(at, schedule.rates(rhythm, day), limits_here, cost)
        return (due - _START).total_seconds()

    return following


def _moments(times: Sequence[float]) -> tuple[datetime, ...]:
    return tuple(_START + timedelta(seconds=at) for at in times)


def compare(
    *, sources: int = 300, days: int = 14, posts_a_day: float = 6.4, spread: float = 1.15, seed: int = 20261123,
    polls_a_day: float = 24.0,
) -> tuple[Outcome, ...]:  # fmt: skip
    """Return a fixed interval, Nutch's rule and ours over the same sources at the same budget."""
    drawn = feeds(sources, days, posts_a_day=posts_a_day, spread=spread, seed=seed)
    return (
        simulate(f"fixed {24 * 60 / polls_a_day:.0f} min", drawn, days, fixed(polls_a_day)),
        nutch_at(drawn, days, polls_a_day),
        simulate("rate by hour, interval ∝ 1/√rate", drawn, days, ours(sources, polls_a_day)),
    )
