"""A signal: a rule's condition holds in a window of a key; what becomes of it is decided by the stages."""

from datetime import datetime

import msgspec

from alerts.rule import Rule
from contracts.alert import Reason
from contracts.level import Level


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that holds, the level it suggests and the thresholds that were reached."""

    level: Level
    thresholds: dict[str, float]
    expected: float = 0.0
    ratio: float = 0.0
    surprise: float = 0.0
    baseline_hours: int = 0


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """The strongest window of one key that now holds."""

    rule: Rule
    key: str
    level: Level
    reason: Reason
    posts: tuple[str, ...]
    held_at: datetime
    """End of the latest window that holds, event time."""
    sample: bool
