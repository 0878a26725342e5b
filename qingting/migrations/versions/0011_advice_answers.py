"""Answers to 意见建议 that were published elsewhere are noted by post."""

import sqlalchemy as sa
from alembic import op

from contracts.instant import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advice_answers",
        sa.Column("post", sa.String(64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(64), nullable=False),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("post"),
    )
