"""Bills, the payment that pays each, and what became of transfers that two people look at."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bills",
        sa.Column("id", KEY, primary_key=True),
        needed("customer_id", KEY),
        needed("payee_id", KEY),
        needed("kind", sa.String(16)),
        needed("reference", sa.String(30)),
        needed("amount_minor", sa.BigInteger),
        needed("currency", sa.String(3)),
        needed("due_on", sa.Date),
        needed("received_at", TIME),
        sa.Column("claimed_by", sa.String(64), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name="ck_bills_positive"),
        refers("bills", "customer_id", "customers"),
        refers("bills", "payee_id", "payees"),
    )
    op.create_index("ix_bills_customer_id", "bills", ["customer_id"])
    op.create_index("ix_bills_claimed_by", "bills", ["claimed_by"], unique=True)
    op.add_column("proposals", sa.Column("held_at", TIME, nullable=True))
    op.add_column("proposals", sa.Column("declined_at", TIME, nullable=True))
    # Inline: SQLite can add a reference with a column, and to no other.
    bill = sa.Column("bill_id", KEY, sa.ForeignKey("bills.id", name="fk_proposals_bill_id"))
    op.add_column("proposals", bill, inline_references=True)


def downgrade() -> None:
    with op.batch_alter_table("proposals") as proposals:
        for column in ("bill_id", "declined_at", "held_at"):
            proposals.drop_column(column)
    op.drop_table("bills")
