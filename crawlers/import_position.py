"""How far an import has come, so that one that was broken off goes on where it stood.

Kept in the crawl state under the identity of source and file, and taken away at the end: the whole file again is a new
import, in which every row is a duplicate.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from contracts.identity import digest
from contracts.ports.crawl_state import CrawlState, PageState

_DONE = ""


class Position(msgspec.Struct, frozen=True):
    """The last line that was taken in, and what had become of the rows up to it."""

    line: int = 0
    counts: Mapping[str, int] = {}


class ImportPosition:
    """The position of one file; without a crawl state it remembers nothing."""

    def __init__(self, path: Path, source: str, columns: Mapping[str, str], state: CrawlState | None) -> None:
        about = path.stat()
        told = msgspec.json.encode(dict(sorted(columns.items()))).decode()
        self._key = "import:" + digest(source, str(path.resolve()), str(about.st_size), str(about.st_mtime_ns), told)
        self._state = state

    def read(self) -> Position:
        """Return where an earlier run of the same import was broken off, the beginning where none was."""
        kept = self._state.pages([self._key]).get(self._key) if self._state else None
        if kept is None or kept.body_digest == _DONE:
            return Position()
        try:
            return msgspec.json.decode(kept.body_digest, type=Position)
        except msgspec.MsgspecError:
            return Position()

    def keep(self, position: Position | None, now: datetime) -> None:
        """Remember a position once everything up to it is safe; None at the end of the file."""
        if self._state:
            text = msgspec.json.encode(position).decode() if position else _DONE
            self._state.keep_pages([PageState(url=self._key, body_digest=text, fetched_at=now)])
