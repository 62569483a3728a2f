"""The line of callers who wait for a person."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_callers",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("customer_id", KEY, nullable=True),
        needed("first", sa.Boolean),
        needed("mood", sa.String(16)),
        needed("summary", sa.Text),
        needed("since", TIME),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("taken_by", sa.String(64), nullable=True),
        refers("waiting_callers", "customer_id", "customers"),
    )
    op.create_index("ix_waiting_callers_ended_at", "waiting_callers", ["ended_at"])


def downgrade() -> None:
    op.drop_table("waiting_callers")
