"""The `[response]` section of qingting.toml: deadlines, hotline hours, how long things are kept."""

from datetime import timedelta

import msgspec

from contracts.level import Level


class HotlineHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When 12338 of a unit answers; times are Asia/Shanghai."""

    opens: str
    """08:30"""
    closes: str
    """17:30"""
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Monday is 1."""
    holidays: tuple[str, ...] = ()
    """Closed days, 2026-10-01."""
    workdays: tuple[str, ...] = ()
    """Days of work although they fall on a weekend (调休)."""


class ResponseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing here is a quota: deadlines say when somebody is owed an answer."""

    publish_red_h: float = 5.0
    publish_orange_h: float = 24.0
    publish_yellow_h: float = 48.0
    publish_blue_h: float = 72.0
    judge_red_minutes: int = 10
    judge_orange_minutes: int = 30
    judge_other_minutes: int = 480
    receive_critical_minutes: int = 10
    """A hand-over of danger that nobody received so soon comes back to the officer."""
    receive_other_minutes: int = 60
    """Of opening hours."""
    hotline: dict[str, HotlineHours] = {}
    """By unit code; a unit that is not here counts as closed."""
    help_kept_days: int = 7
    """After closing; then only the receipt number and the outcome remain."""
    session_idle_minutes: int = 480
    session_hours: int = 12
    sign_in_failures: int = 5
    """From so many failures on, the wait doubles."""

    def publish_within(self, level: Level) -> timedelta:
        """Return how long an answer to an alert of this confirmed level may take."""
        hours = {
            "red": self.publish_red_h, "orange": self.publish_orange_h, "yellow": self.publish_yellow_h,
            "blue": self.publish_blue_h,
        }  # fmt: skip
        return timedelta(hours=hours[level])
