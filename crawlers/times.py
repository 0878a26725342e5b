"""Times as Chinese pages, feeds and exports write them.

One short string, one moment: labels before it (发布时间：, 编辑于, 来自湖南) and after it (来源：…, IP属地：…) are no
hindrance. Forms are tried from the exact to the vague, so that a page's own machine-readable time is never read as
prose.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

from contracts.zone import BEIJING

_LENGTH_MAX: Final = 200
_MARKS: Final = str.maketrans("０１２３４５６７８９：－／．，　–—−", "0123456789:-/., ---")
_NUMERALS: Final = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_NUMERAL: Final = re.compile(r"[〇○零一二三四五六七八九十两]")
_TENS: Final = re.compile(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)")
# The other script, and what people say for the same thing.
_SPELLINGS: Final = (
    ("時", "时"),
    ("點", "点"),
    ("鐘", "钟"),
    ("剛", "刚"),
    ("個", "个"),
    ("週", "周"),
    ("後", "后"),
    ("發", "发"),
)
_TRADITIONAL: Final = re.compile(r"[時點鐘剛個週後發]")

_SECONDS_MIN: Final = 100_000_000
_MILLISECONDS_MIN: Final = 100_000_000_000
_EPOCH: Final = re.compile(r"(?:/Date\()?(\d{9,10}(?:\.\d+)?|\d{12,13})(?:[+-]\d{4})?(?:\)/)?")
_COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})[ T_]?(\d{2})(\d{2})(\d{2})?")
_ISO: Final = re.compile(r"\d{4}-|\d{8}(?:T|$)")
"""Python's reader takes 13 figures, or a number of a citizen, for a day, any separator and a clock."""
_LETTERS: Final = re.compile(r"[A-Za-z]{3}")
_FIGURES: Final = re.compile(r"\d+(?:\.\d+)?")

