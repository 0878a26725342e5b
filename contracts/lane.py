"""The lane of a plea for help: a lane of its own, never an opinion level."""

from typing import Final, Literal

Lane = Literal["critical", "suspected", "urgent", "ordinary"]

LANE_WORDS: Final[dict[str, str]] = {"critical": "危急", "suspected": "疑似危急", "urgent": "紧急", "ordinary": "一般"}
LANES: Final[tuple[Lane, ...]] = ("critical", "suspected", "urgent", "ordinary")
"""Most pressing first: sort pleas by the index of their lane."""
DANGEROUS: Final = frozenset({"critical", "suspected"})
"""The lanes in which somebody is, or may be, in danger now: minutes count, whatever the hour."""
