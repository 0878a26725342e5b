"""Pages that answered 404: taken for deleted only when they still do a day later, while their site answers otherwise.

What a source deletes is forgotten for good, so one mistaken 404 (a moved server, a broken release) must not be enough.
410 is the site's own word that a page was taken away on purpose (RFC 9110, 15.5.11): it needs no second look. Nor does
a page that its list has ceased to name: there two witnesses say the same. An address that names an author may not be kept for a second look: its 404 is believed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from text.public_url import names_nobody

SECOND_LOOK: Final = timedelta(days=1)
"""Longer than a night's repair; deletion is obeyed within a day or so."""
LOOKS_MAX: Final = 20
"""Second looks of one crawl: a forum that lost a thousand threads is still crawled for its new ones."""
MISSING_MAX: Final = 1000
_GONE: Final = 410


class Missing(msgspec.Struct, frozen=True):
    """A page that answered 404: since when, and the mark with which its list named it."""

    url: str
    since: datetime
    mark: str = ""


class MissingPages:
    """The missing pages of one source, between its crawls."""

    def __init__(self, missing: Iterable[Missing] = ()) -> None:
        self._missing = {one.url: one for one in missing}
        self.is_changed = False

    def due(self, now: datetime) -> Sequence[Missing]:
        """Return the pages to be looked at again, the longest missing first, at most 20."""
        found = sorted(
            (one for one in self._missing.values() if now - one.since >= SECOND_LOOK), key=lambda one: one.since
        )
        return found[:LOOKS_MAX]

    def is_gone(self, url: str, status: int, mark: str, now: datetime, *, is_named: bool = True) -> bool:
        """Whether an answer of 404 or 410 means that the page is deleted; a first 404 of a page in the list is noted."""
        first = self._missing.get(url)
        if is_named and names_nobody(url) and status != _GONE and (first is None or now - first.since < SECOND_LOOK):
            if first is None and len(self._missing) < MISSING_MAX:
                self._missing[url] = Missing(url, now, mark)
                self.is_changed = True
            return False
        self.is_there(url)
        return True

    def is_there(self, url: str) -> None:
        """Note that a page is no longer missing: it answered, or it is known to be deleted."""
        if self._missing.pop(url, None):
            self.is_changed = True

    def written(self) -> str:
        """Return the pages as the crawl state keeps them."""
        return msgspec.json.encode(list(self._missing.values())).decode()


def read_missing(text: str) -> MissingPages:
    """Return what was kept; nothing is missing for anything else, and a page is then looked at twice anew."""
    try:
        return MissingPages(msgspec.json.decode(text, type=list[Missing]))
    except msgspec.MsgspecError:
        return MissingPages()
