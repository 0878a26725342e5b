"""A fact that turned out wrong says so, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("facts", sa.Column("withdrawn", sa.Text(), nullable=False, server_default=sa.text("''")))
