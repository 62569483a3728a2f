"""The line of callers who wait for a person: who is urgent, angry or vulnerable goes first.

A caller is in it from the hand-over until a colleague takes them, they come back to the assistant,
or they have waited for longer than anybody does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dialog.bank.desk import Deed, Desk, person
from dialog.bank.erased import held
from dialog.bank.tables import ERASED, Base, UtcDateTime
from dialog.errors import CustomerErased, UnknownTask

LONGEST_WAIT = timedelta(minutes=45)


class WaitingRow(Base):
    """A caller who was handed over; first: they go before those who are not."""

    __tablename__ = "waiting_callers"
    __table_args__ = (Index("ix_waiting_callers_ended_at", "ended_at"),)

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    first: Mapped[bool] = mapped_column(Boolean)
    mood: Mapped[str] = mapped_column(String(16))
    summary: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_by: Mapped[str | None] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class NewWaiting:
    """Who joins the line.

    Attributes:
        first: They go before those who are not.
        mood: "angry", "distressed", "was_upset" or "calm".
        summary: What the colleague has to know; no secrets.
    """

    call_id: str
    customer_id: int | None
    first: bool
    mood: str
    summary: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits, and at which place, from 1."""

    place: int
    call_id: str
    first: bool
    mood: str
    summary: str
    since: datetime


class WaitingLine:
    """Lets callers join and leave, and colleagues take them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def join(self, new: NewWaiting) -> int:
        """Stand in line, once a call; gives the place, from 1.

        Who was erased during the call gets a place like anybody, and what they said is not kept.
        """

        def join(session: Session) -> int:
            now, told = self._desk.now(), _kept(session, new)
            row = session.get(WaitingRow, new.call_id)
            if row is None or row.ended_at is not None:
                row = session.merge(_row(told, now))
                session.flush()
            return 1 + self._ahead(session, row, now)

        deed = Deed("join_line", new.call_id, new.customer_id)
        told = {"first": new.first, "mood": new.mood}
        return self._desk.do(deed, join, lambda place: {"place": place, **told})

    def leave(self, call_id: str) -> None:
        """The caller is back with the assistant, or gone."""

        def leave(session: Session) -> None:
            row = session.get(WaitingRow, call_id, with_for_update=True)
            if row is not None and row.ended_at is None:
                row.ended_at = self._desk.now()

        self._desk.do(Deed("leave_line", call_id), leave)

    def take(self, by: str, call_id: str | None = None) -> Waiting:
        """Take the next caller, or a certain one; nobody else gets them.

        Raises:
            UnknownTask: Nobody waits, or not this one any more.
        """

        name = person(by)

        def take(session: Session) -> Waiting:
            now = self._desk.now()
            query = _waiting(now).with_for_update(skip_locked=True)
            if call_id is not None:
                query = query.where(WaitingRow.call_id == call_id)
            row = session.scalars(query.limit(1)).first()
            if row is None:
                raise UnknownTask("nobody waits, or not this caller; see `tellerline queue list`")
            told = _value(1 + self._ahead(session, row, now), row)
            row.ended_at, row.taken_by = now, name
            return told

        return self._desk.do(Deed("take_caller", name), take, lambda one: {"call": one.call_id})

    def waiting(self) -> list[Waiting]:
        """All who wait, in their order."""
        with self._desk.reading() as session:
            rows = session.scalars(_waiting(self._desk.now())).all()
            return [_value(place, row) for place, row in enumerate(rows, start=1)]

    @staticmethod
    def _ahead(session: Session, row: WaitingRow, now: datetime) -> int:
        """How many wait before this one."""
        before = [one.call_id for one in session.scalars(_waiting(now))]
        return before.index(row.call_id) if row.call_id in before else 0


def _kept(session: Session, new: NewWaiting) -> NewWaiting:
    """What may be kept of who joins."""
    try:
        if new.customer_id is not None:
            held(session, new.customer_id)
    except CustomerErased:
        return replace(new, mood="calm", summary=ERASED)
    return new


def _waiting(now: datetime):  # type: ignore[no-untyped-def]
    query = select(WaitingRow).where(
        WaitingRow.ended_at.is_(None), WaitingRow.since > now - LONGEST_WAIT
    )
    return query.order_by(WaitingRow.first.desc(), WaitingRow.since, WaitingRow.call_id)


def _row(new: NewWaiting, now: datetime) -> WaitingRow:
    return WaitingRow(
        call_id=new.call_id,
        customer_id=new.customer_id,
        first=new.first,
        mood=new.mood,
        summary=new.summary,
        since=now,
        ended_at=None,
        taken_by=None,
    )


def _value(place: int, row: WaitingRow) -> Waiting:
    return Waiting(place, row.call_id, row.first, row.mood, row.summary, row.since)
