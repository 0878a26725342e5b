"""One connection a host, a pause between two requests of it, and waiting as long as it asks for.

Shared by all crawls of the process, so that two sources on one host take turns.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawlers.refused import Refused, Stopped
from crawlers.source import GAP_S_MIN

RETRY_AFTER_S_MAX = 86_400.0
"""A site that asks for more than a day is asked again after a day."""
_UNSAID_PAUSE_S = 60.0
"""After a 429 that does not say how long."""
_STOP_POLL_S = 0.25


def gap(*, asked_s: float, crawl_delay_s: float, is_loopback: bool) -> float:
    """Return the pause before the next request of a host, in seconds.

    Only loopback addresses go below the floor, and a Crawl-delay is obeyed even there.
    """
    wanted = asked_s if is_loopback else max(asked_s, GAP_S_MIN)
    return max(wanted, crawl_delay_s, 0.0)


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (a number or an HTTP date), None for anything else."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), RETRY_AFTER_S_MAX)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), RETRY_AFTER_S_MAX)


def pause_asked(status: int, header: bytes | None, now: datetime) -> float | None:
    """Return the seconds for which an answer closes its host, None when it does not."""
    if status not in {429, 503}:
        return None
    asked = retry_after((header or b"").decode("latin-1"), now)
    return _UNSAID_PAUSE_S if asked is None and status == 429 else asked


class _Host:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.ended_s: float | None = None
        self.closed_until_s = 0.0
        self.crawl_delay_s = 0.0


class Hosts:
    """The turns of all hosts; times are the event loop's monotonic seconds."""

    def __init__(self, should_stop: Callable[[], bool], patience_s: float) -> None:
        self._hosts: dict[str, _Host] = {}
        self._patience_s = patience_s
        self._should_stop = should_stop

    def crawl_delay(self, host: str, delay_s: float) -> None:
        """Remember what robots.txt asks for."""
        self._host(host).crawl_delay_s = delay_s

    def close(self, host: str, seconds: float) -> None:
        """Let nobody ask the host for so long (Retry-After)."""
        kept = self._host(host)
        kept.closed_until_s = max(kept.closed_until_s, asyncio.get_running_loop().time() + seconds)

    @asynccontextmanager
    async def turn(self, host: str, asked_s: float, *, is_loopback: bool) -> AsyncIterator[None]:
        """Wait for the host to be free and rested, and hold it for one request.

        Raises Refused when it is closed for longer than our patience, Stopped when we are to stop.
        """
        kept = self._host(host)
        loop = asyncio.get_running_loop()
        async with kept.lock:
            while True:
                pause = gap(asked_s=asked_s, crawl_delay_s=kept.crawl_delay_s, is_loopback=is_loopback)
                rested = kept.closed_until_s if kept.ended_s is None else max(kept.ended_s + pause, kept.closed_until_s)
                wait = rested - loop.time()
                if wait <= 0:
                    break
                closed_s = kept.closed_until_s - loop.time()
                if closed_s > self._patience_s:
                    raise Refused(f"{host} 要求 {closed_s:.0f} 秒后再来，已照办。", "slow")
                if self._should_stop():
                    raise Stopped
                await asyncio.sleep(min(wait, _STOP_POLL_S))
            try:
                yield
            finally:
                kept.ended_s = loop.time()

    def _host(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host())
