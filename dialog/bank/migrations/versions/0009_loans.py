"""Loan applications."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loan_applications",
        sa.Column("id", sa.String(80), primary_key=True),
        needed("customer_id", KEY),
        needed("amount_minor", sa.BigInteger),
        needed("months", sa.Integer),
        needed("rate", sa.String(8)),
        needed("income_minor", sa.BigInteger),
        needed("employment", sa.String(16)),
        needed("applied_at", TIME),
        needed("assessment", sa.Text),
        needed("outcome", sa.String(16)),
        refers("loan_applications", "id", "orders"),
        refers("loan_applications", "customer_id", "customers"),
    )
    op.create_index("ix_loan_applications_customer_id", "loan_applications", ["customer_id"])


def downgrade() -> None:
    op.drop_table("loan_applications")
