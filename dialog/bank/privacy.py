"""What the bank knows of a customer, given to them, or erased as far as the law lets it be.

The books stay (a bank must keep them) and so does the audit, which names nobody: what is erased
is who the number was, what they said, where letters go, and every key to their calls.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    UpdateBase,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from dialog.bank import cases, tasks
from dialog.bank.bill_tables import BillRow
from dialog.bank.card_orders import REPLACE
from dialog.bank.desk import Deed, Desk, person
from dialog.bank.loans.tables import LoanRow
from dialog.bank.office_tables import TaskRow, TaskVoteRow
from dialog.bank.order_tables import OrderRow, TripRow
from dialog.bank.outbox import WIPED_KINDS, shown
from dialog.bank.products.tables import UNSEEN, ProfileRow, RecommendationRow
from dialog.bank.surveys import SurveyRow
from dialog.bank.tables import (
    ERASED,
    AccountRow,
    Base,
    CardEventRow,
    CardRow,
    CaseRow,
    CodeRow,
    CustomerRow,
    EntryRow,
    KnownAddressRow,
    MessageRow,
    PayeeProposalRow,
    PayeeRow,
    PostingRow,
    ProposalRow,
    ScheduleRow,
    TryRow,
)
from dialog.bank.tries import BLOCK_NUMBER, PIN_NUMBER
from dialog.bank.vault import destroy_keys
from dialog.bank.waiting_line import WaitingRow
from dialog.errors import UnknownAccount

MOST_KEYS = 1000
"""How many a statement names; databases limit it."""

SECRET = {"pin_hash", "mac", "code_hash", "wrapped"}

WORDS: dict[type[Base], dict[str, Any]] = {
    OrderRow: {"terms": "{}"},
    TripRow: {"place": ERASED},
    SurveyRow: {"words": ERASED},
    CaseRow: {"words": ERASED, "answer": ERASED},
    TaskVoteRow: {"note": ""},
    TaskRow: {"summary": ERASED},
    WaitingRow: {"summary": ERASED, "mood": "calm"},
    MessageRow: {"address": ERASED, "body": ""},
    PayeeProposalRow: {"name": ERASED, "routing": "", "account_number": ""},
    ProposalRow: {"mood": "calm"},
    RecommendationRow: {"seen": UNSEEN},
    LoanRow: {"income_minor": 0, "employment": ERASED, "assessment": "{}"},
}
"""What callers told and what was written to them, and what stands there once it is gone."""


class Privacy:
    """Exports and erases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def export(self, number: str, *, by: str) -> dict[str, Any]:
        """Everything that is kept of a customer, as JSON but for their calls (Vault).

        Args:
            number: The customer's.
            by: Who wants to know, for the audit.

        Raises:
            UnknownAccount: No such customer.
        """

        def read(session: Session) -> dict[str, Any]:
            customer = _customer(session, number)
            told: dict[str, Any] = {"customer": _as_json(customer)}
            for mapper in Base.registry.mappers:
                kind: type[Base] = mapper.class_
                if "customer_id" in kind.__table__.c:
                    rows = session.scalars(select(kind).filter_by(customer_id=customer.id))
                    told[kind.__tablename__] = [_as_json(row) for row in rows]
            for letter in told["messages"]:
                letter["body"] = shown(letter["kind"], letter["body"])
            cards = select(CardRow.id).where(CardRow.customer_id == customer.id)
            events = session.scalars(select(CardEventRow).where(CardEventRow.card_id.in_(cards)))
            told["card_events"] = [_as_json(row) for row in events]
            told["tries"] = [_as_json(row) for row in _tries(session, customer)]
            told["transactions"] = _transactions(session, customer.id)
            return told

        deed = Deed("export_customer", person(by))
        return self._desk.do(deed, read, lambda told: {"customer": told["customer"]["id"]})

    def forget_before(self, when: datetime, *, by: str) -> int:
        """Blank what was told and written in matters that were over before an instant, and forget
        codes, counted tries and callers' addresses that nobody used since.

        Returns:
            How many rows were blanked or deleted. The books and the audit stay, and so do a
            customer's own data.
        """

        def forget(session: Session) -> int:
            count = 0
            for kind, condition in _over(when).items():
                columns = kind.__table__.c
                kept = or_(*(columns[name] != blank for name, blank in WORDS[kind].items()))
                blanked = update(kind).where(condition, kept).values(**WORDS[kind])
                count += _changed(session, blanked)
            for kind, condition in _unused(when).items():
                count += _changed(session, delete(kind).where(condition))
            return count

        return self._desk.do(Deed("forget_words", person(by)), forget, lambda n: {"rows": n})

    def letters_over(self, copies: Iterable[str]) -> set[str]:
        """Which letters, of those with these keys, nobody may keep a copy of: blanked ones, and
        codes too old to be taken."""
        taken = self._desk.now() - self._desk.settings.code_lifetime
        code = and_(MessageRow.kind.startswith(WIPED_KINDS), MessageRow.created_at < taken)
        query = select(MessageRow.key).where(or_(MessageRow.address == ERASED, code))
        left, found = iter(copies), set[str]()
        while keys := list(islice(left, MOST_KEYS)):
            with self._desk.reading() as session:
                found |= set(session.scalars(query.where(MessageRow.key.in_(keys))))
        return found

    def erase(self, number: str, *, by: str) -> list[str]:
        """Erase a customer; gives the calls whose keys were destroyed.

        Raises:
            UnknownAccount: No such customer, or their accounts still hold money.
        """

        def erase(session: Session) -> tuple[int, list[str]]:
            customer = _customer(session, number, lock=True)
            held = select(AccountRow.id).where(AccountRow.customer_id == customer.id)
            if session.scalar(held.where(AccountRow.balance_minor != 0).limit(1)) is not None:
                raise UnknownAccount("the accounts still hold money: close them first")
            now = self._desk.now()
            cases.close_all(session, customer.id, ERASED, now)
            tasks.decline_all(session, customer.id, now)
            session.flush()
            _blank(session, customer)
            return customer.id, destroy_keys(session, customer.id)

        deed = Deed("erase_customer", person(by))
        done = self._desk.do(deed, erase, lambda told: {"customer": told[0], "calls": len(told[1])})
        return done[1]


