"""The tables between the bank and its back office."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dialog.bank.tables import Base, Key, UtcDateTime


class OfficeEventRow(Base):
    """Something that a workflow has to hear; written in the transaction that it tells of.

    kind is "start" or the topic that the workflow waits for; subject is what it is about.
    """

    __tablename__ = "office_events"
    __table_args__ = (Index("ix_office_events_relayed_at", "relayed_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    workflow: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TaskRow(Base):
    """Something that people have to decide; it is decided once as many as `people` agree."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_decided_at", "decided_at"),)

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    workflow: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(24))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    department: Mapped[str] = mapped_column(String(40))
    summary: Mapped[str] = mapped_column(Text)
    urgent: Mapped[bool] = mapped_column(Boolean)
    people: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(16))


class TaskVoteRow(Base):
    """What one person decided about a task; nobody decides twice."""

    __tablename__ = "task_votes"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    by: Mapped[str] = mapped_column(String(64), primary_key=True)
    decision: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