_HALF: Final = r"凌晨|清晨|早晨|早上|上午|中午|正午|下午|午后|傍晚|晚上|晚间|夜间|深夜|夜里|早|晚|[AaPp]\.?[Mm]\.?"
_CLOCK: Final = (
    rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})\s*(?:(?::|时|点钟?)\s*(?:(?P<quarter>[13])刻|(?P<minute>\d{{1,2}})(?!\d)|(?P<thirty>半))?"
    r"(?:\s*[:分]\s*(?P<second>\d{1,2})(?!\d))?)(?:[.,]\d{1,9})?\s*[秒分许]?(?:\s*(?P<after>[AaPp]\.?[Mm]\b))?"
    r"\s*(?P<zone>Z\b|(?:GMT|UTC)?\s*[+-]\d{1,2}:?(?:\d{2})?(?![\d:-])|GMT|UTC)?"
)
_NOISE: Final = r"[\sT,，、|]*(?:[（(]?(?:星期|周|礼拜)[1-6日天][）)]?)?\s*(?:[（(][^（()）]{0,16}[）)])?[\s,，]*"
_CLOCK_AFTER: Final = re.compile(_NOISE + _CLOCK)
_CLOCK_ALONE: Final = re.compile(
    rf"(?:^|[^\d:.])(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?$"
)
_CLOCK_BEFORE: Final = re.compile(r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?[\s,，]*$")

_DATE: Final = re.compile(
    r"(?<![\d.])(?:(?P<era>民国|民國)?\s*(?P<year>\d{2,4})\s*(?P<mark>[年/.-])\s*)(?P<month>\d{1,2})\s*[月/.-]\s*(?P<day>\d{1,2})(?!\d)(?:\s*[日号號])?"
)
_MONTH_DAY: Final = re.compile(
    r"(?<![\dA-Za-z年.:/-])(?P<month>\d{1,2})\s*(?:月\s*(?P<day>\d{1,2})\s*[日号號]?|[-/](?P<other>\d{1,2})(?![\d/:.人个天岁家万元年件名-]))"
)
_MONTH_DAY_DOT: Final = re.compile(r"(?<![\d.])(?P<month>\d{1,2})\.(?P<day>\d{1,2})(?=\s+\d{1,2}:\d{2}|$)")
_AMERICAN: Final = re.compile(r"(?<!\d)(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?!\d)")
_SAID_FIRST: Final = re.compile(r"(?:发布|发表|刊发|刊载|公布|首发|创建)[^\d]{0,6}(?=\d)")

_AGO: Final = re.compile(
    r"(?P<number>\d{1,4}(?:\.\d)?|半|几|数)\s*(?P<unit>秒钟?|分钟?|个?半?小时|个?钟头?|个?半?月|个?星期|个?礼拜|天|日|周|年)半?(?:之前|以前|前)"
)
_UNITS: Final = {
    "秒": 1,
    "分": 60,
    "小时": 3600,
    "钟": 3600,
    "天": 86400,
    "日": 86400,
    "周": 604800,
    "星期": 604800,
    "礼拜": 604800,
    "月": 2592000,
    "年": 31536000,
}
_JUST_NOW: Final = re.compile(r"刚刚|刚才|just now", re.IGNORECASE)
_RELATIVE_DAY: Final = re.compile(r"大前天|前天|前日|昨天|昨日|昨晚|昨夜|今天|今日|今晨|今早|今晚")
_DAYS: Final = {"大前天": 3, "前天": 2, "前日": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1}
_WEEKDAY: Final = re.compile(r"(?<!下)(?<!下个)(?P<last>上上|上)?(?:个)?(?:星期|周|礼拜)(?P<weekday>[1-6日天])")
_ENGLISH_AGO: Final = re.compile(
    r"(\d{1,4}|an?)\s*(second|sec|minute|min|hour|hr|day|week|month|year)s?\s+ago", re.IGNORECASE
)
_YESTERDAY: Final = re.compile(r"yesterday(?:\s+at)?", re.IGNORECASE)
_ENGLISH_UNITS: Final = {
    "sec": 1,
    "min": 60,
    "hou": 3600,
    "hr": 3600,
    "day": 86400,
    "wee": 604800,
    "mon": 2592000,
    "yea": 31536000,
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\\.?"
_MONTH_FIRST: Final = re.compile(
    rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?:(?P<clock>\d{{1,2}}:\d{{2}}(?::\d{{2}})?)\s*(?P<zone>[A-Z]{{3,4}}|[+-]\d{{4}})?\s+)?(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_DAY_FIRST: Final = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+(?P<year>\d{{4}})", re.IGNORECASE
)
_ENGLISH_HOUR: Final = re.compile(
    r"[\s,]*(?:at\s+)?(?:(?P<hour>\d{1,2})\s*(?P<after>[AaPp]\.?[Mm]\b)|(?P<word>noon|midnight)\b)", re.IGNORECASE
)
"""As Django writes a full hour: Nov. 23, 2026, 8 a.m., and Nov. 23, 2026, noon."""
_ZONES: Final = {"CST": 8, "HKT": 8, "SGT": 8, "GMT": 0, "UTC": 0, "Z": 0}
_RFC_822: Final = re.compile(r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2,4}\b")


def read_time(value: str, now: datetime, zone: tzinfo = BEIJING) -> datetime | None:
    """Return the aware UTC time that `value` says, None when it says none.

    Reads ISO 8601, RFC 822, unix seconds and milliseconds, the forms of JavaScript, Java and Weibo, 年月日 with or
    without year, in figures or in characters, 今天/昨天/前天, 星期三 and 3 分钟前, also behind and before words such as
    发表于. A time without zone is local to `zone`, and so is CST; a date without year is the latest one not after
    tomorrow; one without clock is its midnight.
    """
    value = value.strip()[:_LENGTH_MAX]
    if not value:
        return None
    try:
        found = _read(value, now.astimezone(zone), zone)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None


def _read(value: str, now: datetime, zone: tzinfo) -> datetime | None:
    if not value.isascii():
        value = _in_figures(value)
    if value[0].isdigit() or value[0] == "/":
        if compact := _COMPACT.fullmatch(value):
            year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if epoch := _EPOCH.fullmatch(value):
            return _epoch(float(epoch[1]))
        if _ISO.match(value):
            try:
                exact = datetime.fromisoformat(value)
                return exact if exact.tzinfo else exact.replace(tzinfo=zone)
            except ValueError:
                pass  # not ISO: the other forms follow
        if _FIGURES.fullmatch(value):
            short = _MONTH_DAY_DOT.fullmatch(value)
            return _latest(int(short["month"]), int(short["day"]), None, now, zone) if short else None
    if _LETTERS.search(value) and (english := _english(value, now, zone)):
        return english
    return _chinese(value, now, zone)


def _in_figures(value: str) -> str:
    """Return 二〇二四年十一月三日 as 2024年11月3日, full-width figures as plain, 小時 as 小时."""
    value = value.translate(_MARKS)
    if _TRADITIONAL.search(value):
        for other, plain in _SPELLINGS:
            value = value.replace(other, plain)
    if _NUMERAL.search(value):
        value = (
            _TENS.sub(lambda ten: f"{ten[1] or '一'}{ten[2] or '零'}", value).translate(_NUMERALS).replace("两", "2")
        )
    return value


def _epoch(number: float) -> datetime | None:
    if number < _SECONDS_MIN:
        return None
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_MIN else number, UTC)


def _english(value: str, now: datetime, zone: tzinfo) -> datetime | None:
    if ago := _ENGLISH_AGO.search(value):
        number = 1 if ago[1].lower() in {"a", "an"} else int(ago[1])
        return now - timedelta(seconds=number * _ENGLISH_UNITS[ago[2][:3].lower()])
    if _JUST_NOW.search(value):
        return now
    if yesterday := _YESTERDAY.match(value):
        return _clocked(now - timedelta(days=1), _CLOCK_AFTER.match(value, yesterday.end()), zone)
    if _RFC_822.match(value) and "CST" not in value:
        try:
            found = parsedate_to_datetime(value)
        except ValueError:
            found = None  # such as 5 Mar 2024 12:30 PM
        if found and not re.search(r"\d\s*[AaPp][Mm]\b", value):
            # RFC 5322 calls only -0000 an unsaid zone; a feed that says none at all means its own clock.
            return found if found.tzinfo else found.replace(tzinfo=UTC if "-0000" in value else zone)
    if match := _MONTH_FIRST.search(value) or _DAY_FIRST.search(value):
        parts = match.groupdict()
        day = datetime(int(match["year"]), _MONTHS.index(match["name"][:3].lower()) + 1, int(match["day"]), tzinfo=zone)
        if not parts.get("clock"):
            if hour_alone := _ENGLISH_HOUR.match(value, match.end()):
                word = (hour_alone["word"] or "").lower()
                return day.replace(hour=12) if word == "noon" else _clocked(day, hour_alone, zone)
            after = _CLOCK_AFTER.match(value, match.end()) or _CLOCK_AFTER.match(
                re.sub(r"^\s*at\s+", "", value[match.end() :])
            )
            return _clocked(day, after, zone)
        hour, minute, *second = map(int, match["clock"].split(":"))
        day = day.replace(hour=hour, minute=minute, second=second[0] if second else 0)
        return day.replace(tzinfo=_zone(match["zone"] or "", zone))
    return None


def _chinese(value: str, now: datetime, zone: tzinfo) -> datetime | None:
    if said := _SAID_FIRST.search(value):
        dated = _dated(value[said.end() :], now, zone, must_lead=True)
        if dated:
            return dated
    return _dated(value, now, zone) or _relative(value, now, zone)


def _dated(value: str, now: datetime, zone: tzinfo, *, must_lead: bool = False) -> datetime | None:
    for pattern in (_DATE, _AMERICAN, _MONTH_DAY, _MONTH_DAY_DOT):
        match = pattern.match(value) if must_lead else pattern.search(value)
        if not match:
            continue
        clock = _CLOCK_AFTER.match(value, match.end()) or _CLOCK_BEFORE.search(value[: match.start()])
        month, parts = int(match["month"]), match.groupdict()
        day = int(parts["day"] or parts.get("other") or 0)
        if "year" not in parts:
            return _latest(month, day, clock, now, zone)
        if year := _year(parts, now):
            return _clocked(datetime(year, month, day, tzinfo=zone), clock, zone)
    return None


def _year(parts: dict[str, str | None], now: datetime) -> int:
    """Return the year that is meant, 0 where the figures cannot be one."""
    figures = parts["year"] or ""
    if parts.get("era"):
        return int(figures) + 1911
    if len(figures) == 4:
        return int(figures)
    # 24年3月4日, 24-03-04: this century, unless that were far ahead
    year = 2000 + int(figures)
    return year if len(figures) == 2 and 2000 <= year <= now.year + 1 else 0


def _latest(month: int, day: int, clock: re.Match[str] | None, now: datetime, zone: tzinfo) -> datetime:
    """Return the latest such day that is not after tomorrow; 2月29日 may lie years back."""
    for year in range(now.year + 1, now.year - 9, -1):
        try:
            found = _clocked(datetime(year, month, day, tzinfo=zone), clock, zone)
        except ValueError:
            continue
        if found <= now + timedelta(days=1):
            return found
    raise ValueError(f"no such day: {month}-{day}")


def _relative(value: str, now: datetime, zone: tzinfo) -> datetime | None:
    if _JUST_NOW.search(value):
        return now
    if ago := _AGO.search(value):
        return now - timedelta(seconds=_amount(ago))
    if day := _RELATIVE_DAY.search(value):
        date = now - timedelta(days=_DAYS.get(day[0], 0))
        # 昨晚8点, 今早8点: the last character belongs to the clock
        clock_from = day.end() - 1 if day[0][-1] in "晚早" else day.end()
        return _clocked(date, _CLOCK_AFTER.match(value, clock_from), zone)
    if weekday := _WEEKDAY.search(value):
        ahead = now.weekday() - (6 if weekday["weekday"] in "日天" else int(weekday["weekday"]) - 1)
        days = ahead + 7 * len(weekday["last"]) if weekday["last"] else ahead % 7
        found = _clocked(now - timedelta(days=days), _CLOCK_AFTER.match(value, weekday.end()), zone)
        return found if found <= now else found - timedelta(days=7)
    if clock := _CLOCK_ALONE.search(value):
        found = _clocked(now, clock, zone)
        return found if found <= now else found - timedelta(days=1)
    return None


def _amount(ago: re.Match[str]) -> float:
    """Return the seconds of 3小时, 1个半小时, 2小时半, 半个小时; 几分钟前 is as good as now."""
    seconds = next(seconds for unit, seconds in _UNITS.items() if unit in ago["unit"])
    whole = float(ago["number"]) if ago["number"][0].isdigit() else 0.0
    return (whole + 0.5 * ago[0].count("半")) * seconds


def _clocked(day: datetime, clock: re.Match[str] | None, zone: tzinfo) -> datetime:
    """Return the day at the clock time found, at its midnight without one."""
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    if clock is None:
        return midnight
    parts = clock.groupdict()
    hour, minute, second = (int(parts.get(part) or 0) for part in ("hour", "minute", "second"))
    if parts.get("thirty"):
        minute = 30
    elif parts.get("quarter"):
        minute = 15 * int(parts["quarter"] or 0)
    hour = _hour(hour, (parts.get("half") or parts.get("after") or "").lower().replace(".", ""))
    found = midnight + timedelta(days=hour // 24)
    found = found.replace(hour=hour % 24, minute=minute, second=min(second, 59))
    return found.replace(tzinfo=_zone(parts.get("zone") or "", zone))


def _hour(hour: int, half: str) -> int:
    if hour > 24:
        raise ValueError(f"no such hour: {hour}")
    if half in {"下午", "午后", "傍晚", "pm"} and hour < 12:
        return hour + 12
    if half in {"晚上", "晚间", "夜间", "深夜", "夜里", "晚"}:
        # 晚上12点 is the midnight that ends the day; 深夜1点 is told by some of the day that began
        return 24 if hour == 12 else hour + 12 if 4 < hour < 12 else hour
    if half in {"中午", "正午"} and hour < 4:
        return hour + 12
    if half in {"凌晨", "am"} and hour == 12:
        return 0
    return hour


def _zone(said: str, zone: tzinfo) -> tzinfo:
    said = said.replace(" ", "").upper()
    if said in _ZONES:
        return zone if said == "CST" else timezone(timedelta(hours=_ZONES[said]))
    if offset := re.search(r"([+-])(\d{1,2}):?(\d{2})?$", said):
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-shift if offset[1] == "-" else shift)
    return zone
