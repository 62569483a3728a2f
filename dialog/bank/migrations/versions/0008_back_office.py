"""What the back office has to hear, tasks for people, and cards that were ordered."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.columns import KEY, TIME, needed, refers

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office_events",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("key", sa.String(160), nullable=False, unique=True),
        needed("workflow", sa.String(120)),
        needed("kind", sa.String(24)),
        needed("subject", sa.String(120)),
        needed("created_at", TIME),
        sa.Column("relayed_at", TIME, nullable=True),
    )
    op.create_index("ix_office_events_relayed_at", "office_events", ["relayed_at"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(120), primary_key=True),
        needed("workflow", sa.String(120)),
        needed("kind", sa.String(24)),
        needed("customer_id", KEY),
        needed("department", sa.String(40)),
        needed("summary", sa.Text),
        needed("urgent", sa.Boolean),
        needed("people", sa.Integer),
        needed("opened_at", TIME),
        needed("due_on", sa.Date),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decision", sa.String(16), nullable=True),
        refers("tasks", "customer_id", "customers"),
    )
    op.create_index("ix_tasks_decided_at", "tasks", ["decided_at"])
    op.create_table(
        "task_votes",
        sa.Column("task_id", sa.String(120), primary_key=True),
        sa.Column("by", sa.String(64), primary_key=True),
        needed("decision", sa.String(16)),
        needed("note", sa.Text),
        needed("at", TIME),
        refers("task_votes", "task_id", "tasks"),
    )
    op.add_column("cards", sa.Column("ordered_by", sa.String(80), nullable=True))
    op.create_index("ix_cards_ordered_by", "cards", ["ordered_by"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_cards_ordered_by", "cards")
    with op.batch_alter_table("cards") as cards:
        cards.drop_column("ordered_by")
    for table in ("task_votes", "tasks", "office_events"):
        op.drop_table(table)
