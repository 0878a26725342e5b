"""No setting and no source goes beyond the floors and ceilings of manners and safety."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_state import MemoryCrawlState
from crawlers.crawling import scrapy_settings
from crawlers.download import require_contact
from crawlers.limits import (
    HOST_DAY_REQUESTS_MAX,
    LOOPBACK_DAY_REQUESTS_MAX,
    PAGE_BYTES_MAX,
    REDIRECTS_MAX,
    TIMEOUT_S_MAX,
    bounded,
    count,
)
from crawlers.politeness import gap
from crawlers.refused import NotNow, Refused
from crawlers.settings import CrawlSettings
from crawlers.source import GAP_S_MIN
from tests.site.crawled import crawled, feed
from tests.site.pages import rss
from tests.site.serving import Answer, serving

_NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9), st.floats(), st.sampled_from([0, -1, math.inf, -math.inf, math.nan, 1e308])
)
_WILD: dict[str, Any] = {
    "contact": "", "timeout_s": 1e9, "page_bytes_max": 0, "redirects_max": 1000, "retry_after_wait_s": 1e9, "robots_minutes": 0,
    "polls_a_day": 1e9,
}  # fmt: skip


def test_every_setting_is_tried_here() -> None:
    assert {field.name for field in msgspec.structs.fields(CrawlSettings)} == set(_WILD)


@given(
    st.fixed_dictionaries(
        {name: _NUMBERS for name in _WILD if name != "contact"}, optional={"contact": st.text(max_size=20)}
    )
)
def test_whatever_the_settings_say_the_limits_hold(said: dict[str, Any]) -> None:
    settings = CrawlSettings(**said)
    held = bounded(settings)
    assert 0 < held.timeout_s <= TIMEOUT_S_MAX
    assert 0 < held.page_bytes_max <= PAGE_BYTES_MAX
    assert 0 <= held.redirects_max <= REDIRECTS_MAX == 5
    assert 60 <= held.robots_minutes <= 24 * 60
    assert 0 <= held.retry_after_wait_s <= 120
    told = scrapy_settings(settings)
    assert told["REDIRECT_MAX_TIMES"] <= REDIRECTS_MAX
    assert 0 < told["DOWNLOAD_MAXSIZE"] <= 8 * 1024 * 1024
    assert set(told["DOWNLOAD_HANDLERS_BASE"]) == {"http", "https"}, "no file:, ftp:, data:, s3:"
    for off in ("COOKIES_ENABLED", "HTTPPROXY_ENABLED", "TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED"):
        assert told[off] is False
    assert told["EXTENSIONS_BASE"] == {}
    for guard in ("AddressGuard", "HostGuard", "RobotsGuard", "WishesOfPages", "Codings", "RetryAfter", "Redirects"):
        assert f"crawlers.middlewares.{guard}" in told["DOWNLOADER_MIDDLEWARES_BASE"]


@given(_NUMBERS, _NUMBERS, st.floats(0, 1))
def test_no_source_is_asked_faster_than_the_floor(asked_s: float, delay_s: float, jitter: float) -> None:
    pause = gap(asked_s=asked_s, crawl_delay_s=delay_s, is_loopback=False, jitter=jitter)
    assert pause >= GAP_S_MIN
    assert gap(asked_s=asked_s, crawl_delay_s=delay_s, is_loopback=True) >= 0


def test_the_wildest_settings_change_nothing_on_the_wire(tmp_path: Path) -> None:
    with serving() as site:
        site.routes = {
            "/robots.txt": Answer("User-agent: *\nDisallow: /private\nCrawl-delay: 0.1\n"),
            "/rss": lambda _: Answer("", 302, {"Location": "/rss"}),
            "/private": Answer(rss(("1", "不该采到。"))),
            "/big": Answer(rss(("1", "x" * 9_000_000))),
            "/news": Answer(rss(("1", "可以采。"))),
        }
        wild = {**_WILD, "contact": "https://example.org/kontakt"}
        fields: dict[str, Any] = {"request_gap_s": -5.0, "requests_max": 10**9}
        sources = [
            feed(site.url + path, id=path.strip("/"), **fields) for path in ("/rss", "/private", "/big", "/news")
        ]
        found = crawled(*sources, state=tmp_path, **wild)
        assert found.texts == ["可以采。"]
        assert site.paths().count("/rss") == 1 + REDIRECTS_MAX
        assert site.paths().count("/robots.txt") == 1
        assert "/private" not in site.paths()
        assert min(site.gaps_s()) >= 0.1
        assert {asked.headers["User-Agent"] for asked in site.asked} == {"Qingting/0.1 (+https://example.org/kontakt)"}


def test_a_host_gets_so_many_requests_a_day_and_not_one_more() -> None:
    state, clock = MemoryCrawlState(), FakeClock()
    for _ in range(HOST_DAY_REQUESTS_MAX):
        count(state, "a.example", clock, is_loopback=False)
    with pytest.raises(NotNow, match=r"a\.example") as told:
        count(state, "a.example", clock, is_loopback=False)
    count(state, "b.example", clock, is_loopback=False)
    count(state, "a.example", clock, is_loopback=True)
    clock.advance(timedelta(seconds=told.value.later_s))
    count(state, "a.example", clock, is_loopback=False)
    assert LOOPBACK_DAY_REQUESTS_MAX > HOST_DAY_REQUESTS_MAX


@pytest.mark.parametrize("contact", ["", " ", "me", "a b@c.example", "a@b.example\r\nX-Evil: 1", "微信号", "x)"])
def test_without_a_contact_nothing_public_is_asked(contact: str) -> None:
    with pytest.raises(Refused, match="contact"):
        require_contact(contact)


@pytest.mark.parametrize(
    "contact", ["https://example.org/kontakt", "mailto:a@example.org", "a@example.org", "example.org"]
)
def test_a_web_or_mail_address_is_a_contact(contact: str) -> None:
    require_contact(contact)


def test_the_day_is_that_of_beijing() -> None:
    state = MemoryCrawlState()
    count(state, "a.example", FakeClock(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)), is_loopback=False)
    count(state, "a.example", FakeClock(datetime(2026, 11, 23, 16, 1, tzinfo=UTC)), is_loopback=False)
    assert [counted.day.day for counted in state.requests(datetime(2026, 1, 1, tzinfo=UTC).date())] == [24, 23]
