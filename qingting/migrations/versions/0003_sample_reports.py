"""A report remembers that it was built from samples."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("sample", sa.Boolean(), nullable=False, server_default=sa.false()))
