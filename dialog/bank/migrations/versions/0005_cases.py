"""Complaints and suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("request_id", sa.String(80), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("department", sa.String(40), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("answer", sa.Text, nullable=True),
        sa.UniqueConstraint("request_id", name="uq_cases_request_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_cases_customer_id"),
        sa.CheckConstraint("kind IN ('complaint', 'suggestion')", name="ck_cases_kind"),
    )
    op.create_index("ix_cases_customer_id", "cases", ["customer_id"])


def downgrade() -> None:
    op.drop_table("cases")
