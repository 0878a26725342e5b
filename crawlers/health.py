"""Whether a source is well, and if not: silent, changed in shape, blocked, slow or down, each with its reason.

A pure function of what collecting brought. A single failure is no trouble, nor is a quiet night: every source is held
against its own habit.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from contracts.diagnosis import Diagnosis, FailureKind, TroubleKind
from contracts.funnel import Funnel
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import SourceHealth
from contracts.zone import BEIJING
from crawlers.schedule import Rhythm

SILENT_TIMES: Final = 3.0
"""Silent is who says nothing for so many of its own expected gaps."""
SILENT_S_MIN: Final = 3600.0
NEVER_S: Final = 7 * 86_400.0
"""A source that has brought nothing at all for a week is silent whatever its habit may be."""
FAILURES_MIN: Final = 3
"""Failed crawls in a row before anybody is troubled; the back-off spreads them over several intervals."""
DAYS_OF_HABIT: Final = 28
_RECENT_DAYS: Final = 2
_HABIT_POSTS_MIN: Final = 20
_RECENT_POSTS_MIN: Final = 10
_RECENT_PAGES_MIN: Final = 3
_COLLAPSED: Final = 0.5
"""A share that fell below half of what was usual has collapsed."""
_SHARE_MIN: Final = 0.5
"""Shares below this are too small to collapse: such a source never had the thing."""
_DELAYED_TIMES: Final = 4.0
_DELAYED_S_MIN: Final = 2 * 3600.0
_TIMED_MIN: Final = 5


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one source. `days` are its last days, the oldest first; `rhythm` None while unknown."""

    health: SourceHealth
    days: Sequence[SourceDay] = ()
    rhythm: Rhythm | None = None


def diagnose(history: History, now: datetime) -> Diagnosis | None:
    """Return what is wrong with the source, None when it is well.

    What the site refuses explains everything else, so it comes first; silence, that may have any cause, comes last.
    """
    for judge in (_failing, _changed, _delayed, _silent):
        found = judge(history, now)
        if found is not None:
            kind, reason, good_at = found
            health = history.health
            return Diagnosis(
                source=health.source, kind=kind, reason=reason, sample=health.good_post,
                good_at=good_at or health.succeeded_at,
            )  # fmt: skip
    return None


_Found = tuple[TroubleKind, str, datetime | None] | None


def _failing(history: History, now: datetime) -> _Found:
    health = history.health
    if not health.failure or health.failures < FAILURES_MIN:
        return None
    kind: FailureKind = health.failure_kind or "down"
    since = f"上次成功 {_moment(health.succeeded_at)}" if health.succeeded_at else "从未成功"
    del now
    return kind, f"连续 {health.failures} 次没有采到，{since}。{health.failure}", None


def _changed(history: History, now: datetime) -> _Found:
    habit, recent = _halves(history.days, now)
    pages = recent.fetched - recent.lists
    per_page = habit.extracted / max(habit.fetched - habit.lists, 1)
    if habit.extracted >= _HABIT_POSTS_MIN and pages >= _RECENT_PAGES_MIN and not recent.extracted:
        return "changed", f"网页取得到（近两天 {pages} 页），却一条也读不出，平时每页约 {per_page:.1f} 条。", None
    if recent.extracted < _RECENT_POSTS_MIN or habit.extracted < _HABIT_POSTS_MIN:
        return None
    usual, of_late = habit.dated / habit.extracted, recent.dated / recent.extracted
    if usual >= _SHARE_MIN and of_late < usual * _COLLAPSED:
        return "changed", f"读得出日期的只剩 {of_late:.0%}，平时 {usual:.0%}：日期的位置或写法可能变了。", None
    usual, of_late = _text_share(habit), _text_share(recent)
    if usual >= _SHARE_MIN and of_late < usual * _COLLAPSED:
        return "changed", f"有正文的只剩 {of_late:.0%}，平时 {usual:.0%}：正文的位置可能变了。", None
    return None


def _text_share(funnel: Funnel) -> float:
    return 1.0 - funnel.textless / funnel.extracted


def _delayed(history: History, now: datetime) -> _Found:
    habit, recent = _halves(history.days, now)
    if habit.timed < _TIMED_MIN or recent.timed < _TIMED_MIN:
        return None
    usual_s, of_late_s = habit.delay_s / habit.timed, recent.delay_s / recent.timed
    if of_late_s < max(_DELAYED_TIMES * usual_s, _DELAYED_S_MIN):
        return None
    return "slow", f"近两天的帖子发布后平均 {span(of_late_s)}才采到，平时 {span(usual_s)}。", None


def _silent(history: History, now: datetime) -> _Found:
    health, rhythm = history.health, history.rhythm
    if health.failures:
        return None
    newest_at = max((at for at in (rhythm and rhythm.newest_at, health.newest_post_at) if at), default=None)
    if newest_at is None:
        first = history.days[0].day if history.days else None
        if first is None or (_today(now) - first).days * 86_400.0 < NEVER_S:
            return None
        return "silent", f"从 {first.month} 月 {first.day} 日开始采，至今一条也没有收到。", None
    if rhythm is None or not rhythm.expected_gap_s:
        return None
    # Judged as of the last look: while nobody asks, nobody can say that a source is silent.
    quiet_s = (min(health.checked_at, now) - newest_at).total_seconds()
    if quiet_s < max(SILENT_TIMES * rhythm.expected_gap_s, SILENT_S_MIN):
        return None
    return (
        "silent",
        f"已 {span(quiet_s)}没有新帖，超过它自己平时间隔（{span(rhythm.expected_gap_s)}）的 {SILENT_TIMES:.0f} 倍。",
        newest_at,
    )


def _halves(days: Sequence[SourceDay], now: datetime) -> tuple[Funnel, Funnel]:
    """Return what was usual, and what came in the last two days."""
    cut = _today(now) - timedelta(days=_RECENT_DAYS - 1)
    oldest = _today(now) - timedelta(days=DAYS_OF_HABIT)
    habit = sum((day.funnel for day in days if oldest <= day.day < cut), Funnel())
    return habit, sum((day.funnel for day in days if day.day >= cut), Funnel())


def _today(now: datetime) -> date:
    return now.astimezone(BEIJING).date()


def span(seconds: float) -> str:
    """Return a length of time in words, in its one fitting unit."""
    if seconds < 3600:
        return f"{max(seconds / 60, 1):.0f} 分钟"
    return f"{seconds / 3600:.0f} 小时" if seconds < 2 * 86_400 else f"{seconds / 86_400:.0f} 天"


def _moment(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%m-%d %H:%M")
