"""The `[alerts]` section of qingting.toml."""

import msgspec


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How old may raise an alert, who is rung again and when an alert ends by itself."""

    alert_age_hours: float = 6.0
    """A window that ended longer ago raises nothing."""
    red_alert_age_hours: float = 24.0
    plea_age_days: int = 14
    """An older plea is listed once as historic, without an alert."""
    baseline_days: int = 42
    """Six weeks: enough for a daily rhythm, short enough to follow a changed town."""
    resolve_after_minutes: int = 180
    """An opinion alert whose condition no longer held for this long ends by itself."""
    escalate_red_minutes: int = 10
    escalate_orange_minutes: int = 30
    escalations_max: int = 2
    """Second on duty, then the leader on duty."""
    watch_batch: int = 2000
    send_retries_h: float = 48.0
    """A delivery that failed for this long is given up and shown as failed."""
