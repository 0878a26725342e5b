"""What every crawl state keeps: what was remembered is there, the newest page wins, health keeps its former times."""

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.ports.crawl_state import CrawlState, HostRequests, PageState, SourceHealth
from contracts.testing.builders import NOON
from contracts.testing.memory_crawl_state import MemoryCrawlState

_URLS = ("https://a.example/1", "https://a.example/2", "https://b.example/页")
_IDS = ("甲", "乙", "丙")
_SOURCES = ("forum", "news")
_HOSTS = ("a.example", "b.example")
_DAYS = (date(2026, 11, 22), date(2026, 11, 23))


def page(url: str, minute: int = 0, etag: str = '"v1"') -> PageState:
    return PageState(url=url, etag=etag, last_modified="", body_digest="d", fetched_at=NOON + timedelta(minutes=minute))


class CrawlStateSuite:
    """Inherit and say how to open an empty crawl state."""

    def open(self) -> CrawlState:
        raise NotImplementedError

    @pytest.fixture
    def state(self) -> CrawlState:
        return self.open()

    def test_nothing_is_known_at_first(self, state: CrawlState) -> None:
        assert state.pages([]) == {}
        assert state.pages(_URLS) == {}
        assert state.seen(_IDS) == {}
        assert list(state.health()) == []
        assert list(state.requests(date.min)) == []

    def test_an_older_state_of_a_page_never_replaces_a_newer_one(self, state: CrawlState) -> None:
        state.keep_pages([page(_URLS[0], 5, '"new"')])
        state.keep_pages([page(_URLS[0], 4, '"old"'), page(_URLS[1])])
        assert state.pages(_URLS) == {_URLS[0]: page(_URLS[0], 5, '"new"'), _URLS[1]: page(_URLS[1])}

    def test_the_last_digest_of_a_post_is_returned_also_for_thousands_at_once(self, state: CrawlState) -> None:
        many = {f"post {number}": f"digest {number}" for number in range(5_000)}
        state.keep_seen(many)
        state.keep_seen({"post 7": "changed"})
        assert state.seen([*many, "unknown"]) == many | {"post 7": "changed"}

    def test_times_that_did_not_happen_again_keep_their_former_value(self, state: CrawlState) -> None:
        well = SourceHealth(
            source="forum", checked_at=NOON, succeeded_at=NOON, newest_post_at=NOON, posts=3,
            next_due_at=NOON + timedelta(minutes=15),
        )  # fmt: skip
        state.keep_health(well)
        state.keep_health(SourceHealth(source="forum", checked_at=NOON + timedelta(hours=1), failure="没有回应。"))
        (kept,) = state.health()
        assert kept == msgspec.structs.replace(
            well, checked_at=NOON + timedelta(hours=1), posts=0, failure="没有回应。"
        )

    def test_requests_are_counted_by_host_and_day_up_to_the_most(self, state: CrawlState) -> None:
        assert [state.count_request("a.example", _DAYS[1], 2) for _ in range(4)] == [True, True, False, False]
        assert not state.count_request("c.example", _DAYS[1], 0)
        assert state.count_request("b.example", _DAYS[1], 2)
        assert state.count_request("a.example", _DAYS[0], 2), "another day starts anew"
        busy, quiet = (
            HostRequests(host=host, day=_DAYS[1], requests=count) for host, count in zip(_HOSTS, (2, 1), strict=True)
        )
        former = HostRequests(host="a.example", day=_DAYS[0], requests=1)
        assert list(state.requests(_DAYS[0])) == [busy, quiet, former]
        assert list(state.requests(_DAYS[1])) == [busy, quiet]

    def test_any_history_reads_like_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: CrawlStateMachine(self.open),  # type: ignore[arg-type]  # the documented factory form
            settings=settings(
                max_examples=40,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


_moments = st.integers(0, 5).map(lambda minute: NOON + timedelta(minutes=minute))
_perhaps = st.none() | _moments
_health = st.builds(
    SourceHealth, source=st.sampled_from(_SOURCES), checked_at=_moments, succeeded_at=_perhaps, newest_post_at=_perhaps,
    posts=st.integers(0, 9), failure=st.sampled_from(["", "没有回应。"]), next_due_at=_perhaps, not_before=_perhaps,
    failures=st.integers(0, 3), failure_kind=st.sampled_from(["", "slow"]), good_post=st.sampled_from(["", "甲"]),
    rhythm=st.sampled_from(["", "{}"]),
)  # fmt: skip
_pages = st.builds(page, st.sampled_from(_URLS), st.integers(0, 5), st.sampled_from(["", '"v1"', '"v2"']))


class CrawlStateMachine(RuleBasedStateMachine):
    """One crawl state beside the plain one in memory."""

    def __init__(self, open_state: Callable[[], CrawlState]) -> None:
        super().__init__()
        self.state = open_state()
        self.model = MemoryCrawlState()

    @rule(states=st.lists(_pages, max_size=4, unique_by=lambda state: state.url))
    def keep_pages(self, states: list[PageState]) -> None:
        self.state.keep_pages(states)
        self.model.keep_pages(states)
        assert self.state.pages(_URLS) == self.model.pages(_URLS)

    @rule(digests=st.dictionaries(st.sampled_from(_IDS), st.sampled_from("123"), max_size=3))
    def keep_seen(self, digests: dict[str, str]) -> None:
        self.state.keep_seen(digests)
        self.model.keep_seen(digests)
        assert self.state.seen(_IDS) == self.model.seen(_IDS)

    @rule(health=_health)
    def keep_health(self, health: SourceHealth) -> None:
        self.state.keep_health(health)
        self.model.keep_health(health)
        assert list(self.state.health()) == list(self.model.health())
        assert list(self.state.health(["news", "unknown"])) == list(self.model.health(["news", "unknown"]))

    @rule(host=st.sampled_from(_HOSTS), day=st.sampled_from(_DAYS), most=st.integers(0, 3))
    def count_request(self, host: str, day: date, most: int) -> None:
        assert self.state.count_request(host, day, most) == self.model.count_request(host, day, most)
        assert list(self.state.requests(_DAYS[1])) == list(self.model.requests(_DAYS[1]))
        assert list(self.state.requests(_DAYS[0])) == list(self.model.requests(_DAYS[0]))
