"""Payees that are added in a call."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("payees", sa.Column("routing", sa.String(9), nullable=True))
    op.create_table(
        "payee_proposals",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("routing", sa.String(9), nullable=False),
        sa.Column("account_number", sa.String(34), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("payee_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_payee_proposals_customer_id"
        ),
        sa.ForeignKeyConstraint(["payee_id"], ["payees.id"], name="fk_payee_proposals_payee_id"),
    )


def downgrade() -> None:
    op.drop_table("payee_proposals")
    with op.batch_alter_table("payees") as payees:
        payees.drop_column("routing")
