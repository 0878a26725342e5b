"""Table of the reports room: a report's figures are frozen as JSON beside the words that people may edit."""

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, UniqueConstraint, false

from contracts.instant import Instant

metadata = MetaData()

reports = Table(
    "reports", metadata,
    Column("id", String(64), primary_key=True),
    Column("week", String(16), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("built_at", Instant, nullable=False),
    Column("figures", Text, nullable=False),
    Column("assessment", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("written_by", String(64), nullable=False),
    Column("signed_by", String(64), nullable=False),
    Column("signed_at", Instant),
    Column("sample", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("week", "unit", name="reports_week_unit"),
)  # fmt: skip
