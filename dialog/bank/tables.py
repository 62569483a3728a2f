"""The bank's tables. Money is in integer minor units; times are UTC.

Journal entries, postings, card events and audit rows are only ever added: triggers made by the
migrations refuse everything else. Whether a proposal is spent is not a column: it is spent when a
journal entry names it, and a unique key lets only one do so.
"""

from datetime import UTC, date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Key = BigInteger().with_variant(Integer, "sqlite")
CUSTOMER_KINDS = ("checking", "savings")
CLEARING, INTEREST = "clearing", "interest"
"""The bank's own accounts: money on its way to and from other banks; interest it has paid."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of it on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


ERASED = "erased"
"""Stands where something about a customer was (privacy.py); as a PIN's hash it opens nothing."""


class CustomerRow(Base):
    """A customer; pin_hash is argon2id over a peppered HMAC (pins.py), or ERASED.

    phone and email are where the bank writes to; without them no code can be sent.
    """

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    pin_hash: Mapped[str] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(120))


class AccountRow(Base):
    """An account of a customer, or (customer_id None) one of the bank's own.

    balance_minor is the sum of the account's postings, kept here so that the database itself
    refuses an overdraft; ledger.check proves that the two agree.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("customer_id IS NULL OR balance_minor >= 0", name="no_overdraft"),
        Index("ix_accounts_customer_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class PayeeRow(Base):
    """Somebody a customer may pay, and where at another bank the money goes.

    added_at is when a caller added them by voice or keys; None for those of old. routing names the
    bank; those of old have it on file elsewhere.
    """

    __tablename__ = "payees"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str] = mapped_column(String(120))
    account_number: Mapped[str] = mapped_column(String(34))
    added_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    routing: Mapped[str | None] = mapped_column(String(9))


class PayeeProposalRow(Base):
    """Somebody to be paid as they were told, until the customer confirms (payees.py).

    payee_id is set once they are on the list.
    """

    __tablename__ = "payee_proposals"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    routing: Mapped[str] = mapped_column(String(9))
    account_number: Mapped[str] = mapped_column(String(34))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payee_id: Mapped[int | None] = mapped_column(ForeignKey("payees.id"))


class CardRow(Base):
    """A card; only its last four digits are known here.

    A limit that was never changed is None: the settings' then. waiting: it was sent, and works
    once the customer has it in hand and says so. ordered_by is the order that it was made for.
    """

    __tablename__ = "cards"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'blocked')", name="status"),
        Index("ix_cards_customer_id", "customer_id"),
        Index("ix_cards_ordered_by", "ordered_by", unique=True),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(16))
    last4: Mapped[str] = mapped_column(String(4))
    status: Mapped[str] = mapped_column(String(16))
    cash_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    purchase_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    waiting: Mapped[bool] = mapped_column(Boolean, default=False)
    ordered_by: Mapped[str | None] = mapped_column(String(80))


class CardEventRow(Base):
    """What was changed about a card: when, in which call and why. Append-only."""

    __tablename__ = "card_events"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    call_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))


class ProposalRow(Base):
    """A transfer as it was read back to the caller; its id is the idempotency key.

    One with first_on is for later: it is arranged (schedules.py), not executed. held_at: two
    people have to agree; declined_at: they did not, and it is never made. bill_id is the bill that
    it pays; mood is how the caller felt (dialog/mood.py).
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("(to_account_id IS NULL) <> (to_payee_id IS NULL)", name="one_target"),
        CheckConstraint("amount_minor > 0", name="positive"),
        Index("ix_proposals_customer_id", "customer_id", "proposed_at"),
        Index("ix_proposals_from_account_id", "from_account_id", "held_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    from_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    to_payee_id: Mapped[int | None] = mapped_column(ForeignKey("payees.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_on: Mapped[date | None] = mapped_column(Date)
    every: Mapped[str | None] = mapped_column(String(8))
    bill_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"))
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mood: Mapped[str] = mapped_column(String(16), default="calm", server_default="calm")


class ScheduleRow(Base):
    """A payment that is made later, once or again and again (schedules.py).

    due_on is the occurrence that comes next, None where none does; try_on is when it is tried:
    later than due_on after a failure.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("(to_account_id IS NULL) <> (to_payee_id IS NULL)", name="one_target"),
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("every IN ('once', 'week', 'month')", name="every"),
        Index("ix_schedules_try_on", "try_on"),
        Index("ix_schedules_customer_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    from_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    to_payee_id: Mapped[int | None] = mapped_column(ForeignKey("payees.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    every: Mapped[str] = mapped_column(String(8))
    first_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    try_on: Mapped[date | None] = mapped_column(Date)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    arranged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EntryRow(Base):
    """One journal entry: its postings sum to zero in each currency. Append-only.

    booked_on is the bank's day (in the clock's own zone), recorded_at the instant.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (Index("ix_journal_entries_booked_on", "booked_on"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    booked_on: Mapped[date] = mapped_column(Date)
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("proposals.id"), unique=True)


class PostingRow(Base):
    """One side of a journal entry; positive is money in. Append-only.

    balance_after_minor is the account's balance once this posting is in.
    """

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="not_zero"),
        Index("ix_postings_entry_id", "entry_id"),
        Index("ix_postings_account_id_id", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    balance_after_minor: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(String(120))


class AuditRow(Base):
    """One row of the audit's chain (audit.py); ids follow each other without a gap. Append-only.

    customer_id is no foreign key: the row outlives the customer, and then names nobody.
    """

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(40))
    result: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    details: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


class MessageRow(Base):
    """A letter of the bank on its way out (outbox.py); written in the transaction that it tells of.

    key names the letter for good: whoever carries it may do so twice, the receiver counts it once.
    A letter with a code loses its text once it is sent.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_sent_at_due_at", "sent_at", "due_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    channel: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseRow(Base):
    """A complaint or suggestion in the caller's words, secrets masked (cases.py)."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("kind IN ('complaint', 'suggestion')", name="kind"),
        Index("ix_cases_customer_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    request_id: Mapped[str] = mapped_column(String(80), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    department: Mapped[str] = mapped_column(String(40))
    urgent: Mapped[bool] = mapped_column(Boolean)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)


class CodeRow(Base):
    """A one-time code for one order (codes.py); only its keyed hash is kept."""

    __tablename__ = "codes"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KnownAddressRow(Base):
    """An address that a customer has logged in from; a keyed hash, so that no caller id is kept."""

    __tablename__ = "known_addresses"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TryRow(Base):
    """How often something was tried for a number or in a call (tries.py).

    Rows exist for numbers that no customer has: an unknown number locks like a known one.
    """

    __tablename__ = "tries"

    scope: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer, default=0)
    lockouts: Mapped[int] = mapped_column(Integer, default=0)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
