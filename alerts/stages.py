"""What becomes of a signal: group → inhibit → silence → quiet hours → dedupe → route, one function each.

Every stage is pure and returns its decision with a Chinese reason, which goes into the alert's history. A muted
alert is still open, counts and has its work: suppression is an attribute with a cause, never a state. Pleas pass
`route` alone: nothing may hold one back.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from alerts.rule import Rule
from alerts.signal import Signal
from alerts.silences import Silence
from contracts.alert import Alert
from contracts.level import LEVEL_WORDS, LEVELS, Level
from contracts.zone import BEIJING

EPISODE: Final = timedelta(hours=3)
"""Windows of one key that hold less than this apart belong to one happening: after its alert was closed they open none."""

_EPISODES_KEPT: Final = 24
"""More than the hours in which a window may still alert can hold."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A happening of a rule and key that is over: the end of its last window that held, and its highest level."""

    until: datetime
    level: Level


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of the last opening of a rule and key."""

    opening: int
    level: Level
    held_until: datetime
    past: tuple[Episode, ...] = ()
    """Earlier episodes, rising: their windows are judged again after every start, and are no news."""


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """Where a signal belongs."""

    act: Literal["open", "raise", "extend", "drop"]
    opening: int
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether, when and where people are told: `muted` non-empty = nobody; reasons of every stage in order."""

    channels: tuple[str, ...] = ()
    not_before: datetime | None = None
    muted: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return "；".join(self.reasons) + "。"


def group(signal: Signal, standing: Alert | None, last: Opening | None) -> Grouped:
    """Find the alert that the signal belongs to: the open one of its key, a closed one of the same episode, or a new one."""
    if standing is not None:
        opening = last.opening if last else 1
        louder = standing.level is None or LEVELS.index(signal.level) > LEVELS.index(standing.level)
        if louder and not standing.level_confirmed:
            return Grouped(act="raise", opening=opening, reason=f"升到建议{LEVEL_WORDS[signal.level]}")
        return Grouped(act="extend", opening=opening, reason="已有未结束的预警")
    if last is None:
        return Grouped(act="open", opening=1, reason="首次报警")
    if LEVELS.index(signal.level) > LEVELS.index(last.level):
        return Grouped(act="open", opening=last.opening + 1, reason="上一条已结束，声量又升了级")
    if signal.held_at > last.held_until + EPISODE:
        return Grouped(act="open", opening=last.opening + 1, reason="上一条已结束，平静后再次报警")
    return Grouped(act="drop", opening=last.opening, reason="同一轮声量的预警已由人结束")


def is_past(past: Sequence[Episode], end: datetime, level: Level) -> bool:
    """Whether a window belongs to an earlier episode, and is no louder than that was already."""
    episode = next((one for one in past if end <= one.until + EPISODE), None)
    return episode is not None and LEVELS.index(level) <= LEVELS.index(episode.level)


def kept(signal: Signal, grouped: Grouped, last: Opening | None) -> Opening:
    """Return what is to be remembered once the signal was taken."""
    if last is None:
        return Opening(opening=grouped.opening, level=signal.level, held_until=signal.held_at)
    held_until = max(signal.held_at, last.held_until)
    if grouped.opening == last.opening:
        level = max(last.level, signal.level, key=LEVELS.index)
        return msgspec.structs.replace(last, level=level, held_until=held_until)
    past = last.past
    if signal.held_at > last.held_until + EPISODE:
        past = (*past, Episode(until=last.held_until, level=last.level))[-_EPISODES_KEPT:]
    return Opening(opening=grouped.opening, level=signal.level, held_until=held_until, past=past)


def joined(one: Opening, other: Opening) -> Opening:
    """Return what is remembered of two keys that became one: the last ordinal, the level of the latest episode."""
    earlier, later = sorted((one, other), key=lambda opening: opening.held_until)
    past = {*one.past, *other.past}
    level = later.level
    if later.held_until - earlier.held_until <= EPISODE:
        level = max(one.level, other.level, key=LEVELS.index)
    else:
        past.add(Episode(until=earlier.held_until, level=earlier.level))
    rising = sorted(past, key=lambda episode: (episode.until, LEVELS.index(episode.level)))
    return Opening(
        opening=max(one.opening, other.opening), level=level, held_until=later.held_until,
        past=tuple(rising[-_EPISODES_KEPT:]),
    )  # fmt: skip


def inhibit(rule: Rule, alert: Alert, standing: Iterable[Alert]) -> str:
    """Return why another open alert makes telling needless, "" if none does; red is never inhibited."""
    if alert.level == "red":
        return ""
    for other in standing:
        same = (other.topic, other.region, other.event) == (alert.topic, alert.region, alert.event)
        if other.rule in rule.inhibited_by and same and other.id != alert.id:
            return f"被规则 {other.rule} 的预警抑制"
    return ""


def silence(alert: Alert, silences: Iterable[Silence]) -> str:
    """Return why a silence covers the alert, "" if none does; red is never silenced."""
    if alert.level == "red":
        return ""
    for active in silences:
        if active.covers(alert):
            until = active.until.astimezone(BEIJING)
            return f"静默中（{active.by}：{active.reason}，到 {until:%m-%d %H:%M}）"
    return ""


def quiet_hours(rule: Rule, level: Level, now: datetime) -> datetime | None:
    """Return when the message may go out, None for at once."""
    hours = rule.quiet_hours
    if hours is None or level not in hours.levels or level == "red":
        return None
    here = now.astimezone(BEIJING)
    start, until = _at(here, hours.start), _at(here, hours.until)
    if start <= until:
        return until.astimezone(now.tzinfo) if start <= here < until else None
    if here >= start:
        return (until + timedelta(days=1)).astimezone(now.tzinfo)
    return until.astimezone(now.tzinfo) if here < until else None


def dedupe(message: str, is_told: Callable[[str], bool]) -> str:
    """Return why this message (by id: alert and level) need not be sent, "" if it is new."""
    return "这一级已经通知过" if is_told(message) else ""


def route(rule: Rule, severity: str) -> tuple[str, ...]:
    """Return the channels of a level, or of "plea"; empty = every configured channel."""
    channels: tuple[str, ...] = getattr(rule.routes, severity) if rule.routes else ()
    return channels


def decide(
    rule: Rule, alert: Alert, *, grouped: Grouped, message: str, standing: Sequence[Alert],
    silences: Sequence[Silence], is_told: Callable[[str], bool], now: datetime,
) -> Decision | None:  # fmt: skip
    """Run the stages after `group` for an opened or raised alert; None when people know already."""
    assert alert.level is not None
    if dedupe(message, is_told):
        return None
    reasons = [grouped.reason]
    muted = inhibit(rule, alert, standing) or silence(alert, silences)
    if muted:
        return Decision(muted=muted, reasons=(*reasons, f"{muted}，不通知"))
    not_before = quiet_hours(rule, alert.level, now)
    if not_before:
        reasons.append(f"安静时段，{not_before.astimezone(BEIJING):%m-%d %H:%M} 再通知")
    channels = route(rule, alert.level)
    reasons.append(f"通知 {'、'.join(channels) or '全部通道'}")
    return Decision(channels=channels, not_before=not_before, reasons=tuple(reasons))


def _at(day: datetime, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
