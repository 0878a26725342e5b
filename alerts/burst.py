"""The rule type `burst`: far more posts than usual for this key at this hour, and not by one loud voice."""

from alerts import frequency
from alerts.baseline import WARM_HOURS, Baseline, surprise
from alerts.rule import Rule
from alerts.signal import Held
from alerts.windows import Window
from contracts.level import Level


def judge(rule: Rule, window: Window, baseline: Baseline) -> Held | None:
    """Return what the window reaches, None if it does not hold or the baseline is younger than `WARM_HOURS`."""
    if baseline.hours < WARM_HOURS:
        return None
    enough = frequency.judge(rule, window)
    if enough is None:
        return None
    expected = baseline.expected(window.end, window.minutes)
    ratio = window.count / expected
    score = surprise(window.count, expected, baseline.alpha)
    if ratio < rule.ratio or score < rule.surprise:
        return None
    level: Level = rule.level
    thresholds = {
        "min_posts": float(rule.min_posts), "min_authors": float(rule.min_authors), "ratio": rule.ratio,
        "surprise": rule.surprise,
    }  # fmt: skip
    for higher, threshold in rule.levels.rising():
        if frequency.reached(threshold, window) and ratio >= threshold.ratio and score >= threshold.surprise:
            level = higher
            thresholds |= frequency.asked(threshold)
    return Held(
        level=level, thresholds=thresholds, expected=round(expected, 2), ratio=round(ratio, 2),
        surprise=round(score, 2), baseline_hours=baseline.hours,
    )  # fmt: skip
