"""Applying for a loan: assessed at once by the scorecard, followed by a workflow."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from dialog.bank import office
from dialog.bank.desk import Deed, Desk
from dialog.bank.loans.applicant import Request, applicant
from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.scorecard import Assessment, Outcome, assess, scorecard
from dialog.bank.loans.tables import LoanRow
from dialog.bank.money import to_major, to_minor
from dialog.bank.orders import Order, Told
from dialog.bank.risk import Features
from dialog.errors import CustomerErased, InvalidAmount, ProposalSpent

APPLICATION = "loan_application"
"""The workflow that follows an application."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application as a workflow and people see it. Major units."""

    id: str
    customer_id: int
    amount: Decimal
    months: int
    rate: Decimal
    employment: str
    outcome: Outcome
    points: int
    reasons: tuple[str, ...]


class LoanOrder:
    """An application that was read back."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """How much."""
        asked = asked_for(order)
        if not conditions().fits(asked.amount, asked.months) or asked.income < 0:
            raise InvalidAmount("the bank gives no such loan; see loans/conditions.yaml")
        return {"to": "loan", "amount": asked.amount}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """How much, over how long."""
        asked = asked_for(order)
        return {"amount": f"{asked.amount:,.2f} USD", "months": str(asked.months)}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Assess it, keep it, and start the workflow."""
        asked = asked_for(order)
        values = applicant(session, order.customer_id, asked, now)
        found = assess(values, asked.amount, scorecard())
        told = {**asdict(found), "values": {k: str(v) for k, v in values.items()}}
        row = LoanRow(
            id=order.id,
            customer_id=order.customer_id,
            amount_minor=to_minor(asked.amount),
            months=asked.months,
            rate=str(conditions().rate(asked.months)),
            income_minor=to_minor(asked.income),
            employment=asked.employment,
            applied_at=now,
            assessment=json.dumps(told),
            outcome=found.outcome,
        )
        session.add(row)
        office.start(session, APPLICATION, order.id, now)
        return {"outcome": found.outcome, "points": found.points, "reasons": found.reasons}


class Loans:
    """Assesses without obligation, and tells what became of applications."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def assess(self, customer_id: int, asked: Request) -> Assessment:
        """What the scorecard would say now; nothing is kept."""
        with self._desk.reading() as session:
            values = applicant(session, customer_id, asked, self._desk.now())
            return assess(values, asked.amount, scorecard())

    def get(self, application_id: str) -> Application:
        """An application.

        Raises:
            ProposalSpent: There is none.
            CustomerErased: Nobody knows any more what the scorecard said.
        """
        with self._desk.reading() as session:
            row = session.get(LoanRow, application_id)
            if row is None:
                raise ProposalSpent(f"no loan application {application_id}")
            return _value(row)

    def settle(self, application_id: str, outcome: Outcome, *, by: str) -> Application:
        """Keep what a person decided; a second time changes nothing."""

        def settle(session: Session) -> Application:
            row = session.get_one(LoanRow, application_id, with_for_update=True)
            if row.outcome == "person":
                row.outcome = outcome
            return _value(row)

        deed = Deed("settle_loan", by[:64])
        return self._desk.do(deed, settle, lambda found: {"outcome": found.outcome})


def asked_for(order: Order) -> Request:
    """What an order asks for."""
    amount, income = int(order.terms["amount_minor"]), int(order.terms["income_minor"])
    months, employment = int(order.terms["months"]), str(order.terms["employment"])
    return Request(to_major(amount), months, to_major(income), employment)


def _value(row: LoanRow) -> Application:
    told = json.loads(row.assessment)
    if not told:
        raise CustomerErased("the customer was erased: there is nothing left to be decided")
    return Application(
        id=row.id,
        customer_id=row.customer_id,
        amount=to_major(row.amount_minor),
        months=row.months,
        rate=Decimal(row.rate),
        employment=row.employment,
        outcome=row.outcome,  # type: ignore[arg-type]
        points=told["points"],
        reasons=tuple(told["reasons"]),
    )
