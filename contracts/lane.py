"""The lane of a plea for help: a lane of its own, never an opinion level."""

from typing import Final, Literal

Lane = Literal["critical", "suspected", "urgent", "ordinary"]

LANE_WORDS: Final[dict[str, str]] = {"critical": "危急", "suspected": "疑似危急", "urgent": "紧急", "ordinary": "一般"}
LANES: Final[tuple[Lane, ...]] = ("critical", "suspected", "urgent", "ordinary")
"""Most pressing first: sort pleas by the index of their lane."""
DANGEROUS: Final = frozenset({"critical", "suspected"})
"""The lanes in which somebody is, or may be, in danger now: minutes count, whatever the hour."""
BY_MODEL: Final = "模型判断"
"""Stands first among marks and reasons of a plea that no rule found: never to be shown as words of the post."""
BY_MODEL_WORDS: Final = "模型判断可能需要帮助（没有规则命中）"
"""What people read instead."""
DANGER_BY_MODEL: Final = "模型判断有危险"
"""The reason of a plea that a rule found and that score and signs call dangerous; no rule's name."""
