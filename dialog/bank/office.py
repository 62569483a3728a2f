"""The outbox towards the back office: workflows to start, and what waiting ones have to hear.

A row is added in the transaction of its cause: neither is there without the other. Whoever
relays it may crash and relay it again: a workflow starts once per id, a message counts once a key.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dialog.bank.desk import Desk
from dialog.bank.office_tables import OfficeEventRow

START = "start"


@dataclass(frozen=True, slots=True)
class OfficeEvent:
    """What a workflow has to hear.

    Attributes:
        key: Of this event; relayed twice, it counts once.
        workflow: Its id, "NAME:SUBJECT".
        kind: "start", or the topic that it waits for.
        subject: What it is about.
    """

    id: int
    key: str
    workflow: str
    kind: str
    subject: str


def start(session: Session, name: str, subject: str, now: datetime) -> str:
    """Start a workflow with this transaction, once per name and subject; gives its id."""
    workflow = f"{name}:{subject}"
    _add(session, f"{START}:{workflow}", workflow, START, subject, now)
    return workflow


def tell(session: Session, workflow: str, topic: str, subject: str, now: datetime) -> None:
    """Tell a waiting workflow something with this transaction, once per topic and subject."""
    _add(session, f"{topic}:{subject}:{workflow}"[:160], workflow, topic, subject, now)


def _add(session: Session, key: str, workflow: str, kind: str, subject: str, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"key": key, "workflow": workflow, "kind": kind, "subject": subject, "created_at": now}
    session.execute(insert(OfficeEventRow).values(**values).on_conflict_do_nothing())


class OfficeEvents:
    """What is still to be relayed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def waiting(self, limit: int = 100) -> list[OfficeEvent]:
        """The events that no workflow has heard yet, the oldest first."""
        query = select(OfficeEventRow).where(OfficeEventRow.relayed_at.is_(None))
        with self._desk.reading() as session:
            rows = session.scalars(query.order_by(OfficeEventRow.id).limit(limit))
            return [OfficeEvent(r.id, r.key, r.workflow, r.kind, r.subject) for r in rows]

    def relayed(self, event: OfficeEvent) -> None:
        """Mark one as heard."""

        def mark(session: Session) -> None:
            session.get_one(OfficeEventRow, event.id).relayed_at = self._desk.now()

        self._desk.database.write(mark)
