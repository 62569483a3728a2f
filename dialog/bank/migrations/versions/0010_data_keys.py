"""The keys that calls' records are sealed with, each wrapped by one outside the database."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("customer_id", KEY, nullable=True),
        needed("wrapped", sa.Text),
        needed("made_at", TIME),
    )
    op.create_index("ix_data_keys_customer_id", "data_keys", ["customer_id"])
    op.create_index("ix_data_keys_made_at", "data_keys", ["made_at"])


def downgrade() -> None:
    op.drop_table("data_keys")
