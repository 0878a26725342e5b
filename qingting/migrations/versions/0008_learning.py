"""Officers correct judgements; a home learns its own models."""

import sqlalchemy as sa
from alembic import op

from contracts.instant import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("sentiment", sa.Integer(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("help", sa.Boolean(), nullable=False),
        sa.Column("attack", sa.Boolean(), nullable=False),
        sa.Column("counter", sa.Boolean(), nullable=False),
        sa.Column("danger", sa.Boolean(), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("scorer", sa.String(length=64), nullable=False),
        sa.Column("corrected_by", sa.String(length=64), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("corrections_post", "corrections", ["post"], unique=False)
    op.create_table(
        "learned_models",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_from", sa.String(length=64), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
