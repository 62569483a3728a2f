"""The bank as the dialog uses it: every method is one transaction, and blocks."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dialog.bank import cards, ledger, login, migrate, searches, transfers, tries, views
from dialog.bank.audit import Audit
from dialog.bank.audit_check import AuditReport, check_audit
from dialog.bank.cases import Cases
from dialog.bank.checkpoints import Checkpoint, Checkpoints
from dialog.bank.codes import Codes
from dialog.bank.database import Database
from dialog.bank.desk import Deed, Desk, person
from dialog.bank.loans.applications import Loans
from dialog.bank.office import OfficeEvents
from dialog.bank.order_kinds import order_kinds
from dialog.bank.orders import Orders
from dialog.bank.outbox import Connector, Outbox
from dialog.bank.paperwork import Paperwork
from dialog.bank.payees import Payees
from dialog.bank.payments import Payments
from dialog.bank.pins import PinHasher
from dialog.bank.privacy import Privacy
from dialog.bank.products.advice import Advice
from dialog.bank.schedules import Schedules
from dialog.bank.session import CallSession
from dialog.bank.settings import BankSettings
from dialog.bank.statements import Statements
from dialog.bank.surveys import Surveys
from dialog.bank.tasks import Tasks
from dialog.bank.values import (
    Authentication,
    Card,
    CardKind,
    Facts,
    Found,
    Proposed,
    Receipt,
    Search,
    Spending,
    Transaction,
    TransferOrder,
)
from dialog.bank.vault import Vault
from dialog.bank.waiting_line import WaitingLine
from dialog.errors import ProposalSpent, RateLimited

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Bank:
    """Accounts, cards and the ledger, on SQLite or PostgreSQL.

    Attributes:
        codes: One-time codes for what looks risky.
        schedules: Payments of later days.
        cases: Complaints and suggestions.
        payees: Adding somebody to pay.
        payments: What became of payments.
        statements: By e-mail.
        office: What the back office has still to hear.
        tasks: What people have to decide.
        paperwork: What its workflows do at the bank.
        loans: Applications, and what the scorecard says.
        privacy: What is known of a customer, exported and erased.
        surveys: What callers said of their calls.
        line: Callers who wait for a person.
        advice: What is recommended to a customer, and the profile behind it.
        orders: What is read back, confirmed and done once, but for transfers.

    May be shared by threads. Every method blocks (authenticate for the time of an argon2 hash):
    keep it off an event loop. Any of them raises BankUnavailable where the database does not
    answer, and then nothing was done.
    """

    def __init__(
        self,
        url: str,
        *,
        pepper: bytes,
        clock: Callable[[], datetime] = utc_now,
        settings: BankSettings | None = None,
        checkpoints: Path | None = None,
    ) -> None:
        """Open a bank whose schema is in place (dialog.bank.migrate.upgrade).

        Args:
            url: sqlite:///path or postgresql+psycopg://user@host/database.
            pepper: The secret that PINs were stored with; 32 random bytes are right.
            clock: Tells the time, with a zone; the day in that zone is the day of booking.
            settings: Limits, lock-outs and costs.
            checkpoints: File outside the database that is told how far the audit has come.

        Raises:
            BankError: The url is none of a bank, or its schema is not this version's.
            BankUnavailable: The database does not answer.
        """
        self._database = Database(url, wait_s=(settings or BankSettings()).wait_s)
        outside = Checkpoints(checkpoints, pepper, clock) if checkpoints else None
        self._desk = Desk(self._database, Audit(pepper, outside), settings or BankSettings(), clock)
        self.orders = Orders(self._desk, order_kinds(self._settings))
        self.codes = Codes(self._desk, pepper, self.orders.letter)
        self.schedules = Schedules(self._desk)
        self.cases = Cases(self._desk)
        self.payees = Payees(self._desk)
        self.payments = Payments(self._desk)
        self.statements = Statements(self._desk)
        self.office = OfficeEvents(self._desk)
        self.tasks = Tasks(self._desk)
        self.loans = Loans(self._desk)
        self.privacy = Privacy(self._desk)
        self.surveys = Surveys(self._desk)
        self.advice = Advice(self._desk)
        self.line = WaitingLine(self._desk)
        self.paperwork = Paperwork(self._desk)
        self._login = login.Login(self._desk, PinHasher(pepper, self._settings.pin_cost), pepper)
        migrate.require_current(self._database)

    @property
    def _settings(self) -> BankSettings:
        return self._desk.settings

    @staticmethod
    def is_customer_number(number: str) -> bool:
        """Whether it could be a customer number: 8 digits, the last a Verhoeff check digit."""
        return login.is_customer_number(number)

    def authenticate(
        self, number: str, pin: str, *, call_id: str, address: str | None = None
    ) -> Authentication:
        """Whether this is the customer: never which of number and PIN was wrong.

        Three wrong PINs lock a number for strangers, whether or not anybody has it, and the call;
        a locked one stays so for the right PIN too. An address that the customer has logged in
        from before has tries of its own.

        Args:
            number: As it was said or typed.
            pin: As it was said or typed.
            call_id: The call.
            address: Channel and caller id, where the network tells one.
        """
        return self._login.authenticate(number, pin, call_id=call_id, address=address)

    def facts(self, customer_id: int) -> Facts:
        """What the dialog may know of an authenticated customer.

        Raises:
            UnknownAccount: No such customer.
        """
        with self._database.reading() as session:
            return views.facts(session, customer_id, self._settings, self._now())

    def transactions(
        self, account_id: int, customer_id: int, *, limit: int = 5
    ) -> tuple[Transaction, ...]:
        """The latest transactions on an account, the newest first.

        Raises:
            UnknownAccount: The customer has no such account.
        """
        with self._database.reading() as session:
            transfers.own_account(session, account_id, customer_id)
            return views.transactions(session, account_id, limit)

    def find_transactions(self, customer_id: int, search: Search) -> Found:
        """The customer's transactions that fit a search."""
        with self._database.reading() as session:
            return searches.find(session, customer_id, search)

    def spending(self, customer_id: int, search: Search) -> Spending:
        """What the customer spent on what; transfers between own accounts do not count."""
        with self._database.reading() as session:
            return searches.spending(session, customer_id, search)

    def propose_transfer(self, order: TransferOrder, *, call_id: str, proposal_id: str) -> Proposed:
        """Store a transfer when its amount and payee are read back; it expires.

        Does not look at the funds: execute_transfer does. The same proposal again is taken.

        Raises:
            InvalidAmount, AmountOverLimit, WrongCurrency, UnknownAccount: It cannot be done.
            Refused, NeedsPerson: A risk rule forbids it.
            ProposalSpent: The id stands for another transfer.
        """
        now = self._now()

        def propose(session: Session) -> Proposed:
            return transfers.propose(
                session,
                order,
                call_id=call_id,
                proposal_id=proposal_id,
                now=now,
                settings=self._settings,
            )

        return self._desk.do(
            Deed("propose_transfer", call_id, order.customer_id),
            propose,
            lambda told: {"proposal": proposal_id, "risk": told.verdict.explained()},
        )

    def execute_transfer(
        self, proposal_id: str, *, customer_id: int, call_id: str, mood: str | None = None
    ) -> Receipt:
        """Move the money of a confirmed proposal, once.

        A second call, at any time, moves nothing and returns the same receipt with repeated set.
        mood is how the caller feels as they confirm.

        Raises:
            InsufficientFunds, UnknownAccount, AmountOverLimit: The facts no longer allow it.
            Refused, NeedsPerson, CodeNeeded: A risk rule does not, as things are now.
            ProposalSpent: Unknown, expired, or of another call or customer.
            OutcomeUnknown: The database went away during the commit; ask again.
        """
        now = self._now()
        posted: set[int] = set()

        def execute(session: Session) -> Receipt:
            receipt = transfers.execute(
                session,
                proposal_id,
                customer_id=customer_id,
                call_id=call_id,
                now=now,
                settings=self._settings,
                mood=mood,
            )
            if not receipt.repeated:
                posted.add(receipt.journal_id)
            return receipt

        receipt = self._desk.do(Deed("transfer", call_id, customer_id), execute, transfers.audited)
        if receipt.journal_id in posted:
            # A commit whose answer was lost: the second run found the first run's entry.
            receipt = replace(receipt, repeated=False)
        logger.info(
            "bank.transfer",
            extra={
                "call_id": call_id,
                "journal_id": receipt.journal_id,
                "repeated": receipt.repeated,
            },
        )
        return receipt

    def hold_transfer(
        self, proposal_id: str, *, customer_id: int, call_id: str, mood: str | None = None
    ) -> None:
        """Let two people decide about a confirmed transfer; a second time changes nothing.

        Raises:
            Refused, NeedsPerson, CodeNeeded: A risk rule does not allow it.
            ProposalSpent: Unknown, expired, or of another call or customer.
        """
        now = self._now()

        def hold(session: Session) -> str:
            return transfers.hold(
                session,
                proposal_id,
                customer_id=customer_id,
                call_id=call_id,
                now=now,
                settings=self._settings,
                mood=mood,
            )

        deed = Deed("hold_transfer", call_id, customer_id)
        self._desk.do(deed, hold, lambda _: {"proposal": proposal_id})

    def decline_held(self, proposal_id: str) -> str:
        """End a held transfer that was not agreed to; "declined", or "made" if it was made."""
        held, now = self.paperwork.held(proposal_id), self._now()
        deed = Deed("decline_transfer", held.call_id, held.customer_id)
        return self._desk.do(
            deed,
            lambda session: transfers.decline(session, proposal_id, now),
            lambda outcome: {"proposal": proposal_id, "outcome": outcome},
        )

    def execute_approved(self, proposal_id: str) -> Receipt:
        """Move the money of a held transfer that two people have agreed to, once.

        Raises:
            InsufficientFunds, UnknownAccount: The facts no longer allow it.
            Refused, NeedsPerson: A risk rule does not, as things are now.
            ProposalSpent: There is none, or two people have not agreed.
        """
        now = self._now()
        task = self.tasks.get(f"{proposal_id}:approval")
        if task.decision != "approved":
            raise ProposalSpent("two people have not agreed to this transfer")
        held = self.paperwork.held(proposal_id)

        def execute(session: Session) -> Receipt:
            return transfers.execute(
                session,
                proposal_id,
                customer_id=held.customer_id,
                call_id=held.call_id,
                now=now,
                settings=self._settings,
                approved=True,
            )

        deed = Deed("transfer", held.call_id, held.customer_id)
        return self._desk.do(deed, execute, transfers.audited)

    def block_card(self, card_id: int, *, customer_id: int, call_id: str, reason: str) -> Card:
        """Block a card of an authenticated customer; a blocked one stays blocked.

        Raises:
            UnknownAccount: The customer has no such card.
        """
        now = self._now()

        def block(session: Session) -> Card:
            row = cards.block_own(
                session,
                card_id,
                customer_id=customer_id,
                call_id=call_id,
                reason=reason,
                now=now,
            )
            return cards.card_value(row, self._settings.card_limits)

        deed = Deed("block_card", call_id, customer_id)
        return self._desk.do(deed, block, lambda card: {"card": card.id, "why": reason})

    def emergency_block(
        self, number: str, kind: CardKind | None, *, call_id: str, address: str | None = None
    ) -> None:
        """Block the cards of a kind (None: all) of whoever has this number, without a PIN.

        Answers the same whether or not anybody has it. Never unblocks.

        Raises:
            RateLimited: Too many for this number, in this call or from this address; hand the
                caller to a person.
        """
        possible = number if self.is_customer_number(number) else None
        now, policy, hashed = self._now(), self._settings.lockout, self._login.hashed(address)

        def block(session: Session) -> int:
            if not tries.count_block(
                session, policy, number=possible, call_id=call_id, address=hashed, now=now
            ):
                raise RateLimited("too many emergency blocks; hand the caller to a person")
            if possible is None:
                return 0
            return cards.block_by_number(session, possible, kind, call_id=call_id, now=now)

        deed = Deed("emergency_block", call_id)
        blocked = self._desk.do(deed, block, lambda count: {"cards": count})
        logger.info("bank.emergency_block", extra={"call_id": call_id, "cards": blocked})

    def check(self) -> None:
        """Prove the books: entries sum to zero, balances are the sums of their postings.

        Raises:
            LedgerError: Names the rule that is broken, and where.
        """
        with self._database.reading() as session:
            ledger.check(session)

    def check_audit(
        self,
        checkpoints: Iterable[Checkpoint] = (),
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> AuditReport:
        """Prove the audit: nothing in it was changed, removed, moved, cut off or made anew.

        Args:
            checkpoints: Of all processes that served this bank (checkpoints.read_checkpoints).
            progress: Told how many rows are done, of how many.
        """
        with self._database.reading() as session:
            return check_audit(session, self._desk.audit.key, checkpoints, progress)

    def audit_rows(self, last: int, call_id: str | None = None) -> list[dict[str, Any]]:
        """The latest rows of the audit, the newest last, as JSON; of one call if it is named."""
        with self._database.reading() as session:
            return views.audit_rows(session, last, call_id)

    def note(self, action: str, *, by: str, **told: object) -> None:
        """Write down what somebody is about to do beside the books; told is ids, no words."""
        self._desk.do(Deed(action, person(by)), lambda _: None, lambda _: told)

    def outbox(self, connectors: Mapping[str, Connector]) -> Outbox:
        """Carries the bank's letters with these connectors, by channel ("sms", "email")."""
        return Outbox(self._desk, connectors)

    def vault(self, ring: Sequence[bytes]) -> Vault:
        """Seals what is said in calls, with the ring of keys that the settings name."""
        return Vault(self._desk, ring)

    def letters(self, *, unsent: bool = False) -> list[dict[str, Any]]:
        """The bank's letters, oldest first, as JSON, codes that wait included; only those that
        wait, if asked for."""
        with self._database.reading() as session:
            return views.letters(session, unsent=unsent)

    def books(self) -> dict[str, Any]:
        """Customers, balances, cards, payees and customers' transfers, oldest first, as JSON."""
        with self._database.reading() as session:
            return views.books(session)

    def now(self) -> datetime:
        """The bank's time."""
        return self._now()

    def session(self) -> CallSession:
        """Of a call that begins: how long its caller stays identified."""
        return CallSession(self._settings.session_idle, self._settings.session_lifetime)

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()

    def _now(self) -> datetime:
        return self._desk.now()
