"""Where the bank writes to, letters on their way out, and one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("customers", sa.Column("phone", sa.String(20), nullable=True))
    op.add_column("customers", sa.Column("email", sa.String(120), nullable=True))
    op.add_column("payees", sa.Column("added_at", TIME, nullable=True))
    op.create_table(
        "messages",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.UniqueConstraint("key", name="uq_messages_key"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_messages_customer_id"),
    )
    op.create_index("ix_messages_sent_at_due_at", "messages", ["sent_at", "due_at"])
    op.create_table(
        "codes",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("passed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_codes_customer_id"),
    )


def downgrade() -> None:
    op.drop_table("codes")
    op.drop_table("messages")
    with op.batch_alter_table("payees") as payees:
        payees.drop_column("added_at")
    with op.batch_alter_table("customers") as customers:
        customers.drop_column("email")
        customers.drop_column("phone")
