"""Which keys of a rule a post counts under."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from alerts.rule import SENTIMENTS, Rule
from contracts.events import PostIndexed
from contracts.region import prefix

Matcher = Callable[[PostIndexed], Sequence[str]]

ALL: Final = "all"
"""The key of a rule that does not group."""
_REGIONS_MAX: Final = 3
"""A post that lists more places than this is about none of the further ones."""
_DIGITS: Final = {"province": 2, "city": 4, "county": 6}


def matcher(rule: Rule) -> Matcher:
    """Return the function that names the canonical keys of a post under the rule; empty = the rule ignores it.

    Keys read `topic=employment,region=430100`; an unknown region is `region=`. A post with several topics or regions
    has several keys; where a rule groups by topic or event, a post without one has none.
    """
    sources = frozenset(rule.where.sources)
    sentiments = frozenset(SENTIMENTS[word] for word in rule.where.sentiment)
    keywords = frozenset(rule.where.keywords)
    by_event = "event" in rule.group_by
    keys = _keys_of(rule)

    def match(post: PostIndexed) -> Sequence[str]:
        if (
            (sources and post.source not in sources)
            or (sentiments and post.sentiment not in sentiments)
            or (keywords and keywords.isdisjoint(post.keywords))
            or (post.fold_of and not rule.count_copies)
        ):
            return ()
        return keys(post.topics, post.regions, post.event if by_event else "")

    return match


def labels(key: str) -> dict[str, str]:
    """Return the labels of a canonical key."""
    return dict(part.split("=", 1) for part in key.split(",") if "=" in part)


def event_of(key: str) -> str:
    """Return the event of a canonical key, "" where it names none."""
    return labels(key).get("event", "")


def under(key: str, event: str) -> str:
    """Return the canonical key of the same labels and another event."""
    return ",".join(f"{label}={event if label == 'event' else value}" for label, value in labels(key).items())


def _keys_of(rule: Rule) -> Callable[[tuple[str, ...], tuple[str, ...], str], tuple[str, ...]]:
    wanted = frozenset(rule.where.topics)
    areas = tuple(prefix(region) for region in rule.where.regions)
    digits = _DIGITS[rule.region_level]

    @lru_cache(maxsize=65536)
    def keys(topics: tuple[str, ...], regions: tuple[str, ...], event: str) -> tuple[str, ...]:
        counted = [topic for topic in topics if not wanted or topic in wanted]
        places = [region for region in regions if not areas or region.startswith(areas)]
        if (wanted and not counted) or (areas and not places):
            return ()
        parts: list[list[str]] = []
        if "topic" in rule.group_by:
            parts.append([f"topic={topic}" for topic in counted])
        if "region" in rule.group_by:
            rounded = [place[:digits].ljust(6, "0") for place in places[:_REGIONS_MAX]] or [""]
            parts.append([f"region={place}" for place in dict.fromkeys(rounded)])
        if "event" in rule.group_by:
            parts.append([f"event={event}"] if event else [])
        return tuple(",".join(chosen) for chosen in product(*parts)) if parts else (ALL,)

    return keys
