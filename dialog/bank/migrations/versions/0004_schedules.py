"""Payments of later days."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
TARGETS = {
    "id": "proposals",
    "customer_id": "customers",
    "from_account_id": "accounts",
    "to_account_id": "accounts",
    "to_payee_id": "payees",
}


def upgrade() -> None:
    op.add_column("proposals", sa.Column("first_on", sa.Date, nullable=True))
    op.add_column("proposals", sa.Column("every", sa.String(8), nullable=True))
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("from_account_id", KEY, nullable=False),
        sa.Column("to_account_id", KEY, nullable=True),
        sa.Column("to_payee_id", KEY, nullable=True),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("every", sa.String(8), nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=True),
        sa.Column("try_on", sa.Date, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("arranged_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_schedules_{column}")
            for column, table in TARGETS.items()
        ),
        sa.CheckConstraint(
            "(to_account_id IS NULL) <> (to_payee_id IS NULL)", name="ck_schedules_one_target"
        ),
        sa.CheckConstraint("amount_minor > 0", name="ck_schedules_positive"),
        sa.CheckConstraint("every IN ('once', 'week', 'month')", name="ck_schedules_every"),
    )
    op.create_index("ix_schedules_try_on", "schedules", ["try_on"])
    op.create_index("ix_schedules_customer_id", "schedules", ["customer_id"])


def downgrade() -> None:
    op.drop_table("schedules")
    with op.batch_alter_table("proposals") as proposals:
        proposals.drop_column("every")
        proposals.drop_column("first_on")
