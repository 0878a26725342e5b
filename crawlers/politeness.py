"""One connection a host, a pause between two requests of it, and waiting as long as it asks for.

Shared by all crawls of the process, so that two sources on one host take turns.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawlers.refused import NotNow, Stopped
from crawlers.source import GAP_S_MIN

RETRY_AFTER_S_MAX = 86_400.0
"""A site that asks for more than a day is asked again after a day."""
JITTER = 0.3
"""A pause is longer by up to so much of itself: requests on the stroke of a clock pile up with those of others."""
_UNSAID_PAUSE_S = 60.0
"""After a 429 that does not say how long; doubled with each further one."""
_STOP_POLL_S = 0.25


def gap(*, asked_s: float, crawl_delay_s: float, is_loopback: bool, jitter: float = 0.0) -> float:
    """Return the pause before the next request of a host, in seconds; `jitter` in [0, 1] lengthens it.

    Only loopback addresses go below the floor, and a Crawl-delay is obeyed even there.
    """
    wanted = asked_s if is_loopback else max(GAP_S_MIN, asked_s)
    return max(0.0, wanted, crawl_delay_s) * (1 + JITTER * jitter)


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (a number or an HTTP date), None for anything else."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), RETRY_AFTER_S_MAX)
    date = _http_date(value)
    if date is None:
        return None
    seconds = (date - now).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def pause_asked(status: int, retry: bytes | None, date: bytes | None, now: datetime, former: int = 0) -> float | None:
    """Return the seconds for which an answer closes its host, None when it does not.

    `retry` and `date` are its headers: a date is meant by the clock of the site, which its own `Date` shows. `former`
    429 in a row that did not say how long double the pause each.
    """
    if status < 400:
        return None
    there = _http_date((date or b"").decode("latin-1"))
    asked = retry_after((retry or b"").decode("latin-1"), there or now)
    if asked is None and status == 429:
        return min(_UNSAID_PAUSE_S * (1 << min(former, 16)), RETRY_AFTER_S_MAX)
    return asked


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


class _Host:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.ended_s: float | None = None
        self.closed_until_s = 0.0
        self.crawl_delay_s = 0.0
        self.refusals = 0


class Hosts:
    """The turns of all hosts; times are the event loop's monotonic seconds. `chance` draws the jitter, in [0, 1]."""

    def __init__(
        self, should_stop: Callable[[], bool], patience_s: float, chance: Callable[[], float] = random.random
    ) -> None:
        self._hosts: dict[str, _Host] = {}
        self._patience_s = patience_s
        self._should_stop = should_stop
        self._chance = chance

    def crawl_delay(self, host: str, delay_s: float) -> None:
        """Remember what robots.txt asks for."""
        self._host(host).crawl_delay_s = delay_s

    def answered(self, host: str, status: int, retry: bytes | None, date: bytes | None, now: datetime) -> float | None:
        """Let nobody ask the host for as long as its answer asks (`pause_asked`), and return that time in seconds."""
        kept = self._host(host)
        pause = pause_asked(status, retry, date, now, kept.refusals)
        kept.refusals = kept.refusals + 1 if status == 429 else 0
        if pause is not None:
            kept.closed_until_s = max(kept.closed_until_s, asyncio.get_running_loop().time() + pause)
        return pause

    @asynccontextmanager
    async def turn(self, host: str, asked_s: float, *, is_loopback: bool) -> AsyncIterator[None]:
        """Wait for the host to be free and rested, and hold it for one request.

        Raises NotNow when it is closed for longer than our patience, Stopped when we are to stop.
        """
        kept = self._host(host)
        loop = asyncio.get_running_loop()
        jitter = self._chance()
        async with kept.lock:
            while True:
                pause = gap(asked_s=asked_s, crawl_delay_s=kept.crawl_delay_s, is_loopback=is_loopback, jitter=jitter)
                rested = kept.closed_until_s if kept.ended_s is None else max(kept.ended_s + pause, kept.closed_until_s)
                wait = rested - loop.time()
                if wait <= 0:
                    break
                closed_s = kept.closed_until_s - loop.time()
                if closed_s > self._patience_s:
                    raise NotNow(f"{host} 要求 {closed_s:.0f} 秒后再来，已照办。", closed_s, "slow")
                if self._should_stop():
                    raise Stopped
                await asyncio.sleep(min(wait, _STOP_POLL_S))
            try:
                yield
            finally:
                kept.ended_s = loop.time()

    def _host(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host())
