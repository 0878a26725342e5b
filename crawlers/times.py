"""Times as Chinese pages, feeds and exports write them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from contracts.zone import BEIJING

_CLOCK = r"(?:\s*(?P<half>凌晨|早上|上午|中午|下午|傍晚|晚上)?\s*(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2})?(?:\s*[:：分]\s*(?P<second>\d{1,2}))?(?:\.\d+)?[秒分]?)?"
_DATED = re.compile(
    r"(?:(?P<year>\d{4})\s*[年/.\-]\s*)?(?P<month>\d{1,2})\s*[月/.\-]\s*(?P<day>\d{1,2})(?!\d)\s*[日号]?[T,，]?"
    r"(?:\s*[（(]?(?:星期|周)[1-6日天][)）]?)?" + _CLOCK + r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_DAY = re.compile(r"(?P<day>今天|今日|昨天|昨日|前天)" + _CLOCK)
_AGO = re.compile(r"(?P<number>\d{1,4}|半)\s*(?P<unit>秒钟?|分钟?|个?小时|天|周|个?月)\s*(?:之?前)")
_UNITS = {"秒": 1, "分": 60, "小时": 3600, "天": 86400, "周": 604800, "月": 2592000}
_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_WEIBO = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (\d{4})")


_TENS = re.compile(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)")
_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")


def _digits(value: str) -> str:
    """Return 二〇二四年十一月三日 as 2024年11月3日; the 三 of 星期三 does not matter, it is not read."""
    return _TENS.sub(lambda ten: f"{ten[1] or '一'}{ten[2] or '零'}", value).translate(_NUMERALS)


def read_time(value: str, now: datetime, zone: tzinfo = BEIJING) -> datetime | None:
    """Return the aware UTC time that `value` says, None when it says none.

    Reads ISO 8601, RFC 822, unix seconds and milliseconds, 年月日 with or without year, 今天/昨天/前天 and 3 分钟前, also
    behind words such as 发表于. A time without zone is local to `zone`; a date without year is the latest one not after
    tomorrow.
    """
    value = _digits(value.strip()[:200])
    if not value:
        return None
    try:
        found = _read(value, now.astimezone(zone), zone)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None


def _read(value: str, now: datetime, zone: tzinfo) -> datetime | None:
    if _EPOCH.fullmatch(value):
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    try:
        exact = datetime.fromisoformat(value)
        return exact if exact.tzinfo else exact.replace(tzinfo=zone)
    except ValueError:
        pass  # not ISO: the other forms follow
    if weibo := _WEIBO.fullmatch(value):
        month, day, clock, offset, year = weibo.groups()
        return datetime.strptime(f"{day} {month} {year} {clock} {offset}", "%d %b %Y %H:%M:%S %z")
    if (value[:3].isascii() and value[:3].isalpha()) or re.match(r"\d{1,2} [A-Z][a-z]{2} \d{4}", value):
        found = parsedate_to_datetime(value)
        # RFC 5322 calls only -0000 an unsaid zone; a feed that says none at all means its own clock.
        return found if found.tzinfo else found.replace(tzinfo=UTC if "-0000" in value else zone)
    if value.endswith(("刚刚", "刚才")):
        return now
    if ago := _AGO.search(value):
        number = 0.5 if ago["number"] == "半" else float(ago["number"])
        return now - timedelta(seconds=number * next(s for unit, s in _UNITS.items() if unit in ago["unit"]))
    if day := _DAY.search(value):
        date = now - timedelta(days=_DAYS[day["day"]])
        return _at(date.year, date.month, date.day, day, zone)
    if dated := _DATED.search(value):
        return _dated(dated, now, zone)
    return None


def _dated(match: re.Match[str], now: datetime, zone: tzinfo) -> datetime:
    month, day = int(match["month"]), int(match["day"])
    if match["year"]:
        found = _at(int(match["year"]), month, day, match, zone)
    else:
        found = _at(now.year, month, day, match, zone)
        if found > now + timedelta(days=1):
            found = found.replace(year=now.year - 1)
    if offset := match["zone"]:
        exact = "+0000" if offset == "Z" else offset.replace(":", "")
        found = datetime.strptime(f"{found:%Y-%m-%d %H:%M:%S} {exact}", "%Y-%m-%d %H:%M:%S %z")
    return found


def _at(year: int, month: int, day: int, match: re.Match[str], zone: tzinfo) -> datetime:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if (match["half"] in {"下午", "傍晚", "晚上"} and hour < 12) or (match["half"] == "中午" and hour < 3):
        hour += 12
    elif match["half"] == "凌晨" and hour == 12:
        hour = 0
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)
