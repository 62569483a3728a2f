"""Adding somebody to pay: told, confirmed, and opened by a one-time code, always.

An account number is taken twice, because nothing in it shows a slip; a routing number has a check
digit (ABA).
"""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stdnum.us import rtn

from dialog.bank import codes
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.tables import PayeeProposalRow, PayeeRow
from dialog.bank.values import NewPayee, Payee
from dialog.errors import CodeNeeded, InvalidPayee, PayeeExists, ProposalSpent

_WORD = r"(?:[^\W\d_](?:[^\W\d_]|[.'’-])*|&)"
NAME = re.compile(rf"{_WORD}(?: {_WORD}){{0,3}}")
"""One to four words of letters."""

ACCOUNT_DIGITS = range(4, 18)
ALWAYS = "adds_a_payee"
"""Why a code is needed, beside the rules of risk.yaml."""


def is_routing_number(digits: str) -> bool:
    """Whether it could be a bank's routing number: nine digits, the last a check digit."""
    return digits.isascii() and bool(rtn.is_valid(digits))


def is_account_number(digits: str) -> bool:
    """Whether it could be an account number: 4 to 17 digits."""
    return digits.isascii() and digits.isdigit() and len(digits) in ACCOUNT_DIGITS


def clean_name(said: str) -> str:
    """The name as it is written on the list.

    Raises:
        InvalidPayee: It is no name of one to four words.
    """
    name = " ".join(said.strip(" .,!?").split())
    if len(name) > 80 or not NAME.fullmatch(name):
        raise InvalidPayee("not a name of one to four words; ask for just the name")
    return " ".join(word[:1].upper() + word[1:] for word in name.split())


class Payees:
    """Adds payees."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def propose(self, new: NewPayee, *, customer_id: int, call_id: str, proposal_id: str) -> str:
        """Store what was told, until it is confirmed; gives the name as it is read back.

        Raises:
            InvalidPayee: Name, routing or account number cannot be.
            PayeeExists: The customer has a payee of this name.
            ProposalSpent: The id stands for something else.
            CustomerErased: Nothing is kept of theirs any more.
        """
        name = clean_name(new.name)
        if not is_routing_number(new.routing) or not is_account_number(new.account_number):
            raise InvalidPayee("routing or account number cannot be; ask for both again")
        now = self._desk.now()

        def propose(session: Session) -> str:
            held(session, customer_id)
            _require_new(session, customer_id, name)
            known = session.get(PayeeProposalRow, proposal_id)
            if known is not None:
                raise ProposalSpent("this proposal id is used; use a new one")
            row = PayeeProposalRow(
                id=proposal_id,
                customer_id=customer_id,
                call_id=call_id,
                name=name,
                routing=new.routing,
                account_number=new.account_number,
                expires_at=now + self._desk.settings.proposal_lifetime,
            )
            session.add(row)
            return name

        deed = Deed("propose_payee", call_id, customer_id)
        return self._desk.do(deed, propose, lambda _: {"proposal": proposal_id})

    def add(self, proposal_id: str, *, customer_id: int, call_id: str) -> Payee:
        """Add the payee of a confirmed proposal; a second time changes nothing.

        Raises:
            ProposalSpent: Unknown, expired, or of another call or customer.
            CodeNeeded: The code was not given.
            PayeeExists: There is one of this name by now.
            CustomerErased: Nothing is kept of theirs any more.
        """
        now = self._desk.now()

        def add(session: Session) -> Payee:
            held(session, customer_id)
            row = session.get(
                PayeeProposalRow, proposal_id, with_for_update=True, populate_existing=True
            )
            if row is None or (row.customer_id, row.call_id) != (customer_id, call_id):
                raise ProposalSpent("there is no such proposal in this call; read it back first")
            if row.payee_id is not None:
                return Payee(row.payee_id, row.name)
            if now >= row.expires_at:
                raise ProposalSpent("the proposal has expired; read it back again")
            if not codes.passed(session, proposal_id):
                raise CodeNeeded((ALWAYS,))
            _require_new(session, customer_id, row.name)
            payee = PayeeRow(
                customer_id=customer_id,
                name=row.name,
                routing=row.routing,
                account_number=row.account_number,
                added_at=now,
            )
            session.add(payee)
            session.flush()
            row.payee_id = payee.id
            return Payee(payee.id, payee.name)

        deed = Deed("add_payee", call_id, customer_id)
        return self._desk.do(deed, add, lambda payee: {"payee": payee.id, "proposal": proposal_id})


def _require_new(session: Session, customer_id: int, name: str) -> None:
    same = func.lower(PayeeRow.name) == name.lower()
    query = select(PayeeRow.id).where(PayeeRow.customer_id == customer_id, same)
    if session.scalar(query.limit(1)) is not None:
        raise PayeeExists("the customer has a payee of this name; use it, or give another name")
