"""The agenda: kept in the crawl state alone, fair, and after a crash it asks again once."""

import random
from collections import Counter
from datetime import datetime, timedelta

import msgspec
import pytest

from contracts.ports.crawl_state import SourceHealth
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState
from crawlers import schedule
from crawlers.agenda import AFTER_CRASH_S, Agenda, rhythm_of, written
from crawlers.crawling import AT_ONCE_MAX, AT_ONCE_MAX_A_HOST
from crawlers.schedule import Look
from crawlers.source import Source


def source(name: str, **words: object) -> Source:
    return msgspec.convert({"id": name, "kind": "feed", "url": f"https://{name}.example/rss", **words}, Source)


def opened(*sources: Source, state: MemoryCrawlState, clock: FakeClock, polls_a_day: float = 24.0) -> Agenda:
    return Agenda(sources, state, clock, polls_a_day=polls_a_day)


def ids(agenda: Agenda, *busy: str) -> list[str]:
    return [one.id for one in agenda.ready(busy=busy)]


def test_what_was_never_crawled_is_due_and_a_busy_one_is_not() -> None:
    agenda = opened(source("a"), source("b"), state=MemoryCrawlState(), clock=FakeClock(NOON))
    assert ids(agenda) == ["a", "b"]
    assert ids(agenda, "a") == ["b"]


def test_the_longest_overdue_comes_first_whatever_the_order_of_the_file() -> None:
    state = MemoryCrawlState()
    for name, minutes in (("a", 1), ("b", 30), ("c", 5), ("d", -1)):
        state.keep_health(SourceHealth(source=name, checked_at=NOON, next_due_at=NOON - timedelta(minutes=minutes)))
    agenda = opened(*(source(name) for name in "abcd"), state=state, clock=FakeClock(NOON))
    assert ids(agenda) == ["b", "c", "a"]


def test_a_crash_during_a_crawl_makes_it_ask_again_once_not_at_every_start() -> None:
    clock, state = FakeClock(NOON), MemoryCrawlState()
    begun = 0
    for _ in range(20):  # each turn is a process that dies during its first crawl
        agenda = opened(source("a"), state=state, clock=clock)
        for one in agenda.ready(busy=()):
            begun += agenda.begin(one)
        clock.advance(timedelta(seconds=2))
    assert begun == 1
    clock.advance(timedelta(seconds=AFTER_CRASH_S))
    assert ids(opened(source("a"), state=state, clock=clock)) == ["a"]


def test_another_process_that_was_quicker_is_noticed_before_asking() -> None:
    clock, state = FakeClock(NOON), MemoryCrawlState()
    mine, other = (opened(source("a"), state=state, clock=clock) for _ in range(2))
    assert ids(mine) == ids(other) == ["a"]
    assert other.begin(source("a"))
    assert not mine.begin(source("a"))


def test_a_wish_at_the_desk_is_noticed_within_seconds_and_keeps_what_was_learned() -> None:
    clock, state = FakeClock(NOON), MemoryCrawlState()
    rhythm = schedule.observed(None, Look(), NOON)
    later = NOON + timedelta(hours=3)
    state.keep_health(SourceHealth(source="a", checked_at=NOON, rhythm=written(rhythm), next_due_at=later))
    agenda = opened(source("a"), state=state, clock=clock)
    assert ids(agenda) == []
    MemoryCrawlBook(state).ask_now("a", clock.now())
    clock.advance(timedelta(seconds=5))
    assert ids(agenda) == ["a"]
    assert rhythm_of(agenda.health("a")) == rhythm


def test_a_source_put_off_leaves_its_turn_to_others() -> None:
    clock = FakeClock(NOON)
    agenda = opened(source("a"), source("b"), state=MemoryCrawlState(), clock=clock)
    agenda.put_off(source("a"), 1.0)
    assert ids(agenda) == ["b"]
    clock.advance(timedelta(seconds=1))
    assert ids(agenda) == ["a", "b"]


