"""Complaints and suggestions: taken in the caller's words, routed, answered by a day."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import verhoeff

from dialog.bank import office
from dialog.bank.desk import Deed, Desk, person
from dialog.bank.erased import held
from dialog.bank.routing import route
from dialog.bank.tables import CaseRow
from dialog.bank.values import Case, CaseKind
from dialog.errors import UnknownCase

FIRST_NUMBER = 1000
COMPLAINT, ANSWERED = "complaint", "answered"
"""The workflow that follows a complaint, and what it waits for."""
LONGEST = 2000
"""Characters of the caller's words that are kept."""


class Cases:
    """Takes, tells and closes cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(
        self,
        kind: CaseKind,
        words: str,
        *,
        customer_id: int,
        call_id: str,
        request_id: str,
        first: bool = False,
    ) -> Case:
        """Take a complaint or suggestion; the same request again gives the same case.

        Args:
            kind: "complaint" or "suggestion".
            words: The caller's own, secrets masked.
            customer_id: Whose it is.
            call_id: The call.
            request_id: Unique over all calls.
            first: The caller is angry, distressed or vulnerable: it goes before all others.

        Raises:
            CustomerErased: Nothing is kept of theirs any more.
        """

        def take(session: Session) -> Case:
            held(session, customer_id)
            known = session.scalar(select(CaseRow).where(CaseRow.request_id == request_id))
            if known is not None:
                return case_value(known)
            now = self._desk.now()
            routed = route(words, now.date(), first=first)
            row = CaseRow(
                request_id=request_id,
                customer_id=customer_id,
                call_id=call_id,
                kind=kind,
                words=words[:LONGEST],
                department=routed.department,
                urgent=routed.urgent,
                opened_at=now,
                due_on=routed.due_on,
            )
            session.add(row)
            session.flush()
            if kind == "complaint":
                office.start(session, COMPLAINT, str(row.id), now)
            return case_value(row)

        return self._desk.do(Deed(f"open_{kind}", call_id, customer_id), take, _audited)

    def close(self, reference: str, answer: str, *, by: str) -> Case:
        """Answer a case; the caller is told it when they ask.

        Args:
            reference: As the caller was told it.
            answer: In one or two sentences.
            by: Who answers, for the audit.

        Raises:
            UnknownCase: No open case has this reference.
        """

        def close(session: Session) -> Case:
            row = session.get(CaseRow, number_of(reference), with_for_update=True)
            if row is None or row.closed_at is not None:
                raise UnknownCase(f"no open case {reference}; see `tellerline cases list`")
            _close(session, row, answer[:LONGEST], self._desk.now())
            return case_value(row)

        return self._desk.do(Deed("close_case", person(by)), close, _audited)

    def open_cases(self) -> list[tuple[Case, str]]:
        """All that wait for an answer, with the callers' words: urgent ones first, then by day."""
        query = select(CaseRow).where(CaseRow.closed_at.is_(None))
        with self._desk.reading() as session:
            rows = session.scalars(
                query.order_by(CaseRow.urgent.desc(), CaseRow.due_on, CaseRow.id)
            )
            return [(case_value(row), row.words) for row in rows]


def close_all(session: Session, customer_id: int, answer: str, now: datetime) -> None:
    """Close what is open of a customer's; the workflows that wait for an answer hear of it."""
    query = select(CaseRow).where(CaseRow.customer_id == customer_id, CaseRow.closed_at.is_(None))
    for row in session.scalars(query.with_for_update()):
        _close(session, row, answer, now)


def _close(session: Session, row: CaseRow, answer: str, now: datetime) -> None:
    row.closed_at, row.answer = now, answer
    if row.kind == "complaint":
        office.tell(session, f"{COMPLAINT}:{row.id}", ANSWERED, str(row.id), now)


def of_customer(session: Session, customer_id: int) -> tuple[Case, ...]:
    """The customer's cases, the latest first."""
    query = select(CaseRow).where(CaseRow.customer_id == customer_id)
    return tuple(case_value(row) for row in session.scalars(query.order_by(CaseRow.id.desc())))


def case_value(row: CaseRow) -> Case:
    """The case as the dialog sees it."""
    number = str(FIRST_NUMBER + row.id)
    return Case(
        reference=number + str(verhoeff.calc_check_digit(number)),
        kind=row.kind,  # type: ignore[arg-type]
        department=row.department,
        due_on=row.due_on,
        urgent=row.urgent,
        answer=row.answer if row.closed_at else None,
    )


def number_of(reference: str) -> int:
    """The key of a case.

    Raises:
        UnknownCase: The check digit is wrong.
    """
    if not reference.isascii() or not reference.isdigit() or not verhoeff.is_valid(reference):
        raise UnknownCase(f"{reference} is no reference: a digit of it is wrong")
    return int(reference[:-1]) - FIRST_NUMBER


def _audited(case: Case) -> dict[str, object]:
    return {
        "case": case.reference,
        "department": case.department,
        "due": case.due_on,
        "urgent": case.urgent,
    }
