"""The audit's chain, and the addresses that customers have logged in from."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.append_only import protect, unprotect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", KEY, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("result", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.BigInteger, nullable=True),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    protect("audit_events")
    op.create_table(
        "known_addresses",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "address", name="pk_known_addresses"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_known_addresses_customer_id"
        ),
    )


def downgrade() -> None:
    op.drop_table("known_addresses")
    unprotect("audit_events")
    op.drop_table("audit_events")
