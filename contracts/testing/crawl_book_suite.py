"""What every crawl book keeps: counts add up by source and day, and a wish never overrides what the site asked for."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.funnel import Funnel
from contracts.ports.crawl_book import CrawlBook, SourceDay
from contracts.ports.crawl_state import CrawlState, SourceHealth
from contracts.testing.builders import NOON
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState

DAY = date(2026, 11, 24)
Opened = tuple[CrawlBook, CrawlState]


class CrawlBookSuite:
    """Inherit and say how to open an empty crawl book beside the crawl state that it belongs to."""

    def open(self) -> Opened:
        raise NotImplementedError

    @pytest.fixture
    def opened(self) -> Opened:
        return self.open()

    def test_the_counts_of_a_day_add_up(self, opened: Opened) -> None:
        book, _ = opened
        assert list(book.days(DAY)) == []
        first = Funnel(asked=2, fetched=1, extracted=20, new=20, kept=19, masked=1, dated=20, timed=3, delay_s=90.5)
        book.add(SourceDay(source="news", day=DAY, crawls=1, funnel=first))
        book.add(SourceDay(source="news", day=DAY, crawls=1, empty=1, funnel=Funnel(asked=1, unchanged=1)))
        (found,) = book.days(DAY)
        assert (found.crawls, found.empty, found.failed) == (2, 1, 0)
        assert found.funnel == Funnel(
            asked=3, fetched=1, unchanged=1, extracted=20, new=20, kept=19, masked=1, dated=20, timed=3, delay_s=90.5
        )

    def test_days_are_told_apart_and_old_ones_go(self, opened: Opened) -> None:
        book, _ = opened
        for ago in range(3):
            for source in ("forum", "news"):
                book.add(SourceDay(source=source, day=DAY - timedelta(days=ago), crawls=ago + 1))
        assert [(day.source, day.crawls) for day in book.days(DAY - timedelta(days=1))] == [
            ("forum", 2), ("forum", 1), ("news", 2), ("news", 1),
        ]  # fmt: skip
        assert [day.crawls for day in book.days(DAY - timedelta(days=9), "news")] == [3, 2, 1]
        assert book.retain(DAY) == 4
        assert [day.day for day in book.days(DAY - timedelta(days=9))] == [DAY, DAY]

    def test_who_asks_for_a_source_gets_it_now_unless_its_site_said_later(self, opened: Opened) -> None:
        book, state = opened
        assert book.ask_now("news", NOON) is None
        later = NOON + timedelta(hours=5)
        state.keep_health(
            SourceHealth(source="news", checked_at=NOON, succeeded_at=NOON, rhythm="{}", next_due_at=later)
        )
        state.keep_health(SourceHealth(source="shy", checked_at=NOON, next_due_at=later, not_before=later))
        assert book.ask_now("news", NOON) == NOON
        assert book.ask_now("shy", NOON) == later
        kept = {health.source: health for health in state.health()}
        assert (kept["news"].next_due_at, kept["news"].rhythm, kept["news"].succeeded_at) == (NOON, "{}", NOON)
        assert kept["shy"].next_due_at == later

    def test_any_history_reads_like_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: CrawlBookMachine(self.open),  # type: ignore[arg-type]  # the documented factory form
            settings=settings(
                max_examples=25,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


_dates = st.integers(0, 4).map(lambda ago: DAY - timedelta(days=ago))
_counts = st.integers(0, 9)
_days = st.builds(
    SourceDay, source=st.sampled_from(("forum", "news")), day=_dates, crawls=_counts, empty=_counts, failed=_counts,
    funnel=st.builds(Funnel, asked=_counts, fetched=_counts, kept=_counts, timed=_counts, delay_s=st.integers(0, 9).map(float)),
)  # fmt: skip


class CrawlBookMachine(RuleBasedStateMachine):
    """One crawl book beside the plain one in memory."""

    def __init__(self, open_both: Callable[[], Opened]) -> None:
        super().__init__()
        self.book, _ = open_both()
        self.model = MemoryCrawlBook(MemoryCrawlState())

    @rule(day=_days)
    def add(self, day: SourceDay) -> None:
        self.book.add(day)
        self.model.add(day)

    @rule(since=_dates, source=st.sampled_from(("", "forum")))
    def days(self, since: date, source: str) -> None:
        assert list(self.book.days(since, source)) == list(self.model.days(since, source))

    @rule(before=_dates)
    def retain(self, before: date) -> None:
        assert self.book.retain(before) == self.model.retain(before)
