"""Orders that are no transfers: read back, held against the risk rules, carried out once.

A kind of order is three functions (OrderKind); that it is read back first, needs its one-time
code, is written into the audit and is done once however often it is confirmed holds for all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy.orm import Session

from dialog.bank import codes
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.order_tables import OrderRow
from dialog.bank.risk import Features, Verdict, judge, require_allowed
from dialog.errors import CodeNeeded, NeedsPerson, ProposalSpent

Terms = Mapping[str, str | int]
"""What exactly is ordered: ids, days (ISO), minor units, words with secrets masked."""

Told = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Order:
    """What was read back."""

    id: str
    kind: str
    customer_id: int
    call_id: str
    terms: Terms


class OrderKind(Protocol):
    """One kind of order."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """What the risk rules are held against.

        Raises:
            BankError: It cannot be done.
        """
        ...

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """What the text message with the code says of it (letters.yaml, code_KIND)."""
        ...

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Do it, in the transaction that marks it as done; gives ids and amounts for the audit."""
        ...


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that was stored; needs_code: it is carried out only after a one-time code."""

    needs_code: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Done:
    """An order that was carried out; repeated is True where it had been before."""

    told: Told
    repeated: bool


class Orders:
    """Takes orders and carries them out.

    Args:
        desk: Of the bank.
        kinds: What can be ordered, by name.
    """

    def __init__(self, desk: Desk, kinds: Mapping[str, OrderKind]) -> None:
        self._desk, self._kinds = desk, kinds

    def propose(
        self, kind: str, terms: Terms, *, customer_id: int, call_id: str, proposal_id: str
    ) -> Ordered:
        """Store an order when it is read back; it expires. The same proposal again is taken.

        Raises:
            Refused, NeedsPerson: A risk rule forbids it.
            ProposalSpent: The id stands for another order.
            CustomerErased: Nothing is ordered for them any more.
            BankError: The kind's own reason why it cannot be done.
        """
        now = self._desk.now()
        order = Order(proposal_id, kind, customer_id, call_id, terms)

        def propose(session: Session) -> Ordered:
            held(session, customer_id)
            verdict = self._judge(session, order, now)
            stored = session.get(OrderRow, proposal_id)
            if stored is None:
                session.add(_row(order, now, now + self._desk.settings.proposal_lifetime))
            elif order_value(stored) != order:
                raise ProposalSpent("this proposal id stands for another order; use a new one")
            return Ordered(verdict.outcome == "code", verdict)

        return self._desk.do(
            Deed(f"propose_{kind}", call_id, customer_id),
            propose,
            lambda told: {"proposal": proposal_id, "risk": told.verdict.explained()},
        )

    def carry_out(self, proposal_id: str, *, customer_id: int, call_id: str) -> Done:
        """Do what was read back and confirmed, once; a second time changes nothing.

        Raises:
            ProposalSpent: Unknown, expired, or of another call or customer.
            CustomerErased: Nothing is done for them any more.
            Refused, NeedsPerson, CodeNeeded: A risk rule does not allow it, as things are now.
            BankError: The kind's own reason why it can no longer be done.
        """
        now = self._desk.now()

        def carry_out(session: Session) -> Done:
            # Two orders at once must not each find a limit unspent.
            held(session, customer_id)
            row = _open(session, proposal_id, customer_id, call_id)
            if row.done_at is not None:
                return Done({}, repeated=True)
            if now >= row.expires_at:
                raise ProposalSpent("the order has expired; read it back again")
            order = order_value(row)
            verdict = self._judge(session, order, now)
            if verdict.outcome == "code" and not codes.passed(session, proposal_id):
                raise CodeNeeded(verdict.rules)
            told = self._kinds[order.kind].carry_out(session, order, now)
            row.done_at = now
            return Done({"kind": order.kind, **told, "risk": verdict.explained()}, repeated=False)

        return self._desk.do(Deed("order", call_id, customer_id), carry_out, _audited(proposal_id))

    def letter(self, session: Session, row: OrderRow) -> tuple[str, dict[str, str]]:
        """The kind of letter that brings the code, and what it tells of the order."""
        return f"code_{row.kind}", self._kinds[row.kind].letter(session, order_value(row))

    def _judge(self, session: Session, order: Order, now: datetime) -> Verdict:
        own = self._kinds[order.kind].features(session, order, now)
        features: Features = {"hour": Decimal(now.hour), **own}
        verdict = judge(self._desk.settings.rules, features)
        require_allowed(verdict)
        if verdict.outcome == "approval":
            # No workflow keeps an order for two people, as one does a transfer.
            raise NeedsPerson(verdict.rules)
        return verdict


def order_value(row: OrderRow) -> Order:
    """The order as it was read back."""
    return Order(row.id, row.kind, row.customer_id, row.call_id, json.loads(row.terms))


def _row(order: Order, now: datetime, expires_at: datetime) -> OrderRow:
    return OrderRow(
        id=order.id,
        customer_id=order.customer_id,
        call_id=order.call_id,
        kind=order.kind,
        terms=json.dumps(order.terms, sort_keys=True),
        proposed_at=now,
        expires_at=expires_at,
    )


def _open(session: Session, proposal_id: str, customer_id: int, call_id: str) -> OrderRow:
    row = session.get(OrderRow, proposal_id, with_for_update=True, populate_existing=True)
    if row is None or (row.customer_id, row.call_id) != (customer_id, call_id):
        raise ProposalSpent("there is no such order in this call; read it back first")
    return row


def _audited(proposal_id: str) -> Callable[[Done], Told]:
    def told(done: Done) -> dict[str, object]:
        result = "repeated" if done.repeated else "ok"
        return {"result": result, "proposal": proposal_id, **done.told}

    return told
