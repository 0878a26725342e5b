"""When to ask a source again: its rhythm is learned, and a budget of requests is spent where posts would wait longest.

A post waits in its feed until we ask, so the whole delay of sources with arrival rates λᵢ and intervals Iᵢ is Σ λᵢ·Iᵢ/2.
Under a budget Σ 1/Iᵢ it is least for Iᵢ ∝ 1/√λᵢ. (Freshness as Cho and Garcia-Molina 2003 define it, a page being fresh
or not, is another aim: it starves the fastest sources.) Rates are Gamma-Poisson estimates over days and hours of the day,
Asia/Shanghai, with exponential forgetting; a source that we hardly know borrows the day of all sources together.

Everything here is a pure function of what was seen; times are aware, lengths are seconds, rates are posts a day.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from contracts.zone import BEIJING

DAY_S: Final = 86_400.0
HALF_LIFE_S: Final = 7 * DAY_S
"""A week: a rhythm that changed has mostly been unlearned after two."""
SLOWEST_S: Final = DAY_S / 4
"""Nobody waits longer than a working morning for a source that wakes up."""
NEW_S: Final = DAY_S
"""A source that was watched for less than a day is asked at least every `NEW_SLOWEST_S`, whatever it seems to be."""
NEW_SLOWEST_S: Final = 3600.0
HINT_S_MAX: Final = DAY_S / 4
"""A feed that asks for a longer rest (ttl, max-age) mostly carries a default that nobody thought about."""
FAILED_S_MAX: Final = DAY_S / 4
_FAILED_TIMES_MAX: Final = 24.0
"""A failing source is asked at last at this many of its usual intervals."""
_WINDOW_ITEMS_MIN: Final = 5
"""Two posts of one minute are no window."""
_LOOK_BACK_S: Final = 14 * DAY_S
"""How far the first look at a feed's window counts as having watched it."""
_LATE_S: Final = DAY_S
"""A post may show up so long after the time that it bears, and still be an arrival."""
_GAP_HALF_LIFE_S: Final = 28 * DAY_S
_KNOWN_POSTS_MIN: Final = 3.0
_PRIOR_POSTS: Final = 0.5
_PRIOR_DAYS: Final = 0.05
"""Ten posts a day, believed as firmly as an hour's watching."""
_PRIOR_A_HOUR: Final = 4.0
"""Posts that an hour's own share must outweigh before it differs from the day of all sources."""
_PRIOR_POOL: Final = 10.0
_POOL_POSTS_MAX: Final = 50.0
"""A source counts for no more than this in the day of all: one agency's wire is not everybody's day."""

Day = tuple[float, ...]
"""24 figures, one for each hour of the day in Beijing."""
_NOTHING: Final[Day] = (0.0,) * 24
FLAT: Final[Day] = (1.0,) * 24


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What a site says about when to come again."""

    rest_s: float = 0.0
    """The longer of `ttl` and `max-age`."""
    skip_hours: tuple[int, ...] = ()
    """Hours of the day, UTC, in which a feed is not renewed."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one crawl showed."""

    new: tuple[datetime | None, ...] = ()
    """Publication times of the posts that we did not know; None where the source gave none."""
    shown: tuple[datetime, ...] = ()
    """Publication times of all posts on the page."""
    is_window: bool = False
    """Whether the page is a feed, that shows the last so many posts."""
    hints: Hints | None = None
    """None keeps what was said before (a 304 says nothing)."""


