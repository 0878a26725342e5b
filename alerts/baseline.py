"""What would have been usual: the expected number of posts of a key in a window, and how surprising a count is.

Level by an exponentially weighted mean over days, times a factor of the hour of day (Asia/Shanghai), both over hours in
which the house was listening; counts are capped at the mean plus four standard deviations before they teach, so that a
burst does not become the new normal. Dispersion by moments; tail of the negative binomial distribution, because human
posting is far more variable than Poisson.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

ZONE_HOURS: Final = 8
"""Asia/Shanghai, without daylight saving time."""
HALF_LIFE_DAYS: Final = 3.0
HISTORY_HOURS: Final = 42 * 24
WARM_HOURS: Final = 48
"""Younger than this, a baseline says nothing and a burst rule stays silent: a frequency rule guards the first days."""
_OUTAGE_HOURS: Final = 12
"""So many hours in a row without any post of any kind were no quiet night: the house was not listening."""
_PRIOR_POSTS: Final = 3.0
"""Pulls an hour's factor towards 1 until it has seen a few posts."""
_FLOOR_PER_HOUR: Final = 0.05
"""A key never seen before is expected about once a day, not never: otherwise any two posts were infinitely surprising."""
_ALPHA_MIN: Final = 0.1
_ALPHA_MAX: Final = 10.0


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Expected posts per hour by hour of day, and the dispersion: variance = mean + alpha · mean²."""

    level: float
    factors: tuple[float, ...]
    alpha: float
    hours: int
    """Hours of history in which the house was listening."""

    def expected(self, end_minute: int, window_minutes: int) -> float:
        """Return the expected posts in the window of minutes (end - window, end], minutes since 1970."""
        total, minute = 0.0, end_minute - window_minutes + 1
        while minute <= end_minute:
            stop = min(end_minute + 1, (minute // 60 + 1) * 60)
            total += self.factors[(minute // 60 + ZONE_HOURS) % 24] * (stop - minute) / 60
            minute = stop
        return max(self.level * total, _FLOOR_PER_HOUR * window_minutes / 60)


def listening(coverage: Mapping[int, int], until_hour: int) -> tuple[int, ...]:
    """Return the hours before `until_hour`, rising, in which the house was listening: all but long gaps of `coverage`."""
    heard = sorted(hour for hour in coverage if until_hour - HISTORY_HOURS <= hour < until_hour)
    if not heard:
        return ()
    found: list[int] = []
    for hour, following in zip(heard, [*heard[1:], until_hour], strict=True):
        gap = following - hour
        found.extend(range(hour, following if gap <= _OUTAGE_HOURS else hour + 1))
    return tuple(found)


def learn(volume: Mapping[int, int], hours: tuple[int, ...]) -> Baseline:
    """Return the baseline of one key from its posts by hour, over the hours in which the house was listening."""
    if not hours:
        return Baseline(level=0.0, factors=(1.0,) * 24, alpha=_ALPHA_MIN, hours=0)
    decay = 0.5 ** (1 / (HALF_LIFE_DAYS * 24))
    level, weight, last = 0.0, 0.0, hours[0]
    seen, posts = [0] * 24, [0.0] * 24
    residuals = squares = 0.0
    for hour in hours:
        count = float(volume.get(hour, 0))
        mean = level / weight if weight else 0.0
        if weight > 1:
            count = min(count, mean + 4 * math.sqrt(mean + mean * mean) + 1)
            residuals += (count - mean) ** 2 - mean
            squares += mean * mean
        fade = decay ** (hour - last)
        level, weight, last = level * fade + count, weight * fade + 1, hour
        slot = (hour + ZONE_HOURS) % 24
        seen[slot] += 1
        posts[slot] += count
    usual = sum(posts) / len(hours)
    factors = tuple(
        (posts[slot] + _PRIOR_POSTS) / (seen[slot] * usual + _PRIOR_POSTS) if usual else 1.0 for slot in range(24)
    )
    alpha = residuals / squares if squares else _ALPHA_MIN
    return Baseline(
        level=level / weight, factors=factors, alpha=min(max(alpha, _ALPHA_MIN), _ALPHA_MAX), hours=len(hours)
    )


def surprise(count: int, expected: float, alpha: float) -> float:
    """Return -log10 P(X >= count) for a negative binomial X; 0 where count does not exceed the expectation."""
    if count <= expected or expected <= 0:
        return 0.0
    size = 1 / alpha
    fail = expected / (expected + size)
    log_term = (
        math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
        + size * math.log1p(-fail) + count * math.log(fail)
    )  # fmt: skip
    total, term, more = 1.0, 1.0, count
    while term > total * 1e-12:
        term *= (more + size) / (more + 1) * fail
        total += term
        more += 1
    return max(0.0, -(log_term + math.log(total)) / math.log(10))
