"""A message to people about an alert or a deadline: counts and a link, never a post's text."""

from datetime import datetime
from typing import Literal

import msgspec

NotificationState = Literal["pending", "sent", "failed", "muted"]


class Notification(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to one channel. `id` is deterministic: sending it twice is the same message."""

    id: str
    alert: str
    channel: str
    kind: str
    """opened · escalated · resolved · deadline · returned · handed_over · source."""
    text: str
    """At most 200 characters, lane or level first, no text of a post."""
    link: str
    created_at: datetime
    urgent: bool = False
    recipient: str = ""
    """Id of the officer who is rung; "" for everybody whom the channel reaches."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a channel answered; success is judged by the answer's body, not by its HTTP status alone."""

    delivered: bool
    detail: str
    retryable: bool = True
