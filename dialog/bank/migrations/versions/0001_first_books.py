"""The first books: customers, accounts, payees, cards, journal, proposals, tries."""

import sqlalchemy as sa
from alembic import op

from dialog.bank.migrations.append_only import protect, unprotect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
APPEND_ONLY = ("journal_entries", "postings", "card_events")


def upgrade() -> None:
    _people()
    _cards()
    _ledger()
    _tries()
    for table in APPEND_ONLY:
        protect(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        unprotect(table)
    for table in (
        "tries",
        "postings",
        "journal_entries",
        "proposals",
        "card_events",
        "cards",
        "payees",
        "accounts",
        "customers",
    ):
        op.drop_table(table)


def _foreign_key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def _people() -> None:
    op.create_table(
        "customers",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("number", sa.String(8), nullable=False),
        sa.Column("first_name", sa.String(80), nullable=False),
        sa.Column("last_name", sa.String(80), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=False),
        sa.UniqueConstraint("number", name="uq_customers_number"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        _foreign_key("accounts", "customer_id", "customers"),
        sa.UniqueConstraint("number", name="uq_accounts_number"),
        sa.CheckConstraint(
            "customer_id IS NULL OR balance_minor >= 0", name="ck_accounts_no_overdraft"
        ),
    )
    op.create_index("ix_accounts_customer_id", "accounts", ["customer_id"])
    op.create_table(
        "payees",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("account_number", sa.String(34), nullable=False),
        _foreign_key("payees", "customer_id", "customers"),
        sa.UniqueConstraint("customer_id", "name", name="uq_payees_customer_id_name"),
    )


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        _foreign_key("cards", "customer_id", "customers"),
        sa.CheckConstraint("status IN ('active', 'blocked')", name="ck_cards_status"),
    )
    op.create_index("ix_cards_customer_id", "cards", ["customer_id"])
    op.create_table(
        "card_events",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("card_id", KEY, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        _foreign_key("card_events", "card_id", "cards"),
    )


def _ledger() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("from_account_id", KEY, nullable=False),
        sa.Column("to_account_id", KEY, nullable=True),
        sa.Column("to_payee_id", KEY, nullable=True),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        _foreign_key("proposals", "customer_id", "customers"),
        _foreign_key("proposals", "from_account_id", "accounts"),
        _foreign_key("proposals", "to_account_id", "accounts"),
        _foreign_key("proposals", "to_payee_id", "payees"),
        sa.CheckConstraint(
            "(to_account_id IS NULL) <> (to_payee_id IS NULL)", name="ck_proposals_one_target"
        ),
        sa.CheckConstraint("amount_minor > 0", name="ck_proposals_positive"),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("proposal_id", sa.String(64), nullable=True),
        _foreign_key("journal_entries", "proposal_id", "proposals"),
        sa.UniqueConstraint("proposal_id", name="uq_journal_entries_proposal_id"),
    )
    op.create_table(
        "postings",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger, nullable=False),
        sa.Column("description", sa.String(120), nullable=False),
        _foreign_key("postings", "entry_id", "journal_entries"),
        _foreign_key("postings", "account_id", "accounts"),
        sa.CheckConstraint("amount_minor <> 0", name="ck_postings_not_zero"),
    )
    op.create_index("ix_postings_entry_id", "postings", ["entry_id"])
    op.create_index("ix_postings_account_id_id", "postings", ["account_id", "id"])


def _tries() -> None:
    op.create_table(
        "tries",
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("lockouts", sa.Integer, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
    )
