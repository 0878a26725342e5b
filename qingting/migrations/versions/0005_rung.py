"""A message may be for one person: the one on the roster who is rung."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "notifications", sa.Column("recipient", sa.String(length=80), nullable=False, server_default=sa.text("''"))
    )
