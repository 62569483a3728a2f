"""Orders that are no transfers, what a card may do, and trips."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.String(80), primary_key=True),
        needed("customer_id", KEY),
        needed("call_id", sa.String(64)),
        needed("kind", sa.String(24)),
        needed("terms", sa.Text),
        needed("proposed_at", TIME),
        needed("expires_at", TIME),
        sa.Column("done_at", TIME, nullable=True),
        refers("orders", "customer_id", "customers"),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
    op.add_column("cards", sa.Column("cash_limit_minor", sa.BigInteger, nullable=True))
    op.add_column("cards", sa.Column("purchase_limit_minor", sa.BigInteger, nullable=True))
    op.add_column(
        "cards", sa.Column("waiting", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "trips",
        sa.Column("id", sa.String(80), primary_key=True),
        needed("customer_id", KEY),
        needed("place", sa.String(200)),
        needed("first_on", sa.Date),
        needed("last_on", sa.Date),
        refers("trips", "id", "orders"),
        refers("trips", "customer_id", "customers"),
    )
    op.create_index("ix_trips_customer_id", "trips", ["customer_id"])


def downgrade() -> None:
    op.drop_table("trips")
    with op.batch_alter_table("cards") as cards:
        for column in ("waiting", "purchase_limit_minor", "cash_limit_minor"):
            cards.drop_column(column)
    op.drop_table("orders")
