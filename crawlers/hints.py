"""What a site says about when to come again: `ttl` and `skipHours` of RSS 2.0, `max-age` of HTTP (RFC 9111)."""

import re
from collections.abc import Mapping
from typing import Final

from crawlers.schedule import Hints

_HEAD_BYTES: Final = 16 * 1024
"""The channel's own elements stand before its items; feedparser keeps neither of ours, so they are read here."""
_ITEM: Final = re.compile(rb"<(?:item|entry)[\s>]")
_TTL: Final = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")
_SKIP: Final = re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.DOTALL)
_HOUR: Final = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def read_hints(headers: Mapping[str, str], body: bytes) -> Hints:
    """Return the hints of a feed's answer; anything that is no number is no hint."""
    head = body[:_HEAD_BYTES]
    item = _ITEM.search(head)
    head = head[: item.start()] if item else head
    ttl = _TTL.search(head)
    skip = _SKIP.search(head)
    hours = {int(hour) % 24 for hour in _HOUR.findall(skip[1]) if int(hour) <= 24} if skip else set()
    named = {name.lower(): value for name, value in headers.items()}
    age = _MAX_AGE.search(named.get("cache-control", ""))
    rest_s = max(int(ttl[1]) * 60.0 if ttl else 0.0, float(age[1]) if age else 0.0)
    # a feed that skips the whole day would never be asked again
    return Hints(rest_s=rest_s, skip_hours=tuple(sorted(hours)) if len(hours) < 24 else ())
