"""The `[retention]` section of qingting.toml: for how many days a post's text is kept, by what it is about."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

_Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class TopicDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days by topic; 0 = as `text_days`. A test holds these keys against `contracts.topic`."""

    domestic_violence: _Days = 0
    sexual_violence: _Days = 0
    marriage_family: _Days = 0
    employment: _Days = 0
    fertility_childcare: _Days = 0
    health: _Days = 0
    minors: _Days = 0
    safety_trafficking: _Days = 0
    rural_rights: _Days = 0
    gender_discourse: _Days = 0
    development: _Days = 0
    federation_service: _Days = 0


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days count from the day on which this house took the post in. Nothing raw is ever kept, so nothing raw expires."""

    text_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 180
    topics: TopicDays = TopicDays()

    def days(self, topics: Iterable[str]) -> int:
        """Return how long a post of these topics is kept: the shortest of them decides."""
        return min((getattr(self.topics, topic, 0) or self.text_days for topic in topics), default=self.text_days)

    def shorter(self) -> tuple[tuple[str, int], ...]:
        """Return the topics that are kept for fewer days than other posts, and the days."""
        named = ((topic, getattr(self.topics, topic)) for topic in _TOPICS)
        return tuple((topic, days) for topic, days in named if 0 < days < self.text_days)


_TOPICS: Final = tuple(field.name for field in msgspec.structs.fields(TopicDays))
