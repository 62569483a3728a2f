"""How the caller felt when a transfer was read back."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    mood = sa.Column("mood", sa.String(16), nullable=False, server_default="calm")
    op.add_column("proposals", mood)


def downgrade() -> None:
    with op.batch_alter_table("proposals") as proposals:
        proposals.drop_column("mood")
