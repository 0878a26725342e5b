"""The tables of the alerts room.

`alerts.open_key` holds "at most one open alert per rule and key" in the database itself: it is the digest of rule and
key while the alert is open or acknowledged, NULL afterwards, and unique; both engines let NULLs repeat.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from contracts.instant import Instant

metadata = MetaData()

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both engines; on SQLite the name INTEGER makes the column the table's own row id."""

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("open_key", String(32), unique=True, nullable=True),
    Column("rule", String(80), nullable=False),
    Column("key", Text, nullable=False),
    Column("opening", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("level", String(10), nullable=True),
    Column("level_confirmed", Boolean, nullable=False),
    Column("lane", String(12), nullable=True),
    Column("topic", String(40), nullable=False),
    Column("region", String(6), nullable=False),
    Column("event", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("baseline", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("posts", Text, nullable=False),
    Column("late_days", Integer, nullable=False),
    Column("sample", Boolean, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("active_at", Instant, nullable=False),
    Column("escalate_at", Instant, nullable=True),
    Column("escalations", Integer, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("merged_into", String(32), nullable=False),
    Index("alerts_by_opening", "opened_at"),
    Index("alerts_by_key", "rule", "key"),
    Index("alerts_by_escalation", "escalate_at"),
)
"""`active_at`: end of the latest window that held (event time). `changes`: ordinal of the last row of `alert_changes`."""

alert_changes = Table(
    "alert_changes",
    metadata,
    Column("alert", ForeignKey("alerts.id"), primary_key=True),
    Column("change", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("level", String(10), nullable=True),
    Column("by", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

openings = Table(
    "alert_openings",
    metadata,
    Column("rule", String(80), primary_key=True),
    Column("key", String(240), primary_key=True),
    Column("opening", Integer, nullable=False),
    Column("level", String(10), nullable=False),
    Column("held_until", Instant, nullable=False),
    Column("past", Text, nullable=False, server_default="[]"),
)
"""Per rule and key: the last ordinal, the highest level told in its episode, the end of the latest window that held, and
the earlier episodes."""

historic_pleas = Table(
    "historic_pleas",
    metadata,
    Column("post", String(32), primary_key=True),
    Column("lane", String(12), nullable=False),
    Column("region", String(6), nullable=False),
    Column("source", String(80), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("listed_at", Instant, nullable=False),
    Column("sample", Boolean, nullable=False),
    Column("settled_by", String(80), nullable=False, server_default=""),
    Column("settled_at", Instant, nullable=True),
    Column("settled_why", Text, nullable=False, server_default=""),
)

counted_posts = Table(
    "counted_posts",
    metadata,
    Column("post", _ROW_ID, primary_key=True, autoincrement=False),
    Column("hour", Integer, nullable=False),
    Column("keys", LargeBinary, nullable=False),
    Index("counted_posts_by_hour", "hour"),
)
"""Which rules and keys a post was counted under: 8 bytes each. `post` is the first 63 bits of its id, `hour` of publication since 1970."""

windows = Table(
    "alert_windows",
    metadata,
    Column("rule", String(80), primary_key=True),
    Column("key", String(240), primary_key=True),
    Column("minute", Integer, primary_key=True),
    Column("bucket", LargeBinary, nullable=False),
    Index("alert_windows_by_minute", "minute"),
)
"""One minute of event time of one key; `minute` since 1970."""

volumes = Table(
    "alert_volumes",
    metadata,
    Column("rule", String(80), primary_key=True),
    Column("key", String(240), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("hours", LargeBinary, nullable=False),
    Index("alert_volumes_by_day", "day"),
)
"""Posts by hour of one day (Asia/Shanghai, days since 1970) of one key; rule and key "" hold all opinion posts."""

rule_starts = Table(
    "alert_rule_starts",
    metadata,
    Column("rule", String(80), primary_key=True),
    Column("hour", Integer, nullable=False),
)
"""The hour, since 1970, in which a rule that compares with what was usual joined the house; 0 where it was there first."""

event_merges = Table(
    "event_merges",
    metadata,
    Column("event", String(64), primary_key=True),
    Column("standing", String(64), nullable=False),
    Column("hour", Integer, nullable=False),
    Index("event_merges_by_hour", "hour"),
)
"""Events that were absorbed, the event that each is part of now, and since when: hours since 1970."""

positions = Table(
    "alert_positions",
    metadata,
    Column("stream", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("offset", BigInteger, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("alert", String(32), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("recipient", String(80), nullable=False, server_default=""),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("muted", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("spread", Boolean, nullable=False),
    Index("notifications_by_alert", "alert"),
    Index("notifications_by_spread", "spread", "not_before"),
)
"""The intent to tell. `spread` is true once its deliveries, one per channel, stand in `deliveries`."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("notification", ForeignKey("notifications.id"), nullable=False, index=True),
    Column("channel", String(40), nullable=False),
    Column("recipient", String(80), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("at", Instant, nullable=True),
    Column("detail", Text, nullable=False),
    Index("deliveries_by_due", "state", "due_at"),
)

outbox_events = Table(
    "outbox_events",
    metadata,
    Column("number", _ROW_ID, primary_key=True, autoincrement=True),
    Column("stream", String(40), nullable=False),
    Column("event", LargeBinary, nullable=False),
)
"""Events that still have to reach the log, in order; a row goes once its event is appended."""

source_troubles = Table(
    "source_troubles",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("open_source", String(80), unique=True, nullable=True),
    Column("source", String(80), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sample", String(64), nullable=False),
    Column("good_at", Instant, nullable=True),
    Column("opened_at", Instant, nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("tellings", Integer, nullable=False),
    Column("mended_at", Instant, nullable=True),
    Index("source_troubles_by_source", "source", "opened_at"),
)
"""`open_source` is the source until it is mended, NULL afterwards: one open trouble a source, in the database itself."""

silences = Table(
    "silences",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("rule", String(80), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("region", String(6), nullable=False),
    Column("event", String(64), nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_by", String(80), nullable=False),
    Index("silences_by_until", "until"),
)
