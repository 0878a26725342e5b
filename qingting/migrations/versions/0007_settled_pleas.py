"""A plea that came too late for an alert is settled by somebody, with a reason."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "historic_pleas", sa.Column("settled_by", sa.String(80), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("historic_pleas", sa.Column("settled_at", sa.BigInteger(), nullable=True))
    op.add_column("historic_pleas", sa.Column("settled_why", sa.Text(), nullable=False, server_default=sa.text("''")))
