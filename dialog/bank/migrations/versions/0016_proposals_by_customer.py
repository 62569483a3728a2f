"""What a customer paid lately is found without looking at everybody's proposals.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_proposals_customer_id", "proposals", ["customer_id", "proposed_at"])
    op.create_index("ix_proposals_from_account_id", "proposals", ["from_account_id", "held_at"])
    op.create_index("ix_journal_entries_booked_on", "journal_entries", ["booked_on"])


def downgrade() -> None:
    op.drop_index("ix_journal_entries_booked_on", "journal_entries")
    op.drop_index("ix_proposals_from_account_id", "proposals")
    op.drop_index("ix_proposals_customer_id", "proposals")
