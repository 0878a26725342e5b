"""Pages from templates: everything is escaped, times are Beijing's, and nobody's name is shown."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from contracts.lane import BY_MODEL_WORDS, LANE_WORDS
from contracts.level import LEVEL_MEANINGS, LEVEL_WORDS
from contracts.post import Post
from contracts.provenance import DATE_SOURCE_WORDS, LANGUAGE_WORDS
from contracts.region import region_name
from contracts.topic import TOPIC_WORDS
from contracts.zone import BEIJING
from desk import navigation, wording
from desk.visit import Visit

if TYPE_CHECKING:
    from desk.live import Live

TEMPLATES: Final = Path(__file__).parent / "templates"
_WEEKDAYS: Final = "一二三四五六日"


class Rendering:
    """The templates, and the live state that every page's top bar starts with."""

    def __init__(self, live: "Live") -> None:
        self.live = live
        self.environment = Environment(
            loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters |= {
            "clock": clock, "day": day, "moment": moment, "region": region_name, "topic": topic, "level": level,
            "lane": lane, "teller": teller, "json": as_json, "percent": percent, "decimal": decimal, "span": span,
            "heat": heat, "short_day": short_day,
            "source": self._source,
        }  # fmt: skip
        self.environment.globals |= {"wording": wording, "highlighted": highlighted, "left": left,
            "by_model_words": BY_MODEL_WORDS, "date_source_words": DATE_SOURCE_WORDS, "language_words": LANGUAGE_WORDS,
        }  # fmt: skip

    def _source(self, code: str) -> str:
        return self.live.source_names.get(code, wording.OWN_SOURCES.get(code, code))


def render(visit: Visit, template: str, status: int, words: Mapping[str, Any]) -> Response:
    """Return the page inside the frame of this officer."""
    rendering: Rendering = visit.request.app.state.rendering
    told = visit.request.query_params.get("done", "")
    menu = navigation.menu(visit.signed_in)
    context = {
        "visit": visit,
        "me": visit.signed_in,
        "csrf": visit.csrf,
        "now": visit.now,
        "here": visit.request.url.path,
        "menu": menu,
        "phone_menu": navigation.phone_menu(menu),
        "may": navigation.permission(visit.signed_in),
        "pulse": rendering.live.pulse,
        "lag_warning_s": visit.desk.settings.lag_warning_s,
        "sample": visit.desk.sample,
        "said": wording.DONE.get(told, ""),
    }
    return HTMLResponse(rendering.environment.get_template(template).render(**context, **words), status)


def clock(at: datetime | None) -> str:
    """Return 15:04, Beijing time."""
    return "—" if at is None else at.astimezone(BEIJING).strftime("%H:%M")


def day(at: datetime | None) -> str:
    """Return 11 月 24 日 周二."""
    if at is None:
        return "—"
    local = at.astimezone(BEIJING)
    return f"{local.month} 月 {local.day} 日 周{_WEEKDAYS[local.weekday()]}"


def moment(at: datetime | None) -> Markup:
    """Return a <time> with date and clock; the page's script adds how long ago."""
    if at is None:
        return Markup("—")
    local = at.astimezone(BEIJING)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), local.strftime("%Y-%m-%d %H:%M"))


def left(due: datetime | None, now: datetime) -> Markup:
    """Return 剩 12 分 or 已超时 8 分, kept current by the page's script."""
    if due is None:
        return Markup("")
    late = due < now
    words = f"已超时 {span(now - due)}" if late else f"剩 {span(due - now)}"
    return Markup('<time class="due{}" datetime="{}" data-due="1">{}</time>').format(
        " late" if late else "", due.isoformat(), words
    )


def span(length: timedelta | float) -> str:
    """Return a length of time in its two largest units: 3 小时 40 分."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < 60:
        return f"{seconds} 秒"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if hours < 1:
        return f"{minutes} 分"
    if days < 1:
        return f"{hours} 小时 {minutes % 60} 分" if minutes % 60 else f"{hours} 小时"
    return f"{days} 天 {hours % 24} 小时" if hours % 24 else f"{days} 天"


def short_day(when: date) -> str:
    """Return 11-24."""
    return when.strftime("%m-%d")


def heat(value: int) -> str:
    """Return a heat as hot lists write it: 980、12.3 万、1.2 亿."""
    for unit, word in ((100_000_000, "亿"), (10_000, "万")):
        if value >= unit:
            return f"{decimal(value / unit)} {word}"
    return str(value) if value else "—"


def topic(code: str) -> str:
    return TOPIC_WORDS.get(code, code or "未分类")


def level(code: str | None) -> Markup:
    """Return the level's badge: its colour and always its word."""
    if code not in LEVEL_WORDS:
        return Markup("")
    return Markup('<span class="badge level-{}">{} · {}</span>').format(
        code, LEVEL_WORDS[code][0], LEVEL_MEANINGS[code]
    )


def lane(code: str | None) -> Markup:
    """Return the lane's badge; a plea has no level."""
    return Markup('<span class="badge lane-{}">{}</span>').format(code, LANE_WORDS.get(code or "", "求助"))


def teller(post: Post) -> str:
    """Return who says so, without saying who: by kind and platform only."""
    if post.author_kind in wording.AUTHOR_KINDS:
        return wording.AUTHOR_KINDS[post.author_kind]
    known = post.platform.lower()
    for part, words in wording.PLATFORM_AUTHORS.items():
        if part in known:
            return words
    return "某网友"


def highlighted(text: str, spans: Sequence[tuple[int, int]], longest: int = 0) -> Markup:
    """Return the text with the found spans marked, cut to `longest` characters around the first one."""
    start = 0
    if longest and len(text) > longest:
        start = max(0, (spans[0][0] if spans else 0) - longest // 4)
    end = min(len(text), start + longest) if longest else len(text)
    parts: list[Markup] = [escape("…" if start else "")]
    at = start
    for begin, stop in sorted(spans):
        if begin < at or stop > end:
            continue
        parts += [escape(text[at:begin]), Markup("<mark>"), escape(text[begin:stop]), Markup("</mark>")]
        at = stop
    parts += [escape(text[at:end]), escape("…" if end < len(text) else "")]
    return Markup("").join(parts)


def as_json(value: Any) -> str:
    """Return JSON for a data attribute; the template escapes it."""
    return msgspec.json.encode(value).decode()


def percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def decimal(value: float) -> str:
    """Return a figure with at most one decimal."""
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else f"{value:.1f}"
