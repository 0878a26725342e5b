"""The floors and ceilings of manners and safety. They stand in code: no setting and no source goes beyond them."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from contracts.ports.clock import Clock
from contracts.ports.crawl_state import CrawlState
from contracts.zone import BEIJING
from crawlers.refused import NotNow
from crawlers.settings import CrawlSettings

PAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""After decompression."""
REDIRECTS_MAX: Final = 5
"""RFC 9309 asks for at least five for robots.txt; no honest page needs more."""
TIMEOUT_S_MAX: Final = 60.0
ROBOTS_KEPT_MIN: Final = timedelta(hours=1)
"""To ask oftener would be a burden of its own."""
ROBOTS_KEPT_MAX: Final = timedelta(hours=24)
"""RFC 9309, 2.4."""
RETRY_AFTER_WAIT_S_MAX: Final = 120.0
HOST_DAY_REQUESTS_MAX: Final = 10_000
"""Requests of one host on one day in Beijing, of all sources and processes together: one each 8.6 seconds."""
LOOPBACK_DAY_REQUESTS_MAX: Final = 1_000_000
"""This machine alone may be asked oftener: tests and the demo."""


def bounded(settings: CrawlSettings) -> CrawlSettings:
    """Return the settings within the floors and ceilings, whatever they said."""
    return msgspec.structs.replace(
        settings,
        timeout_s=_within(settings.timeout_s, 0.1, TIMEOUT_S_MAX),
        page_bytes_max=round(_within(settings.page_bytes_max, 1024, PAGE_BYTES_MAX)),  # 0 would be no limit at all
        redirects_max=round(_within(settings.redirects_max, 0, REDIRECTS_MAX)),
        retry_after_wait_s=_within(settings.retry_after_wait_s, 0.0, RETRY_AFTER_WAIT_S_MAX),
        robots_minutes=round(_within(settings.robots_minutes, _minutes(ROBOTS_KEPT_MIN), _minutes(ROBOTS_KEPT_MAX))),
    )


def count(state: CrawlState, host: str, clock: Clock, *, is_loopback: bool) -> None:
    """Record one request of a host before it is made. Raises NotNow when it had enough today, Retryable."""
    most = LOOPBACK_DAY_REQUESTS_MAX if is_loopback else HOST_DAY_REQUESTS_MAX
    now = clock.now()
    if not state.count_request(host, day_of(now), most):
        raise NotNow(f"今天已向 {host} 请求 {most} 次，到了每天的上限：明天再采。", _until_tomorrow_s(now))


def day_of(now: datetime) -> date:
    """Return the day in Beijing."""
    return now.astimezone(BEIJING).date()


def _until_tomorrow_s(now: datetime) -> float:
    here = now.astimezone(BEIJING)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - here).total_seconds()


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)


def _within(value: float, low: float, high: float) -> float:
    """Return the nearest value of the range; its floor for what is no number."""
    return min(max(low, value), high)
