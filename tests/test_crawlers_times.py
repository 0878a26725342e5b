"""Times as they stand on Chinese pages."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.zone import BEIJING
from crawlers.times import read_time
from tests.said_times import NO_TIME, OWN, RESEARCH

NOW = datetime(2024, 3, 5, 15, 0, tzinfo=BEIJING)


@pytest.mark.parametrize(("said", "meant"), RESEARCH + OWN)
def test_a_time_is_read(said: str, meant: str) -> None:
    found = read_time(said, NOW)
    assert found is not None
    assert f"{found.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" == meant
    assert found.tzinfo is UTC


def test_the_lists_are_as_long_as_promised() -> None:
    assert len({said for said, _ in RESEARCH}) == 32
    assert len({said for said, _ in OWN}) >= 100
    assert not {said for said, _ in RESEARCH} & {said for said, _ in OWN}


@pytest.mark.parametrize("said", NO_TIME)
def test_what_is_no_time_is_none(said: str) -> None:
    assert read_time(said, NOW) is None


def test_the_29th_of_february_without_year_may_lie_years_back() -> None:
    found = read_time("2月29日", datetime(2026, 11, 25, tzinfo=BEIJING))
    assert found is not None
    assert found.astimezone(BEIJING).year == 2024


def test_a_feed_that_denies_its_zone_means_utc() -> None:
    assert read_time("Tue, 05 Mar 2024 02:20:30 -0000", NOW) == datetime(2024, 3, 5, 2, 20, 30, tzinfo=UTC)


def test_a_thousand_times_are_read_at_once() -> None:
    """The goal is 20,000 a second on an idle core; a tenth of it holds on a busy one too."""
    said = [form for form, _ in RESEARCH + OWN] * 10
    started = time.process_time()
    for form in said:
        read_time(form, NOW)
    assert len(said) / (time.process_time() - started) > 2_000


@given(st.datetimes(datetime(1996, 1, 1), datetime(2026, 1, 1)))  # noqa: DTZ001 - the zone follows
def test_every_way_to_write_a_moment_means_the_same(moment: datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_time(aware.isoformat(), NOW) == aware
    if aware.timestamp() >= 1e9:  # before September 2001 milliseconds have 12 figures, as 199803051020 has
        assert read_time(str(int(aware.timestamp() * 1000)), NOW) == aware
    for form in (
        "%Y-%m-%d %H:%M:%S",
        "%Y年%m月%d日 %H:%M:%S",
        "%Y/%m/%d %H时%M分%S秒",
        "%Y%m%d%H%M%S",
        "发布时间：%Y.%m.%d %H:%M:%S 来源：样例",
    ):
        assert read_time(moment.strftime(form), NOW, ZoneInfo("UTC")) == aware


@given(st.text(max_size=40) | st.text("0123456789年月日时点分-/.: 前天昨今周星期上下午晚半小个TZ+", max_size=30))
def test_any_text_is_a_time_or_none(said: str) -> None:
    found = read_time(said, NOW)
    assert found is None or found.tzinfo is UTC