class Rhythm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a source's arrivals until `as_of`."""

    as_of: datetime
    posts: Day = _NOTHING
    """Arrivals by hour of the day, the older the lighter."""
    hours: Day = _NOTHING
    """Hours watched, by hour of the day, as light as the arrivals in them."""
    newest_at: datetime | None = None
    longest_gap_s: float = 0.0
    """The longest silence between two posts of late; halved every four weeks."""
    expected_gap_s: float = 0.0
    """The silence that the source's own habit explains, as of its newest post; 0 while it is hardly known."""
    window_s: float = 0.0
    """The time that the feed's posts span; 0 where that is not known."""
    hints: Hints = Hints()

    @property
    def watched_s(self) -> float:
        return sum(self.hours) * 3600.0

    @property
    def seen(self) -> float:
        return sum(self.posts)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The shortest and the longest interval that a source may have, seconds."""

    shortest_s: float
    longest_s: float


def observed(rhythm: Rhythm | None, look: Look, now: datetime) -> Rhythm:
    """Return the rhythm after a crawl that succeeded at `now`."""
    arrivals = sorted(at for at in (look.shown if rhythm is None else look.new) if at is not None and at <= now)
    start = _watched_from(rhythm, look, now)
    fading = 0.5 ** (max((now - rhythm.as_of).total_seconds(), 0.0) / HALF_LIFE_S) if rhythm else 1.0
    posts = [count * fading for count in rhythm.posts] if rhythm else [0.0] * 24
    hours = [length * fading for length in rhythm.hours] if rhythm else [0.0] * 24
    for hour, length_s in _hours_between(start, now):
        hours[hour] += length_s / 3600.0
    counts_from = start if rhythm is None else start - timedelta(seconds=_LATE_S)
    for at in arrivals:
        if at > counts_from:
            posts[_hour(at)] += 1.0
    undated = look.new.count(None) if rhythm else 0
    if undated:  # they came somewhen since the last look: all hours share them
        posts = [count + undated / 24.0 for count in posts]
    newest_at, longest_gap_s = _gaps(rhythm, arrivals)
    known = Rhythm(
        as_of=now, posts=tuple(posts), hours=tuple(hours), newest_at=now if undated else newest_at,
        longest_gap_s=longest_gap_s, expected_gap_s=rhythm.expected_gap_s if rhythm else 0.0,
        window_s=_window_s(rhythm, look, now), hints=look.hints or (rhythm.hints if rhythm else Hints()),
    )  # fmt: skip
    return msgspec.structs.replace(known, expected_gap_s=_expected_gap_s(known)) if arrivals or undated else known


def _watched_from(rhythm: Rhythm | None, look: Look, now: datetime) -> datetime:
    """Return since when nothing could have escaped us."""
    if rhythm is None:
        if not look.is_window:  # the first crawl of a forum finds threads of many years: only its last day is complete
            return now - timedelta(days=1) if look.shown else now
        oldest = min(look.shown, default=now)
        return min(max(oldest, now - timedelta(seconds=_LOOK_BACK_S)), now)
    if look.is_window and _is_overrun(look):
        return min(max(rhythm.as_of, min(look.shown)), now)
    return min(max(rhythm.as_of, now - timedelta(seconds=_LOOK_BACK_S)), now)


def _is_overrun(look: Look) -> bool:
    """Whether nothing that the feed shows was known: posts between may have fallen out of it."""
    return len(look.shown) >= _WINDOW_ITEMS_MIN and len(look.new) >= len(look.shown)


def _expected_gap_s(rhythm: Rhythm) -> float:
    """Return at least the mean gap, and half of the longest of late: nights, weekends and holidays are habits too."""
    if rhythm.seen < _KNOWN_POSTS_MIN or rhythm.watched_s < NEW_S:
        return 0.0
    return max(DAY_S / level(rhythm), rhythm.longest_gap_s / 2)


def _window_s(rhythm: Rhythm | None, look: Look, now: datetime) -> float:
    known_s = rhythm.window_s if rhythm else 0.0
    if not look.is_window or len(look.shown) < _WINDOW_ITEMS_MIN:
        return known_s
    span_s = (max(look.shown) - min(look.shown)).total_seconds()
    if rhythm is not None and _is_overrun(look):
        span_s = min(span_s, (now - rhythm.as_of).total_seconds())
    return max(span_s, 1.0)


def _gaps(rhythm: Rhythm | None, arrivals: Sequence[datetime]) -> tuple[datetime | None, float]:
    newest_at = rhythm.newest_at if rhythm else None
    longest_s = rhythm.longest_gap_s if rhythm else 0.0
    for at in arrivals:
        if newest_at is not None and at > newest_at:
            gap_s = (at - newest_at).total_seconds()
            longest_s = max(gap_s, longest_s * 0.5 ** (gap_s / _GAP_HALF_LIFE_S))
        newest_at = at if newest_at is None else max(newest_at, at)
    return newest_at, longest_s


def pooled(rhythms: Iterable[Rhythm]) -> Day:
    """Return the day of all sources together: how much more or less than on average comes in each hour."""
    came, awaited = [_PRIOR_POOL] * 24, [_PRIOR_POOL] * 24
    for rhythm in rhythms:
        if not rhythm.seen or not rhythm.watched_s:
            continue
        weight = min(1.0, _POOL_POSTS_MAX / rhythm.seen)
        an_hour = rhythm.seen / sum(rhythm.hours)
        for hour in range(24):
            came[hour] += weight * rhythm.posts[hour]
            awaited[hour] += weight * an_hour * rhythm.hours[hour]
    shares = [one / other for one, other in zip(came, awaited, strict=True)]
    mean = sum(shares) / 24
    return tuple(share / mean for share in shares)


def level(rhythm: Rhythm, day: Day = FLAT) -> float:
    """Return posts a day."""
    watched_days = sum(length * share for length, share in zip(rhythm.hours, day, strict=True)) / 24.0
    return (rhythm.seen + _PRIOR_POSTS) / (watched_days + _PRIOR_DAYS)


def rates(rhythm: Rhythm, day: Day = FLAT) -> Day:
    """Return posts a day for each hour of the day."""
    mean = level(rhythm, day)
    return tuple(
        mean * (posts + _PRIOR_A_HOUR * share) / (mean * hours / 24.0 + _PRIOR_A_HOUR)
        for posts, hours, share in zip(rhythm.posts, rhythm.hours, day, strict=True)
    )


def bounds(rhythm: Rhythm | None, *, shortest_s: float, longest_s: float | None) -> Bounds:
    """Return the bounds of a source's interval.

    `shortest_s` and `longest_s` are the operator's; the feed's window bounds from above, what the site says from below.
    Where they disagree the operator comes first, then the window (a post lost is worse than one request more), then the
    site's hint.
    """
    highest = SLOWEST_S if longest_s is None else longest_s
    lowest = min(shortest_s, highest)
    if rhythm is None or rhythm.watched_s < NEW_S:
        highest = min(highest, NEW_SLOWEST_S)
    if rhythm is not None and rhythm.window_s:
        highest = min(highest, rhythm.window_s / 2)
    highest = max(highest, lowest)
    asked_s = min(rhythm.hints.rest_s, HINT_S_MAX) if rhythm else 0.0
    return Bounds(shortest_s=min(max(lowest, asked_s), highest), longest_s=highest)


def price(roots: Sequence[float], limits: Sequence[Bounds], polls_a_day: float) -> float:
    """Return c of interval = c/√λ (in days, λ in posts a day) that spends `polls_a_day` on each source on average.

    `roots` are the mean √λ of each source. Bounds bind: what they take or leave is shared by the others. Where the bounds
    alone take more than the budget, or less, the nearest is returned.
    """
    if not roots:
        return 1.0
    budget = polls_a_day * len(roots)
    fewest = [DAY_S / limit.longest_s for limit in limits]
    most = [DAY_S / limit.shortest_s for limit in limits]
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        cost = math.exp(middle)
        spent = sum(
            min(max(root / cost, least), top) for root, least, top in zip(roots, fewest, most, strict=True)
        )  # fmt: skip
        low, high = (middle, high) if spent > budget else (low, middle)
    return math.exp(high)


def mean_root(by_hour: Day) -> float:
    """Return the mean of √λ over the day: what a source costs at price 1, in polls a day."""
    return sum(math.sqrt(rate) for rate in by_hour) / 24.0


def due_after(now: datetime, by_hour: Day, limits: Bounds, cost: float, skip_hours: Sequence[int] = ()) -> datetime:
    """Return when to ask next: where the density √λ(t)/c, summed from now on, reaches one poll."""
    earliest = now + timedelta(seconds=limits.shortest_s)
    latest = now + timedelta(seconds=limits.longest_s)
    at, left = now, 1.0
    while at < latest:
        hour, until = _hour(at), min(_next_hour(at), latest)
        density = 0.0 if at.astimezone(UTC).hour in skip_hours else math.sqrt(by_hour[hour]) / cost
        share = density * (until - at).total_seconds() / DAY_S
        if share >= left:
            at += timedelta(seconds=left / density * DAY_S)
            break
        left -= share
        at = until
    return min(max(at, earliest), latest)


def due_after_failure(now: datetime, usual_s: float, failures: int) -> datetime:
    """Return when a source that failed `failures` (≥ 1) times in a row is asked again: later and later, but always again."""
    longest_s = max(usual_s, min(FAILED_S_MAX, _FAILED_TIMES_MAX * usual_s))
    return now + timedelta(seconds=min(usual_s * 2.0 ** min(failures - 1, 30), longest_s))


def _hour(at: datetime) -> int:
    return at.astimezone(BEIJING).hour


def _next_hour(at: datetime) -> datetime:
    """Return the next full hour; whole hours lie alike in Beijing and UTC."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _hours_between(start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
    """Yield (hour of the day, seconds) from `start` to `end`."""
    while start < end:
        until = min(_next_hour(start), end)
        yield _hour(start), (until - start).total_seconds()
        start = until
