"""Addresses of the desk that figures open."""

from datetime import datetime
from urllib.parse import urlencode

from contracts.zone import BEIJING


def search(
    q: str = "", *, since: datetime | None = None, until: datetime | None = None, topic: str = "", region: str = "",
    sentiment: int | None = None, source: str = "", event: str = "", fold_of: str = "",
) -> str:  # fmt: skip
    """Return the search page that shows the posts behind a figure."""
    given = {
        "q": q, "since": _typed(since), "until": _typed(until), "topic": topic, "region": region,
        "sentiment": "" if sentiment is None else str(sentiment), "source": source, "event": event, "fold_of": fold_of,
    }  # fmt: skip
    words = urlencode({name: value for name, value in given.items() if value})
    return f"/search?{words}" if words else "/search"


def _typed(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")
