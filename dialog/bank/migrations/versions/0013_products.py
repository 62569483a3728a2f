"""Profiles for recommendations, what was recommended and how it was taken."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("customer_id", KEY, primary_key=True, autoincrement=False),
        sa.Column("consent_at", TIME, nullable=True),
        sa.Column("attitude", sa.Integer, nullable=True),
        sa.Column("months", sa.Integer, nullable=True),
        needed("goal", sa.Text),
        *(
            sa.Column(f"{name}_minor", sa.BigInteger, nullable=True)
            for name in ("income", "spending", "saving")
        ),
        refers("profiles", "customer_id", "customers"),
    )
    op.create_table(
        "recommendations",
        sa.Column("id", sa.String(80), primary_key=True),
        needed("customer_id", KEY),
        needed("call_id", sa.String(64)),
        needed("product", sa.String(32)),
        needed("score", sa.Float),
        needed("reasons", sa.String(200)),
        needed("model", sa.String(16)),
        needed("seen", sa.Text),
        needed("made_at", TIME),
        sa.Column("answer", sa.String(16), nullable=True),
        refers("recommendations", "customer_id", "customers"),
    )
    op.create_index("ix_recommendations_customer_id", "recommendations", ["customer_id"])


def downgrade() -> None:
    op.drop_table("recommendations")
    op.drop_table("profiles")
