"""The table of bills."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dialog.bank.tables import Base, Key, UtcDateTime


class BillRow(Base):
    """What somebody wants to be paid by a customer: amount, day and the biller's reference.

    claimed_by is the one payment that pays it: made, planned, or waiting for two people. Whoever
    claims it holds the row locked, so that no two payments do.
    """

    __tablename__ = "bills"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        Index("ix_bills_customer_id", "customer_id"),
        Index("ix_bills_claimed_by", "claimed_by", unique=True),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    payee_id: Mapped[int] = mapped_column(ForeignKey("payees.id"))
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(30))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    due_on: Mapped[date] = mapped_column(Date)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
