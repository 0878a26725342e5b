"""A report and its figures: each figure carries the query that made it."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.document import Query

ReportState = Literal["draft", "signed", "published"]


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of a report, locked. Help figures open to query and count only."""

    id: str
    label: str
    value: float
    unit: str
    query: Query | None = None
    """The question to the index; None for a figure of the desk database, which names its `source` instead."""
    source: str = ""
    opens_posts: bool = True
    suppressed: bool = False
    """True where the value is withheld (a help count under 3, or one that would reveal it)."""


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A weekly report. A writer edits `assessment` and `advice`; figures stay locked; a second person signs."""

    id: str
    week: str
    """ISO week, 2026-W47."""
    unit: str
    state: ReportState
    since: datetime
    until: datetime
    built_at: datetime
    figures: tuple[Figure, ...]
    assessment: str = ""
    """研判"""
    advice: str = ""
    """建议"""
    written_by: str = ""
    signed_by: str = ""
    signed_at: datetime | None = None
    sample: bool = False
    """Built where sources of samples are crawled: every page of it says 样例."""
