"""The sentences people read about an alert: counts, place and topic, never a post's text."""

from datetime import datetime
from typing import Final

from alerts.signal import Held
from alerts.windows import Window
from contracts.alert import Alert, Reason
from contracts.identity import task_id
from contracts.lane import LANE_WORDS, Lane
from contracts.level import LEVEL_WORDS, level_word
from contracts.region import region_name
from contracts.topic import TOPIC_WORDS
from contracts.zone import BEIJING

TEXT_MAX: Final = 200
_PLEA_ASKS: Final[dict[str, str]] = {
    "critical": "疑似有人正受侵害，请立即查看",
    "suspected": "可能有危险，请立即查看",
    "urgent": "有人急需帮助，请尽快查看",
    "ordinary": "有人求助，请查看",
}


_HARDLY_ANY: Final = 0.5


def opinion_reason(rule_type: str, window: Window, held: Held) -> Reason:
    """Return the reason of an opinion alert with its numbers."""
    share = round(window.negative_share * 100)
    usual = ""
    if 0 < held.expected < _HARDLY_ANY:  # "400 times almost nothing" tells nobody anything
        usual = "，平时几乎没有"
    elif held.expected:
        usual = f"，平时约 {_plain(held.expected)} 帖（{_plain(held.ratio)} 倍）"
    return Reason(
        rule_type=rule_type,
        sentence=f"{window.minutes} 分钟 {window.count} 帖{usual}，负面 {share}%",
        window_minutes=window.minutes, count=window.count, expected=held.expected, ratio=held.ratio,
        surprise=held.surprise, distinct_authors=window.authors, negative_share=round(window.negative_share, 4),
        thresholds=held.thresholds, baseline_hours=held.baseline_hours,
    )  # fmt: skip


def plea_reason(lane: Lane, marks: tuple[str, ...], late_days: int) -> Reason:
    """Return the reason of a plea's alert."""
    late = f"，迟到 {late_days} 天" if late_days else ""
    return Reason(
        rule_type="plea", sentence=f"一条公开帖求助（{LANE_WORDS[lane]}）{late}", count=1, distinct_authors=1,
        marks=marks,
    )  # fmt: skip


def place_and_topic(alert: Alert) -> str:
    """Return 长沙市·家庭暴力, or what is known of it."""
    parts = (region_name(alert.region) if alert.region else "", TOPIC_WORDS.get(alert.topic, ""))
    return "·".join(part for part in parts if part) or "全部"


def opinion_text(alert: Alert, sign_before: datetime | None) -> str:
    """Return the message about an opened or raised opinion alert."""
    assert alert.level is not None
    by = f"｜{sign_before.astimezone(BEIJING):%H:%M} 前签收" if sign_before else ""
    word = level_word(alert.level, confirmed=alert.level_confirmed)
    head = f"【{word}预警】{_sample(alert)}{place_and_topic(alert)}"
    return _cut(f"{head}｜{alert.reason.sentence}{by}")


def plea_text(alert: Alert, published_at: datetime) -> str:
    """Return the message about a plea."""
    assert alert.lane is not None
    late = f"（迟到 {alert.late_days} 天）" if alert.late_days else ""
    place = f"{region_name(alert.region)}，" if alert.region else ""
    when = published_at.astimezone(BEIJING)
    return _cut(
        f"【求助·{LANE_WORDS[alert.lane]}】{_sample(alert)}{place}{when:%m-%d %H:%M} 一条公开帖{_PLEA_ASKS[alert.lane]}{late}"
    )  # fmt: skip


def escalated_text(alert: Alert, minutes: int, duty: str) -> str:
    """Return the message about an alert that nobody acknowledged in time; `duty` is who is rung, "" where nobody is rostered."""
    ask = f"升级给{duty}：请立即签收或接手" if duty else "现在无人排班，看到的人请立即签收"
    return _cut(f"【升级·{_head(alert)}】{_sample(alert)}已 {minutes} 分钟无人签收，{ask}")


def resolved_text(alert: Alert) -> str:
    """Return the message about an opinion alert that ended by itself."""
    return _cut(f"【结束·{_head(alert)}】{_sample(alert)}{place_and_topic(alert)}｜声量已回落")


def link(alert: Alert) -> str:
    """Return the desk's path of the alert, or of the plea's help task."""
    return f"/alerts/{alert.id}" if alert.lane is None else f"/help/{task_id(alert.id, 'help')}"


def _head(alert: Alert) -> str:
    if alert.lane is not None:
        return f"求助·{LANE_WORDS[alert.lane]}"
    return f"{LEVEL_WORDS[alert.level or 'blue']}预警"


def _sample(alert: Alert) -> str:
    return "（样例）" if alert.sample else ""


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
