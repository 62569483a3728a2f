"""The tables of orders that are no transfers, and of what they change."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dialog.bank.tables import Base, UtcDateTime


class OrderRow(Base):
    """Something that a caller wants done and that was read back to them (orders.py).

    terms is JSON of ids, days and minor units. It is done when done_at is set, in the transaction
    that did it.
    """

    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_customer_id", "customer_id"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    call_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))
    terms: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TripRow(Base):
    """A trip that a customer told of: their cards are used there; its id is the order's."""

    __tablename__ = "trips"
    __table_args__ = (Index("ix_trips_customer_id", "customer_id"),)

    id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    place: Mapped[str] = mapped_column(String(200))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
