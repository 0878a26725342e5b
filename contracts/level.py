"""The level of an opinion alert, and the words people see; suggested until an officer confirms it."""

from typing import Final, Literal

Level = Literal["blue", "yellow", "orange", "red"]

LEVELS: Final[tuple[Level, ...]] = ("blue", "yellow", "orange", "red")
"""Rising: compare levels by their index."""
LEVEL_WORDS: Final[dict[str, str]] = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
LEVEL_MEANINGS: Final[dict[str, str]] = {"blue": "一般", "yellow": "较大", "orange": "重大", "red": "特别重大"}


def level_word(level: Level, *, confirmed: bool) -> str:
    """Return 橙色 for a level that an officer confirmed, 建议橙色 for one that is only suggested."""
    return LEVEL_WORDS[level] if confirmed else f"建议{LEVEL_WORDS[level]}"
