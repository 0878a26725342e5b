"""robots.txt (RFC 9309), failing closed: what cannot be read forbids everything, only a clear "there is none" allows it.

Stricter than the RFC where it leaves a choice: 401, 403 and 429 are no "there is none" but a closed door.
"""

import asyncio
import codecs
import re
from datetime import datetime, timedelta

import msgspec
from protego import Protego

from contracts.diagnosis import FailureKind
from crawlers.settings import AGENT_NAME

_BYTES_MAX = 512 * 1024
"""RFC 9309 asks for at least 500 KiB to be parsed."""
_DELAY_S_MAX = 86_400.0
_FAILED_FOR = timedelta(minutes=5)
"""A failed robots.txt is asked for again soon: it closes the whole host."""
_CLOSED_DOORS = frozenset({401, 403, 429})
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\s*[:\s]\s*(?P<name>[^#]*)", re.IGNORECASE)
_PRODUCT = re.compile(r"[a-z_-]+", re.IGNORECASE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Robots:
    """The rules of one origin. `failure` is one Chinese sentence when nothing may be asked at all."""

    def __init__(self, rules: Protego | None = None, failure: str = "", kind: FailureKind = "blocked") -> None:
        self._rules = rules
        self.failure = failure
        self.kind = kind
        """What a failure is for the source's health: the site's no, or no answer at all."""

    def allows(self, url: str) -> bool:
        return not self.failure and (self._rules is None or bool(self._rules.can_fetch(url, AGENT_NAME)))

    @property
    def crawl_delay_s(self) -> float:
        """Seconds between two requests, the stricter of Crawl-delay and Request-rate; 0 when nothing is asked for."""
        if self._rules is None:
            return 0.0
        rate = self._rules.request_rate(AGENT_NAME)
        spread = rate.seconds / rate.requests if rate and rate.requests else 0.0
        asked = (float(self._rules.crawl_delay(AGENT_NAME) or 0.0), float(spread))
        return min(max((delay for delay in asked if delay > 0), default=0.0), _DELAY_S_MAX)


def judge_answer(status: int, body: bytes, origin: str) -> Robots:
    """Return the rules that an answer to /robots.txt means."""
    if 200 <= status < 300:
        return Robots(Protego.parse(_for_us(_decoded(_first_part(body)))))
    if status in _CLOSED_DOORS or not 400 <= status < 500:
        return Robots(
            failure=f"{origin}/robots.txt 回应 {status}，读不到采集规则，按“不许采”处理；对方恢复后会自动再试。",
            kind="blocked" if 400 <= status < 500 else "down",
        )
    return Robots()


def unreachable(origin: str, reason: str = "没有回应（超时、连不上或证书无效）") -> Robots:
    """Return the rules of an origin whose robots.txt gave no usable answer."""
    return Robots(failure=f"{origin}/robots.txt {reason}，按“不许采”处理；对方恢复后会自动再试。", kind="down")


def _first_part(body: bytes) -> bytes:
    """Return as much as is parsed, cut between two lines: half a rule could allow more than the whole one."""
    return body if len(body) <= _BYTES_MAX else body[: max(body.rfind(b"\n", 0, _BYTES_MAX), 0)]


def _decoded(body: bytes) -> str:
    if body.startswith(_UTF_16):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8", "replace").removeprefix("\ufeff")


def _for_us(text: str) -> str:
    """Return the same groups with all other agents named alike.

    Their product token decides (RFC 9309, 2.2.1), "Qingting/2" too, while a mere beginning of our name is another
    agent. It also bounds the work: thousands of agents times thousands of rules would fill the memory.
    """
    return "\n".join(
        f"User-agent: {_as_ours(agent['name'].strip())}" if (agent := _AGENT_LINE.match(line)) else line
        for line in text.splitlines()
    )


def _as_ours(name: str) -> str:
    product = _PRODUCT.match(name)
    if product and product[0].lower() == AGENT_NAME.lower():
        return AGENT_NAME
    return "*" if name == "*" else "another"


class _Kept(msgspec.Struct, frozen=True):
    robots: Robots
    until: datetime


class RobotsBook:
    """The rules of all origins, kept for a while."""

    def __init__(self, kept_for: timedelta) -> None:
        self._kept_for = kept_for
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def lock(self, origin: str) -> asyncio.Lock:
        """Return the origin's lock: one asks, the others wait for its answer."""
        return self._locks.setdefault(origin, asyncio.Lock())

    def get(self, origin: str, now: datetime) -> Robots | None:
        kept = self._kept.get(origin)
        return kept.robots if kept and now < kept.until else None

    def keep(self, origin: str, robots: Robots, now: datetime) -> None:
        kept_for = min(_FAILED_FOR, self._kept_for) if robots.failure else self._kept_for
        self._kept[origin] = _Kept(robots, now + kept_for)
