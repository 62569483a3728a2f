"""What is said in calls, sealed at rest: a key for each call, kept under its customer's name.

The keys are in the database, wrapped by a ring of keys that is not (Fernet: AES-128-CBC with
HMAC-SHA256). Whoever has only the files, or only the database, reads nothing. Destroying a
customer's keys makes all of their calls unreadable, wherever copies of the files are.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dialog.bank.desk import Deed, Desk, person
from dialog.bank.erased import held
from dialog.bank.tables import Base, Key, UtcDateTime
from dialog.errors import CustomerErased, Unreadable


class DataKeyRow(Base):
    """The wrapped key of one call; customer_id is who was identified in it, if anybody was."""

    __tablename__ = "data_keys"
    __table_args__ = (
        Index("ix_data_keys_customer_id", "customer_id"),
        Index("ix_data_keys_made_at", "made_at"),
    )

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(Key)
    wrapped: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Vault:
    """Seals and opens what belongs to calls.

    Args:
        desk: Of the bank.
        ring: Fernet keys that wrap the calls' keys, the newest first; not in the database.
    """

    def __init__(self, desk: Desk, ring: Sequence[bytes]) -> None:
        self._desk = desk
        self._ring = MultiFernet([Fernet(key) for key in ring])

    def seal(self, call_id: str, data: bytes, *, customer_id: int | None) -> bytes:
        """Seal something of a call; the token is text of one line.

        What a customer said who was erased before the call ended is sealed with a key that nobody
        keeps.
        """

        def key(session: Session) -> bytes:
            try:
                if customer_id is not None:
                    held(session, customer_id)
            except CustomerErased:
                return Fernet.generate_key()
            row = session.get(DataKeyRow, call_id, with_for_update=True)
            if row is None:
                wrapped = self._ring.encrypt(Fernet.generate_key()).decode()
                now = self._desk.now()
                row = DataKeyRow(call_id=call_id, wrapped=wrapped, made_at=now)
                session.add(row)
            if customer_id is not None:
                row.customer_id = customer_id
            return self._unwrap(row)

        return Fernet(self._desk.database.write(key)).encrypt(data)

    def open(self, call_id: str, token: bytes) -> bytes:
        """What was sealed.

        Raises:
            Unreadable: The call's key was destroyed, the ring lacks its own, or it was changed.
        """
        with self._desk.reading() as session:
            row = session.get(DataKeyRow, call_id)
        if row is None:
            raise Unreadable(f"{call_id}: its key is gone: erased, or past its retention period")
        try:
            return Fernet(self._unwrap(row)).decrypt(token)
        except InvalidToken:
            raise Unreadable(
                f"{call_id}: what was sealed was changed, or is another call's"
            ) from None

    def calls_of(self, customer_id: int) -> list[str]:
        """The calls that a customer was identified in and that can still be read."""
        query = select(DataKeyRow.call_id).where(DataKeyRow.customer_id == customer_id)
        with self._desk.reading() as session:
            return list(session.scalars(query.order_by(DataKeyRow.made_at)))

    def rotate(self, *, by: str) -> int:
        """Wrap every key anew with the newest of the ring; gives how many."""

        def rewrap(session: Session) -> int:
            rows = session.scalars(select(DataKeyRow).with_for_update()).all()
            for row in rows:
                try:
                    row.wrapped = self._ring.rotate(row.wrapped.encode()).decode()
                except InvalidToken:
                    raise Unreadable(f"{row.call_id}: wrapped with a key not in the ring") from None
            return len(rows)

        return self._desk.do(Deed("rotate_keys", person(by)), rewrap, lambda n: {"keys": n})

    def forget_before(self, when: datetime, *, by: str) -> list[str]:
        """Destroy the keys of calls before an instant; gives the calls."""

        def forget(session: Session) -> list[str]:
            old = DataKeyRow.made_at < when
            calls = list(session.scalars(select(DataKeyRow.call_id).where(old)))
            session.execute(delete(DataKeyRow).where(old))
            return calls

        deed = Deed("forget_calls", person(by))
        return self._desk.do(deed, forget, lambda calls: {"calls": len(calls)})

    def _unwrap(self, row: DataKeyRow) -> bytes:
        try:
            return self._ring.decrypt(row.wrapped.encode())
        except InvalidToken:
            raise Unreadable(
                f"{row.call_id}: its key was wrapped with one not in the ring"
            ) from None


def destroy_keys(session: Session, customer_id: int) -> list[str]:
    """Make all calls of a customer unreadable, in this transaction; gives the calls."""
    theirs = DataKeyRow.customer_id == customer_id
    calls = list(session.scalars(select(DataKeyRow.call_id).where(theirs)))
    session.execute(delete(DataKeyRow).where(theirs))
    return calls
