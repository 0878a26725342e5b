"""The watch role remembers the episodes that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_openings", sa.Column("past", sa.Text(), server_default="[]", nullable=False))
