"""The tables behind the ports of this room."""

from sqlalchemy import BigInteger, Column, Date, Float, Integer, MetaData, Table, Text

from contracts.instant import Instant

metadata = MetaData()

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("in_flight", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
)

forget_list = Table(
    "forget_list",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("added_at", Instant, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("body_digest", Text, nullable=False),
    Column("fetched_at", Instant, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("post", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)

source_health = Table(
    "source_health",
    metadata,
    Column("source", Text, primary_key=True),
    Column("checked_at", Instant, nullable=False),
    Column("succeeded_at", Instant),
    Column("newest_post_at", Instant),
    Column("posts", Integer, nullable=False),
    Column("failure", Text, nullable=False),
    Column("next_due_at", Instant),
    Column("not_before", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failure_kind", Text, nullable=False, server_default=""),
    Column("good_post", Text, nullable=False, server_default=""),
    Column("rhythm", Text, nullable=False, server_default=""),
)

host_requests = Table(
    "host_requests",
    metadata,
    Column("day", Date, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
)
source_days = Table(
    "source_days",
    metadata,
    Column("source", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("crawls", Integer, nullable=False),
    Column("empty", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("lists", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("extracted", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("masked", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("dated", Integer, nullable=False),
    Column("textless", Integer, nullable=False),
    Column("timed", Integer, nullable=False),
    Column("delay_s", Float, nullable=False),
)
"""`day`: 2026-11-24, Asia/Shanghai."""