def test_a_thousand_sources_share_one_budget_and_the_fast_get_more_of_it() -> None:
    clock, state = FakeClock(NOON), MemoryCrawlState()
    sources = [source(f"s{number}") for number in range(1000)]
    for number, one in enumerate(sources):
        times = tuple(NOON - timedelta(hours=48.0 * part / (1 + number % 50)) for part in range(1 + number % 50))
        rhythm = schedule.observed(None, Look(new=times, shown=times, is_window=True), NOON)
        state.keep_health(SourceHealth(source=one.id, checked_at=NOON, rhythm=written(rhythm), next_due_at=NOON))
    agenda = opened(*sources, state=state, clock=clock)
    assert len(agenda.ready(busy=())) == 1000
    polls = {one.id: _polls_of_a_day(agenda, one) for one in sources[:50]}  # the others are like them
    assert sum(polls.values()) / 50 == pytest.approx(24.0, rel=0.15)
    assert polls["s49"] > polls["s10"] > polls["s2"]


def test_a_thousand_sources_are_all_asked_though_some_hang_and_one_host_has_hundreds() -> None:
    """The round of `crawlers.crawling`, with its places, on a clock of the test's own."""
    clock, state, chance = FakeClock(NOON), MemoryCrawlState(), random.Random(7)
    sources = [source(f"s{number}") for number in range(1000)]
    hosts = {one.id: "crowded" if number < 200 else one.id for number, one in enumerate(sources)}
    agenda = opened(*sources, state=state, clock=clock)
    ends: dict[str, datetime] = {}
    begun: Counter[str] = Counter()
    waited_s = 0.0
    step = timedelta(seconds=5)
    while clock.now() < NOON + timedelta(hours=3):
        now = clock.now()
        for done in [name for name, at in ends.items() if at <= now]:
            del ends[done]
            due = agenda.due_after(source(done), None, 0, now)
            state.keep_health(SourceHealth(source=done, checked_at=now, succeeded_at=now, next_due_at=due))
            agenda.ended(source(done))
        crowd = Counter(hosts[name] for name in ends)
        for one in agenda.ready(busy=ends):
            if len(ends) >= AT_ONCE_MAX:
                break
            if crowd[hosts[one.id]] < AT_ONCE_MAX_A_HOST:
                known = agenda.health(one.id)
                if known and known.next_due_at and begun[one.id]:
                    waited_s = max(waited_s, (now - known.next_due_at).total_seconds())
                assert agenda.begin(one)
                begun[one.id] += 1
                crowd[hosts[one.id]] += 1
                ends[one.id] = now + timedelta(seconds=600 if chance.random() < 0.02 else 10)
        clock.advance(step)
    assert set(begun) == {one.id for one in sources}, "nobody starves"
    alone = [begun[one.id] for one in sources[200:]]
    assert min(alone) >= 2, "an interval is an hour"
    # 200 sources of one host at 4 a time take about 200 / 4 * (10 s + what hangs): the others need not wait for that
    assert waited_s < 1800


def _polls_of_a_day(agenda: Agenda, one: Source) -> int:
    at, polls = NOON, 0
    while at < NOON + timedelta(days=1):
        at = agenda.due_after(one, rhythm_of(agenda.health(one.id)), 0, at)
        polls += 1
    return polls


def test_failures_are_put_off_and_an_unreadable_rhythm_is_no_rhythm() -> None:
    agenda = opened(source("a"), state=MemoryCrawlState(), clock=FakeClock(NOON))
    first, third = (agenda.due_after(source("a"), None, failures, NOON) for failures in (1, 3))
    assert first - NOON == timedelta(hours=1)
    assert third - NOON == timedelta(hours=4)
    for text in ("", "{}", "nonsense", '{"as_of":"2026-11-24T00:00:00Z","posts":[1]}'):
        assert rhythm_of(SourceHealth(source="a", checked_at=NOON, rhythm=text)) is None
