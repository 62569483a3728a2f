"""What callers said of their calls."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surveys",
        sa.Column("id", sa.String(80), primary_key=True),
        needed("customer_id", KEY),
        needed("flows", sa.String(200)),
        sa.Column("score", sa.Integer, nullable=True),
        needed("sentiment", sa.String(8)),
        needed("topic", sa.String(40)),
        needed("words", sa.Text),
        needed("at", TIME),
        refers("surveys", "id", "orders"),
        refers("surveys", "customer_id", "customers"),
    )


def downgrade() -> None:
    op.drop_table("surveys")
