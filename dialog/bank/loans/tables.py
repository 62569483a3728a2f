"""The table of loan applications."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dialog.bank.tables import Base, UtcDateTime


class LoanRow(Base):
    """An application and what became of it; its id is the order's.

    assessment is the scorecard's, as JSON: outcome, points, parts, reasons and the values.
    """

    __tablename__ = "loan_applications"
    __table_args__ = (Index("ix_loan_applications_customer_id", "customer_id"),)

    id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    months: Mapped[int] = mapped_column(Integer)
    rate: Mapped[str] = mapped_column(String(8))
    income_minor: Mapped[int] = mapped_column(BigInteger)
    employment: Mapped[str] = mapped_column(String(16))
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    assessment: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(16))
