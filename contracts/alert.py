"""The alert, and the reason it carries with its numbers."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.lane import Lane
from contracts.level import Level

AlertState = Literal["open", "acknowledged", "resolved", "false_alarm", "merged"]
"""`open` and `acknowledged` are open states: at most one alert per rule and key is in them."""


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a rule fired, with what was asked and what was reached; figures are counts of posts unless said."""

    rule_type: str
    sentence: str
    """One plain Chinese sentence, without any post's text: 30 分钟 86 帖，平时约 9 帖（9.6 倍），负面 71%."""
    window_minutes: int = 0
    count: int = 0
    expected: float = 0.0
    ratio: float = 0.0
    surprise: float = 0.0
    """-log10 of the negative-binomial tail probability."""
    distinct_authors: int = 0
    negative_share: float = 0.0
    thresholds: dict[str, float] = {}
    baseline_hours: int = 0
    """Age of the baseline in hours of observed history."""
    marks: tuple[str, ...] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert. Either `lane` (a plea) or `level` (opinion) is set, never both."""

    id: str
    rule: str
    key: str
    """Canonical key labels, `topic=employment,region=430100`; a plea's key is `post=<id>`."""
    state: AlertState
    opened_at: datetime
    reason: Reason
    lane: Lane | None = None
    level: Level | None = None
    level_confirmed: bool = False
    topic: str = ""
    region: str = ""
    """Six-digit division code, or "" for all or unknown."""
    event: str = ""
    count: int = 0
    baseline: float = 0.0
    posts: tuple[str, ...] = ()
    """Ids of up to 50 posts behind it, earliest first."""
    late_days: int = 0
    """For a plea that arrived late: whole days since it was published."""
    sample: bool = False
