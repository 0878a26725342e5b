"""The intake port: posts that come to the desk by themselves or by an officer's hand, on their way to the edge."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was sent; accepted + duplicates + rejected is the number of posts."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    masked: int = 0
    """Accepted ones in which personal data were masked."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A push that was not taken in: the HTTP status and one Chinese sentence."""

    status: int
    sentence: str
    retry_after_s: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One link or one spoken report as an officer enters it, unmasked; it goes to the edge and nowhere else."""

    id: str
    """Of the form, so that a form sent twice is one report."""
    text: str
    url: str = ""
    title: str = ""
    place: str = ""
    happened_at: datetime | None = None


class Intake(Protocol):
    """Every post passes the edge: masked, pseudonymised, known by its id. The same again is a duplicate.

    delivery: durable in the log when the call returns · errors: Retryable with nothing remembered.
    """

    def size_max(self, source: str) -> int:
        """Return the bytes that a push of this source may have, 0 for no such source: more need not be read."""
        ...

    def push(self, source: str, headers: Mapping[str, str], body: bytes) -> Receipt | Refused:
        """Take in a signed push; header names are in lower case."""
        ...

    def report(self, report: Report, *, unit: str) -> Receipt:
        """Take in what an officer of a unit entered. Raises Rejected with what to correct."""
        ...
