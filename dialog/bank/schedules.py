"""Payments to be made later, once or again and again: each occurrence is one transfer, made once.

An occurrence has a proposal of its own whose id is the schedule's and the day's, so that the
unique key that protects every transfer protects it too: however often a day is run, and from
however many processes, it is paid once. The rules are held against it again on its day: the caller
consented, with a code where one was wanted, when it was arranged; what is for people then waits for
two of them, and what is refused is tried again.
"""

import logging
from calendar import monthrange
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import bills, ledger, office, outbox, transfers
from dialog.bank.desk import Deed, Desk
from dialog.bank.money import to_major
from dialog.bank.risk import judge
from dialog.bank.signals import features
from dialog.bank.tables import AccountRow, CustomerRow, PayeeRow, ProposalRow, ScheduleRow
from dialog.bank.values import Schedule
from dialog.errors import BankError, BankUnavailable, NoAddress, ProposalSpent, Refused

logger = logging.getLogger(__name__)

TRIES = 3
"""Days in a row on which an occurrence is tried before it is given up and the customer told."""

PAYMENT = "scheduled_payment"
"""The workflow that makes each occurrence on its day."""

RUNNER = "schedule"
"""The call id of what no caller asked for in a call."""


def following(first: date, every: str, after: date) -> date | None:
    """The first occurrence after a day; months end where they end (January 31, February 28).

    Args:
        first: The first occurrence.
        every: "once", "week" or "month".
        after: The day.
    """
    if after < first:
        return first
    if every == "once":
        return None
    if every == "week":
        return first + timedelta(weeks=(after - first).days // 7 + 1)
    months = (after.year - first.year) * 12 + after.month - first.month
    day = _in_month(first, months)
    return day if day > after else _in_month(first, months + 1)


def _in_month(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the due payments did."""

    paid: int = 0
    failed: int = 0


class Schedules:
    """Arranges, cancels and runs payments of later days."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def arrange(
        self, proposal_id: str, *, customer_id: int, call_id: str, mood: str | None = None
    ) -> Schedule:
        """Arrange the payment of a confirmed proposal; a second time changes nothing.

        Raises:
            ProposalSpent: Unknown, expired, of another call or customer, or for at once.
            Refused, NeedsPerson, CodeNeeded: A risk rule forbids it.
            BillSettled: Another payment pays its bill.
        """

        def arrange(session: Session) -> Schedule:
            now = self._desk.now()
            proposal = transfers.open_proposal(session, proposal_id, customer_id, call_id)
            made = session.get(ScheduleRow, proposal_id)
            if made is not None:
                return schedule_value(session, made)
            if proposal.first_on is None or now >= proposal.expires_at:
                raise ProposalSpent("the payment is for at once, or no longer open; read it back")
            rules = self._desk.settings.rules
            transfers.require_consent(session, proposal, rules, now, mood=mood)
            row = ScheduleRow(
                id=proposal_id,
                customer_id=customer_id,
                from_account_id=proposal.from_account_id,
                to_account_id=proposal.to_account_id,
                to_payee_id=proposal.to_payee_id,
                amount_minor=proposal.amount_minor,
                currency=proposal.currency,
                every=proposal.every,
                first_on=proposal.first_on,
                due_on=proposal.first_on,
                try_on=proposal.first_on,
                attempts=0,
                arranged_at=now,
            )
            bills.claim(session, proposal)
            session.add(row)
            session.flush()
            office.start(session, PAYMENT, proposal_id, now)
            return schedule_value(session, row)

        deed = Deed("arrange_payment", call_id, customer_id)
        return self._desk.do(deed, arrange, _audited)

    def cancel(self, schedule_id: str, *, customer_id: int, call_id: str) -> Schedule:
        """Make no further payment of it; what was paid stays paid.

        Raises:
            ProposalSpent: The customer has none such that is still to come.
        """

        def cancel(session: Session) -> Schedule:
            row = session.get(ScheduleRow, schedule_id, with_for_update=True)
            if row is None or row.customer_id != customer_id or row.due_on is None:
                raise ProposalSpent("no such payment is to come; name one that is")
            told = schedule_value(session, row)
            row.due_on, row.try_on, row.ended_at = None, None, self._desk.now()
            bills.release(session, schedule_id)
            return told

        return self._desk.do(Deed("cancel_payment", call_id, customer_id), cancel, _audited)

    def run_due(self, limit: int = 1000) -> Run:
        """Make the payments whose day has come; each in a transaction of its own."""
        counts = Counter[str]()
        for _ in range(limit):
            found = self._next_due()
            if found is None:
                break
            counts[self._pay(*found)] += 1
        return Run(counts["ok"], counts["failed"])

    def next_day(self, schedule_id: str) -> date | None:
        """The day of the next try; None where nothing of it is still to come."""
        with self._desk.reading() as session:
            row = session.get(ScheduleRow, schedule_id)
            return row.try_on if row else None

    def pay_if_due(self, schedule_id: str) -> str:
        """Make the payment that is due, once: "ok", "held", "failed" (tried again), "elsewhere"."""
        with self._desk.reading() as session:
            customer_id = session.get_one(ScheduleRow, schedule_id).customer_id
        return self._pay(schedule_id, customer_id)

    def _next_due(self) -> tuple[str, int] | None:
        today = self._desk.now().date()
        query = select(ScheduleRow.id, ScheduleRow.customer_id).where(ScheduleRow.try_on <= today)
        with self._desk.reading() as session:
            row = session.execute(query.order_by(ScheduleRow.try_on, ScheduleRow.id).limit(1))
            found = row.first()
        return None if found is None else (found[0], found[1])

    def _pay(self, schedule_id: str, customer_id: int) -> str:
        """Make one payment: "ok", "held", "failed", or "elsewhere": another process made it."""
        now = self._desk.now()
        deed = Deed("scheduled_payment", RUNNER, customer_id)

        def pay(session: Session) -> dict[str, object]:
            row = session.get_one(ScheduleRow, schedule_id, with_for_update=True)
            if row.try_on is None or row.try_on > now.date():
                return {"result": "elsewhere", "schedule": schedule_id}
            return self._post(session, row, now)

        try:
            told = self._desk.do(deed, pay, lambda told: told)
        except BankUnavailable:
            raise
        except BankError as error:
            reason = type(error).__name__
            self._desk.database.write(lambda session: self._failed(session, schedule_id, reason))
            return "failed"
        return str(told.get("result", "ok"))

    def _post(self, session: Session, row: ScheduleRow, now: datetime) -> dict[str, object]:
        due = row.due_on or now.date()
        proposal = ProposalRow(
            id=f"{row.id}@{due.isoformat()}",
            customer_id=row.customer_id,
            call_id=RUNNER,
            from_account_id=row.from_account_id,
            to_account_id=row.to_account_id,
            to_payee_id=row.to_payee_id,
            amount_minor=row.amount_minor,
            currency=row.currency,
            proposed_at=now,
            expires_at=now,
        )
        session.add(proposal)
        session.flush()
        session.get(CustomerRow, row.customer_id, with_for_update={"key_share": True})
        verdict = judge(self._desk.settings.rules, features(session, proposal, now))
        told: dict[str, object] = {"schedule": row.id, "due": due, "risk": verdict.explained()}
        if verdict.outcome == "refuse":
            raise Refused(verdict.rules)
        if verdict.outcome in ("approval", "person"):
            told |= {"result": "held", "workflow": self._hold(session, row, proposal, now)}
        else:
            legs = transfers.legs(session, proposal)
            told["entry"] = ledger.post(session, legs, at=now, proposal_id=proposal.id).id
        row.due_on = row.try_on = following(row.first_on, row.every, due)
        row.attempts = 0
        return told

    def _hold(
        self, session: Session, row: ScheduleRow, proposal: ProposalRow, now: datetime
    ) -> str:
        """Let people decide about an occurrence, and say so; gives the workflow that makes it."""
        transfers.keep(session, proposal, now)
        bills.pass_on(session, row.id, proposal.id)
        self._tell_customer(session, row, "payment_held")
        return office.start(session, transfers.HELD, proposal.id, now)

    def _failed(self, session: Session, schedule_id: str, reason: str) -> None:
        """Try again tomorrow; after the last try go on with the next occurrence, and say so."""
        row = session.get_one(ScheduleRow, schedule_id, with_for_update=True)
        today = self._desk.now().date()
        if row.try_on is None or row.try_on > today or row.due_on is None:
            return
        row.attempts += 1
        row.try_on = today + timedelta(days=1)
        if row.attempts >= TRIES:
            self._tell_customer(session, row, "payment_failed")
            row.due_on = row.try_on = following(row.first_on, row.every, max(row.due_on, today))
            bills.release(session, schedule_id)
            row.attempts = 0
        logger.info("bank.scheduled_failed", extra={"reason": reason, "attempts": row.attempts})

    def _tell_customer(self, session: Session, row: ScheduleRow, kind: str) -> None:
        told = schedule_value(session, row)
        values = {
            "amount": f"{told.amount:,.2f} {told.currency}",
            "payee": told.to,
            "day": told.due_on.isoformat(),
        }
        customer = session.get_one(CustomerRow, row.customer_id)
        key = f"{kind}:{row.id}:{told.due_on.isoformat()}"
        try:
            outbox.post(session, customer, "sms", kind, values, key=key, now=self._desk.now())
        except NoAddress:
            logger.warning("bank.nobody_told", extra={"kind": kind})


def _audited(schedule: Schedule) -> dict[str, object]:
    return {
        "schedule": schedule.id,
        "amount": f"{schedule.amount} {schedule.currency}",
        "every": schedule.every,
        "due": schedule.due_on,
    }


def pending(session: Session, customer_id: int) -> tuple[Schedule, ...]:
    """The customer's payments that are still to come, the next one first."""
    query = select(ScheduleRow).where(
        ScheduleRow.customer_id == customer_id, ScheduleRow.due_on.is_not(None)
    )
    rows = session.scalars(query.order_by(ScheduleRow.due_on, ScheduleRow.id))
    return tuple(schedule_value(session, row) for row in rows)


def schedule_value(session: Session, row: ScheduleRow) -> Schedule:
    """The payment as the dialog sees it."""
    payee = session.get(PayeeRow, row.to_payee_id) if row.to_payee_id else None
    account = session.get(AccountRow, row.to_account_id) if row.to_account_id else None
    return Schedule(
        id=row.id,
        amount=to_major(row.amount_minor),
        currency=row.currency,
        to=payee.name if payee else account.kind if account else "",
        every=row.every,  # type: ignore[arg-type]
        due_on=row.due_on or row.first_on,
    )
