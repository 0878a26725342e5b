"""Tables of the response room. No column can hold an author, a case file or a posting credential."""

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from contracts.instant import Instant

metadata = MetaData()


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(64), primary_key=True)


units = Table(
    "units", metadata,
    _id("code"),
    Column("name", String(64), nullable=False),
    Column("parent", String(64), nullable=False),
    Column("level", String(16), nullable=False),
)  # fmt: skip

users = Table(
    "users", metadata,
    _id(),
    Column("name", String(64), nullable=False, unique=True),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("one_time", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)  # fmt: skip

user_roles = Table(
    "user_roles", metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    _id("token_digest"),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)  # fmt: skip

sign_in_failures = Table(
    "sign_in_failures", metadata,
    _id("key"),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Instant, nullable=False),
)  # fmt: skip

judgements = Table(
    "judgements", metadata,
    _id(),
    Column("alert", String(64), nullable=False, unique=True),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("outcome", String(16)),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_at", Instant),
)  # fmt: skip

response_tasks = Table(
    "response_tasks", metadata,
    _id(),
    Column("alert", String(64), nullable=False, unique=True),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("assignee", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("draft", String(64), nullable=False),
    Column("published_url", Text, nullable=False),
    Column("published_at", Instant),
    Column("overdue", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Index("response_tasks_state", "state"),
)  # fmt: skip

drafts = Table(
    "drafts", metadata,
    _id(),
    Column("task", ForeignKey("response_tasks.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("facts", Text, nullable=False),
    Column("account", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("first_response", Boolean, nullable=False),
    Column("verified_note", Text, nullable=False),
    Column("verified_by", String(64), nullable=False),
    UniqueConstraint("task", "version", name="drafts_task_version"),
)  # fmt: skip

reviews = Table(
    "reviews", metadata,
    _id(),
    Column("task", ForeignKey("response_tasks.id"), nullable=False),
    Column("draft", ForeignKey("drafts.id"), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("reviewer", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reviewed_at", Instant, nullable=False),
    Column("void_reason", Text, nullable=False),
    Index("reviews_task", "task"),
)  # fmt: skip

answered_posts = Table(
    "answered_posts", metadata,
    Column("account", String(64), primary_key=True),
    Column("post", String(64), primary_key=True),
    Column("task", ForeignKey("response_tasks.id"), nullable=False),
)  # fmt: skip

effects = Table(
    "effects", metadata,
    Column("task", ForeignKey("response_tasks.id"), primary_key=True),
    Column("answered", Boolean, nullable=False),
    Column("minutes", Float, nullable=False),
    Column("corrected", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("recorded_by", String(64), nullable=False),
    Column("recorded_at", Instant, nullable=False),
)  # fmt: skip

help_tasks = Table(
    "help_tasks", metadata,
    _id(),
    Column("alert", String(64), nullable=False, unique=True),
    Column("post", String(64), nullable=False),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("handed_to", String(128), nullable=False),
    Column("receipt", String(128), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("late_days", Integer, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("place", String(16), nullable=False),
    Column("marks", Text, nullable=False),
    Column("closed_at", Instant),
    Index("help_tasks_post", "post"),
    Index("help_tasks_state", "state"),
)  # fmt: skip

hand_overs = Table(
    "hand_overs", metadata,
    _id(),
    Column("task", ForeignKey("help_tasks.id"), nullable=False),
    Column("handed_to", String(128), nullable=False),
    Column("link", Text, nullable=False),
    Column("place", String(16), nullable=False),
    Column("said_at", Instant),
    Column("marks", Text, nullable=False),
    Column("handed_by", String(64), nullable=False),
    Column("handed_at", Instant, nullable=False),
    Column("receive_by", Instant),
    Column("received_by", String(64), nullable=False),
    Column("received_at", Instant),
    Column("returned_at", Instant),
    Index("hand_overs_task", "task"),
)  # fmt: skip

facts = Table(
    "facts", metadata,
    _id(),
    Column("fact", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("verified_at", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("holding", Boolean, nullable=False),
    Column("topic", String(32), nullable=False),
    Column("withdrawn", Text, nullable=False, server_default=""),
    UniqueConstraint("fact", "version", name="facts_fact_version"),
)  # fmt: skip

accounts = Table(
    "accounts", metadata,
    _id(),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("responsible", String(128), nullable=False),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("platform", "name", name="accounts_platform_name"),
)  # fmt: skip

shifts = Table(
    "shifts", metadata,
    _id(),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("main", String(64), nullable=False),
    Column("deputy", String(64), nullable=False),
    Column("leader", String(64), nullable=False),
)  # fmt: skip

shift_notes = Table(
    "shift_notes", metadata,
    _id(),
    Column("unit", ForeignKey("units.code"), nullable=False),
    Column("note", Text, nullable=False),
    Column("written_by", String(64), nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("signed_by", String(64), nullable=False),
    Column("signed_at", Instant),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("by", String(128), nullable=False),
    Column("act", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)  # fmt: skip

corrections = Table(
    "corrections", metadata,
    _id(),
    Column("post", String(64), nullable=False),
    Column("sentiment", Integer, nullable=False),
    Column("topics", Text, nullable=False),
    Column("help", Boolean, nullable=False),
    Column("attack", Boolean, nullable=False),
    Column("counter", Boolean, nullable=False),
    Column("danger", Boolean, nullable=False),
    Column("target", String(16), nullable=False),
    Column("scorer", String(64), nullable=False),
    Column("corrected_by", String(64), nullable=False),
    Column("corrected_at", Instant, nullable=False),
    Index("corrections_post", "post"),
)  # fmt: skip

advice_answers = Table(
    "advice_answers", metadata,
    _id("post"),
    Column("place", Text, nullable=False),
    Column("answered_by", String(64), nullable=False),
    Column("answered_at", Instant, nullable=False),
)  # fmt: skip

learned_models = Table(
    "learned_models", metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("started_from", String(64), nullable=False),
    Column("before", Integer, nullable=False),
    Column("corrections", Integer, nullable=False),
    Column("taken_at", Instant, nullable=False),
)  # fmt: skip

APPEND_ONLY: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$""",
        """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
    ),
}
"""By engine: what the database itself refuses, whoever asks."""

for _engine, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        event.listen(audit, "after_create", DDL(_statement).execute_if(dialect=_engine))  # type: ignore[no-untyped-call]
