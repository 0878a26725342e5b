"""The rule type `frequency`: so many posts by so many voices within a window."""

from alerts.rule import Rule, Threshold
from alerts.signal import Held
from alerts.windows import Window
from contracts.level import Level


def judge(rule: Rule, window: Window) -> Held | None:
    """Return what the window reaches, None if it does not hold; more posts never make it hold less, shares apart."""
    if (
        window.count < rule.min_posts
        or window.authors < rule.min_authors
        or window.negative_share < rule.negative_share
    ):
        return None
    level: Level = rule.level
    thresholds = {"min_posts": float(rule.min_posts), "min_authors": float(rule.min_authors)}
    for higher, threshold in rule.levels.rising():
        if reached(threshold, window):
            level = higher
            thresholds |= asked(threshold)
    if rule.negative_share:
        thresholds.setdefault("negative_share", rule.negative_share)
    return Held(level=level, thresholds=thresholds)


def reached(threshold: Threshold, window: Window) -> bool:
    """Whether the window reaches the part of a threshold that needs no baseline."""
    return (
        window.count >= threshold.min_posts
        and window.authors >= threshold.min_authors
        and window.negative_share >= threshold.negative_share
    )


def asked(threshold: Threshold) -> dict[str, float]:
    """Return what a threshold asks, by name."""
    asked = {name: float(getattr(threshold, name)) for name in threshold.__struct_fields__}
    return {name: value for name, value in asked.items() if value}