def _over(when: datetime) -> dict[type[Base], ColumnElement[bool]]:
    """By table, which matters were over before an instant."""
    decided = TaskRow.decided_at < when
    return {
        # Whoever activates the new card needs to know the old one; it says nothing else.
        OrderRow: and_(OrderRow.expires_at < when, OrderRow.kind != REPLACE),
        TripRow: TripRow.last_on < when.date(),
        SurveyRow: SurveyRow.at < when,
        CaseRow: CaseRow.closed_at < when,
        TaskVoteRow: TaskVoteRow.task_id.in_(select(TaskRow.id).where(decided)),
        TaskRow: decided,
        WaitingRow: WaitingRow.since < when,
        MessageRow: MessageRow.created_at < when,
        PayeeProposalRow: PayeeProposalRow.expires_at < when,
        ProposalRow: ProposalRow.expires_at < when,
        RecommendationRow: RecommendationRow.made_at < when,
        LoanRow: and_(LoanRow.applied_at < when, LoanRow.outcome != "person"),
    }


def _unused(when: datetime) -> dict[type[Base], ColumnElement[bool]]:
    """By table, what nobody used since an instant."""
    return {
        KnownAddressRow: KnownAddressRow.last_at < when,
        CodeRow: CodeRow.expires_at < when,
        TryRow: func.coalesce(TryRow.locked_until, TryRow.since) < when,
    }


def _changed(session: Session, statement: UpdateBase) -> int:
    """How many rows a statement changed."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _customer(session: Session, number: str, *, lock: bool = False) -> CustomerRow:
    query = select(CustomerRow).where(CustomerRow.number == number)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise UnknownAccount("no customer has this number")
    return found


def _blank(session: Session, customer: CustomerRow) -> None:
    """Take out of every row who the customer was and what they said."""
    tasks_of = select(TaskRow.id).where(TaskRow.customer_id == customer.id)
    mine: dict[type[Base], dict[str, Any]] = {**WORDS, BillRow: {"reference": ERASED}}
    for kind, values in mine.items():
        columns = kind.__table__.c
        theirs = (
            columns["customer_id"] == customer.id
            if "customer_id" in columns
            else columns["task_id"].in_(tasks_of)
        )
        session.execute(update(kind).where(theirs).values(**values))
    for payee in session.scalars(select(PayeeRow).where(PayeeRow.customer_id == customer.id)):
        payee.name, payee.account_number, payee.routing = f"{ERASED} {payee.id}", "", None
    for schedule in session.scalars(
        select(ScheduleRow).where(ScheduleRow.customer_id == customer.id)
    ):
        schedule.due_on = schedule.try_on = None
    for card in session.scalars(select(CardRow).where(CardRow.customer_id == customer.id)):
        card.status = "blocked"
    for kind_ in (KnownAddressRow, CodeRow, ProfileRow):
        for row in session.scalars(select(kind_).where(kind_.customer_id == customer.id)):
            session.delete(row)
    for tried in _tries(session, customer):
        session.delete(tried)
    customer.first_name = customer.last_name = ERASED
    customer.number, customer.pin_hash = f"x{customer.id:07d}"[-8:], ERASED
    customer.phone = customer.email = None


def _tries(session: Session, customer: CustomerRow) -> list[TryRow]:
    """The counters that are kept under the customer's number."""
    scopes = (PIN_NUMBER, BLOCK_NUMBER)
    query = select(TryRow).where(TryRow.subject == customer.number, TryRow.scope.in_(scopes))
    return list(session.scalars(query.order_by(TryRow.scope)))


def _transactions(session: Session, customer_id: int) -> list[dict[str, Any]]:
    query = (
        select(PostingRow, EntryRow.booked_on)
        .join(EntryRow, EntryRow.id == PostingRow.entry_id)
        .join(AccountRow, AccountRow.id == PostingRow.account_id)
        .where(AccountRow.customer_id == customer_id)
        .order_by(PostingRow.id)
    )
    return [{**_as_json(row), "day": str(day)} for row, day in session.execute(query)]


def _as_json(row: Base) -> dict[str, Any]:
    """A row's columns; hashes of secrets are left out."""
    values = {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in SECRET}
    return {
        k: v if isinstance(v, (int, str, bool, type(None))) else str(v) for k, v in values.items()
    }
