"""One-time codes: an order that looks risky is made only with a code sent to the customer's phone.

The text message names what the code is for, and the code opens just that: a caller who is told to
read one out hears what it would pay for.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from dialog.bank import outbox, tries
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.keys import derive, keyed
from dialog.bank.money import to_major
from dialog.bank.order_tables import OrderRow
from dialog.bank.tables import CodeRow, CustomerRow, PayeeProposalRow, PayeeRow, ProposalRow
from dialog.errors import CodeSpent, CodeTriesUsed, CodeWrong, RateLimited

Proposal = ProposalRow | PayeeProposalRow | OrderRow
OrderLetter = Callable[[Session, OrderRow], tuple[str, dict[str, str]]]
"""The kind of letter that brings the code for an order, and what it tells of it."""

DIGITS = 6
SENT = "code-sent"
HOUR = timedelta(hours=1)


class Codes:
    """Sends and takes codes.

    Args:
        desk: Of the bank.
        secret: The bank's; codes are hashed with a key from it.
        order_letter: Of orders that are no transfers.
    """

    def __init__(self, desk: Desk, secret: bytes, order_letter: OrderLetter) -> None:
        self._desk = desk
        self._order_letter = order_letter
        self._key = derive(secret, "one-time codes")

    def send(self, proposal_id: str, *, customer_id: int, call_id: str) -> str:
        """Send a code for a proposal; gives the last two digits of the phone that it goes to.

        A second time for the same proposal sends nothing new.

        Raises:
            CodeSpent: There is no such proposal in this call.
            RateLimited: Too many codes were sent to this customer within the hour.
            NoAddress: The customer has no phone.
            CustomerErased: Nothing is written to them any more.
        """

        def send(session: Session) -> str:
            customer = held(session, customer_id)
            proposal = _proposal(session, proposal_id)
            if proposal is None or (proposal.customer_id, proposal.call_id) != (
                customer_id,
                call_id,
            ):
                raise CodeSpent("there is no such order in this call; read it back first")
            if session.get(CodeRow, proposal_id) is None:
                self._count(session, customer_id)
                self._post(session, customer, proposal)
            return (customer.phone or "")[-2:]

        deed = Deed("send_code", call_id, customer_id)
        return self._desk.do(deed, send, lambda _: {"proposal": proposal_id})

    def _count(self, session: Session, customer_id: int) -> None:
        now = self._desk.now()
        row = tries.locked_row(session, SENT, str(customer_id), now)
        if now - row.since >= HOUR:
            row.count, row.since = 0, now
        if row.count >= self._desk.settings.codes_per_hour:
            raise RateLimited("too many codes were sent within the hour; hand to a person")
        row.count += 1

    def _post(self, session: Session, customer: CustomerRow, proposal: Proposal) -> None:
        code, now = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", self._desk.now()
        if isinstance(proposal, OrderRow):
            kind, values = self._order_letter(session, proposal)
        else:
            kind, values = _told(session, proposal)
        values["code"] = code
        key = f"code:{proposal.id}"
        outbox.post(session, customer, "sms", kind, values, key=key, now=now)
        row = CodeRow(
            subject=proposal.id,
            customer_id=customer.id,
            call_id=proposal.call_id,
            code_hash=self._hash(proposal.id, code),
            expires_at=now + self._desk.settings.code_lifetime,
            tries=0,
        )
        session.add(row)

    def check(self, proposal_id: str, code: str, *, customer_id: int, call_id: str) -> None:
        """Take a code; the try is counted before it is looked at.

        Raises:
            CodeWrong: Not the code; another try is left.
            CodeTriesUsed: Not the code, and that was the last try.
            CodeSpent: None was sent in this call, it has expired, or the tries are used up.
        """

        def take(session: Session) -> str:
            row = session.get(CodeRow, proposal_id, with_for_update=True, populate_existing=True)
            if row is None or (row.customer_id, row.call_id) != (customer_id, call_id):
                return "spent"
            if row.tries >= self._desk.settings.code_tries or self._desk.now() >= row.expires_at:
                return "spent"
            row.tries += 1
            if hmac.compare_digest(row.code_hash, self._hash(proposal_id, code)):
                row.passed_at = self._desk.now()
                return "ok"
            return "wrong" if row.tries < self._desk.settings.code_tries else "locked"

        deed = Deed("check_code", call_id, customer_id)
        result = self._desk.do(deed, take, lambda r: {"result": r, "proposal": proposal_id})
        if result == "wrong":
            raise CodeWrong("not the code that was sent; ask for it again")
        if result == "locked":
            raise CodeTriesUsed("that was the last try; nobody is identified in this call any more")
        if result == "spent":
            raise CodeSpent("no code is taken for this any more; read the order back again")

    def _hash(self, subject: str, code: str) -> str:
        return keyed(self._key, f"{subject}:{code}")


def _proposal(session: Session, proposal_id: str) -> Proposal | None:
    return (
        session.get(ProposalRow, proposal_id)
        or session.get(PayeeProposalRow, proposal_id)
        or session.get(OrderRow, proposal_id)
    )


def _told(session: Session, proposal: ProposalRow | PayeeProposalRow) -> tuple[str, dict[str, str]]:
    """The kind of letter, and what it tells of the order that the code is for."""
    if isinstance(proposal, PayeeProposalRow):
        return "code_payee", {"payee": proposal.name, "last4": proposal.account_number[-4:]}
    payee = session.get(PayeeRow, proposal.to_payee_id) if proposal.to_payee_id else None
    return "code_transfer", {
        "amount": f"{to_major(proposal.amount_minor):,.2f} {proposal.currency}",
        "payee": payee.name if payee else "your own account",
    }


def passed(session: Session, proposal_id: str) -> bool:
    """Whether the right code was given for this proposal."""
    row = session.get(CodeRow, proposal_id)
    return row is not None and row.passed_at is not None
