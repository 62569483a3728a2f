"""Statements by e-mail: an account's movements between two days, to the address on file only."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import outbox
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.money import to_major
from dialog.bank.tables import AccountRow, EntryRow, PostingRow
from dialog.bank.transfers import own_account


class Statements:
    """Orders statements."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def order(
        self,
        account_id: int,
        first: date,
        last: date,
        *,
        customer_id: int,
        call_id: str,
        request_id: str,
    ) -> None:
        """Put a statement into the outbox, once per request.

        Args:
            account_id: One of the customer's own.
            first, last: Days of booking, both included.
            customer_id: Whose it is, and to whose address it goes.
            call_id: The call.
            request_id: Unique over all calls.

        Raises:
            UnknownAccount: The customer has no such account.
            NoAddress: The bank knows no e-mail address of the customer.
            CustomerErased: Nothing is written to them any more.
        """

        def order(session: Session) -> None:
            customer = held(session, customer_id)
            account = own_account(session, account_id, customer_id)
            values = {
                "name": f"{customer.first_name} {customer.last_name}",
                "account": f"{account.kind} account ending in {account.number[-4:]}",
                "first": first.isoformat(),
                "last": last.isoformat(),
                "lines": _lines(session, account, first, last),
            }
            key = f"statement:{request_id}"
            now = self._desk.now()
            outbox.post(session, customer, "email", "statement", values, key=key, now=now)

        deed = Deed("order_statement", call_id, customer_id)
        told = {"account": account_id, "first": first, "last": last}
        self._desk.do(deed, order, lambda _: told)


def _lines(session: Session, account: AccountRow, first: date, last: date) -> str:
    """The balance before, each movement with the balance after it, oldest first."""
    query = (
        select(PostingRow, EntryRow.booked_on)
        .join(EntryRow, PostingRow.entry_id == EntryRow.id)
        .where(PostingRow.account_id == account.id, EntryRow.booked_on <= last)
        .order_by(PostingRow.id)
    )
    balance, lines = 0, []
    for posting, day in session.execute(query):
        if day >= first:
            amount, after = map(to_major, (posting.amount_minor, posting.balance_after_minor))
            lines.append(f"{day.isoformat()}  {posting.description}  {amount:+,.2f}  {after:,.2f}")
        else:
            balance = posting.balance_after_minor
    opening = f"Balance before: {to_major(balance):,.2f} {account.currency}"
    return "\n".join([opening, *(lines or ["No movements."])])
