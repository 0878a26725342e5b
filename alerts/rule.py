"""A rule: which posts it counts, under which keys, and when a window of them is worth an alert."""

from typing import Final, Literal

import msgspec

from contracts.level import LEVELS, Level

RuleType = Literal["frequency", "burst", "plea"]
Grouping = Literal["topic", "region", "event"]
SentimentWord = Literal["negative", "neutral", "positive"]

SENTIMENTS: Final[dict[str, int]] = {"negative": -1, "neutral": 0, "positive": 1}


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which posts count; filters are joined by AND, the values of one by OR; an empty filter lets everything pass."""

    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """430000 = all Hunan, 430100 = all of Changsha."""
    sources: tuple[str, ...] = ()
    sentiment: tuple[SentimentWord, ...] = ()
    keywords: tuple[str, ...] = ()


class Threshold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a level asks beyond the rule's own conditions; 0 asks nothing."""

    min_posts: int = 0
    min_authors: int = 0
    ratio: float = 0.0
    surprise: float = 0.0
    negative_share: float = 0.0


class Levels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of suggested levels; the highest that holds is suggested, else the rule's `level`."""

    blue: Threshold | None = None
    yellow: Threshold | None = None
    orange: Threshold | None = None
    red: Threshold | None = None

    def rising(self) -> tuple[tuple[Level, Threshold], ...]:
        return tuple((level, threshold) for level in LEVELS if (threshold := getattr(self, level)) is not None)


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the day (Asia/Shanghai) in which messages about these levels wait for the morning."""

    start: str = "22:00"
    until: str = "08:00"
    levels: tuple[Level, ...] = ("blue", "yellow")


class Routes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Channels by level; an empty list means every configured channel."""

    blue: tuple[str, ...] = ()
    yellow: tuple[str, ...] = ()
    orange: tuple[str, ...] = ()
    red: tuple[str, ...] = ()
    plea: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of rules.yaml. Counts are posts within `window_minutes`; a post without pseudonym is its source's one voice."""

    id: str
    type: RuleType
    title: str = ""
    enabled: bool = True
    where: Where = Where()
    group_by: tuple[Grouping, ...] = ()
    region_level: Literal["province", "city", "county"] = "city"
    window_minutes: int = 30
    min_posts: int = 10
    min_authors: int = 3
    negative_share: float = 0.0
    ratio: float = 3.0
    """burst: times the expected number of posts."""
    surprise: float = 4.0
    """burst: -log10 of the probability of so many posts by chance."""
    count_copies: bool = True
    """Whether folded copies count as posts; a copy never hides an original."""
    level: Level = "blue"
    levels: Levels = Levels()
    inhibited_by: tuple[str, ...] = ()
    """Rules whose open alert about the same topic, region and event makes telling about this one needless."""
    quiet_hours: QuietHours | None = None
    routes: Routes | None = None


PLEA: Final = Rule(id="plea", type="plea", title="求助")
"""Stands in every rule set: somebody who asks for help is never a matter of settings."""
