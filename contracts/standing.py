"""Where an entry of a hot list stands, and what changed since the list was last looked at."""

from datetime import datetime
from typing import Literal

import msgspec

Change = Literal["new", "up", "down", "same", "off"]


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of an entry; its words are in the post, not here. Rank from 1, heat in the list's own unit."""

    id: str
    rank: int
    heat: int = 0
    """0 where the list says none."""
    best: int
    """The best rank so far."""
    since: datetime
    """When it was first seen on the list; for one that is off, when it left."""
    change: Change = "same"
    post: str = ""
    """Id of the post that the entry became; "" in what an older program kept."""
