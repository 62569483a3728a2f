"""The tables of what customers told of themselves, and of what was recommended to them."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dialog.bank.tables import Base, UtcDateTime

UNSEEN = "{}"
"""Stands where a profile was that is not kept any more: no training learns from it."""


class ProfileRow(Base):
    """What a customer said of themselves for recommendations; figures that they corrected.

    consent_at is when they agreed to be given any; None where they did not, or took it back.
    """

    __tablename__ = "profiles"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attitude: Mapped[int | None] = mapped_column(Integer)
    months: Mapped[int | None] = mapped_column(Integer)
    goal: Mapped[str] = mapped_column(Text, default="")
    income_minor: Mapped[int | None] = mapped_column(BigInteger)
    spending_minor: Mapped[int | None] = mapped_column(BigInteger)
    saving_minor: Mapped[int | None] = mapped_column(BigInteger)


class RecommendationRow(Base):
    """A product that was recommended, why, and what the customer said to it.

    seen is the profile that it was made from, as JSON: the next training learns from it.
    answer is "interested" or "declined"; None where the call broke off before it.
    """

    __tablename__ = "recommendations"
    __table_args__ = (Index("ix_recommendations_customer_id", "customer_id"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(32))
    score: Mapped[float] = mapped_column(Float)
    reasons: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(16))
    seen: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(String(16))
