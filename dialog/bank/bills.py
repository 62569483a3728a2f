"""Bills: each is paid by one payment, at once, on a later day or once two people have agreed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank.bill_tables import BillRow
from dialog.bank.money import to_major
from dialog.bank.tables import EntryRow, PayeeRow, ProposalRow, ScheduleRow
from dialog.bank.values import Bill, BillState, TransferOrder
from dialog.errors import BillSettled, UnknownAccount

LATEST = 12
"""Bills that a caller is told of, the latest first."""


def require_open(session: Session, order: TransferOrder, amount_minor: int) -> None:
    """Refuse a payment that does not pay just its bill.

    Raises:
        UnknownAccount: The customer has no such bill of this payee and amount.
        BillSettled: Another payment pays it.
    """
    if order.bill_id is None:
        return
    bill = session.get(BillRow, order.bill_id)
    wanted = (order.customer_id, order.to_payee_id, amount_minor, order.currency)
    if bill is None or order.every != "once" or wanted != _terms(bill):
        raise UnknownAccount("the customer has no such bill; give its payee and amount")
    if bill.claimed_by is not None:
        raise BillSettled("another payment pays this bill")


def claim(session: Session, proposal: ProposalRow) -> None:
    """Let a payment pay its bill, with this transaction.

    Raises:
        BillSettled: Another payment does.
    """
    if proposal.bill_id is None:
        return
    bill = session.get_one(BillRow, proposal.bill_id, with_for_update=True, populate_existing=True)
    if bill.claimed_by not in (None, proposal.id):
        raise BillSettled("another payment pays this bill")
    bill.claimed_by = proposal.id


def pass_on(session: Session, planned: str, held: str) -> None:
    """What a planned payment was to pay is paid by its occurrence that people look at."""
    query = select(BillRow).where(BillRow.claimed_by == planned).with_for_update()
    for bill in session.scalars(query):
        bill.claimed_by = held


def release(session: Session, proposal_id: str) -> None:
    """A payment will not be made after all: what it was to pay is open again."""
    query = select(BillRow).where(BillRow.claimed_by == proposal_id).with_for_update()
    for bill in session.scalars(query):
        bill.claimed_by = None


def of_customer(session: Session, customer_id: int) -> tuple[Bill, ...]:
    """The customer's latest bills, the one that is due first before the others."""
    query = select(BillRow, PayeeRow.name).join(PayeeRow, BillRow.payee_id == PayeeRow.id)
    query = query.where(BillRow.customer_id == customer_id)
    latest = query.order_by(BillRow.due_on.desc(), BillRow.id.desc()).limit(LATEST)
    rows = sorted(session.execute(latest), key=lambda row: (row[0].due_on, row[0].id))
    return tuple(_value(session, bill, biller) for bill, biller in rows)


def _terms(bill: BillRow) -> tuple[int, int, int, str]:
    return bill.customer_id, bill.payee_id, bill.amount_minor, bill.currency


def _value(session: Session, row: BillRow, biller: str) -> Bill:
    return Bill(
        id=row.id,
        biller=biller,
        kind=row.kind,
        reference=row.reference,
        amount=to_major(row.amount_minor),
        currency=row.currency,
        due_on=row.due_on,
        state=_state(session, row.claimed_by),
    )


def _state(session: Session, claimed_by: str | None) -> BillState:
    """A payment for later has proposals of its own for its days, named after it."""
    if claimed_by is None:
        return "open"
    schedule = session.get(ScheduleRow, claimed_by)
    if schedule is not None:
        return "paid" if schedule.due_on is None else "planned"
    made = select(EntryRow.id).where(EntryRow.proposal_id == claimed_by)
    return "paid" if session.scalar(made) is not None else "held"
