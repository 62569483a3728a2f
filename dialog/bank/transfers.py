"""A transfer: proposed when it is read back, executed once when it is confirmed."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import bills, codes, holds, ledger, office
from dialog.bank.erased import held
from dialog.bank.ledger import Leg
from dialog.bank.money import require_currency, to_major, transfer_minor
from dialog.bank.risk import Rule, Verdict, judge, needs_code, require_allowed
from dialog.bank.settings import BankSettings
from dialog.bank.signals import features
from dialog.bank.tables import (
    CLEARING,
    AccountRow,
    EntryRow,
    PayeeRow,
    PostingRow,
    ProposalRow,
)
from dialog.bank.values import Proposed, Receipt, TransferOrder
from dialog.errors import (
    BankError,
    CodeNeeded,
    InvalidDay,
    NeedsApproval,
    ProposalSpent,
    UnknownAccount,
)

HELD = "held_transfer"
"""The workflow of a transfer that two people have to agree to."""


def propose(
    session: Session,
    order: TransferOrder,
    *,
    call_id: str,
    proposal_id: str,
    now: datetime,
    settings: BankSettings,
) -> Proposed:
    """Store what was read back. The same proposal again changes nothing; funds are not looked at.

    Raises:
        Refused, NeedsPerson: A risk rule forbids it.
        InvalidAmount, AmountOverLimit, WrongCurrency, UnknownAccount, InvalidDay, BillSettled: It
            cannot be.
        ProposalSpent: The id already stands for something else.
        CustomerErased: Nothing is moved for them any more.
    """
    held(session, order.customer_id)
    row = ProposalRow(
        id=proposal_id,
        customer_id=order.customer_id,
        call_id=call_id,
        from_account_id=order.from_account_id,
        to_account_id=order.to_account_id,
        to_payee_id=order.to_payee_id,
        amount_minor=transfer_minor(order.amount, settings.transfer_limit),
        currency=order.currency,
        proposed_at=now,
        expires_at=now + settings.proposal_lifetime,
        first_on=order.first_on,
        every=order.every if order.first_on else None,
        bill_id=order.bill_id,
        mood=order.mood,
    )
    if order.first_on is not None and order.first_on <= now.date():
        raise InvalidDay("the day is not a later one; give one from tomorrow on")
    _require_one_target(order)
    legs(session, row)
    bills.require_open(session, order, row.amount_minor)
    stored = session.get(ProposalRow, proposal_id)
    if stored is None:
        session.add(row)
    elif _terms(stored) != _terms(row):
        raise ProposalSpent("this proposal id stands for another transfer; use a new one")
    with session.no_autoflush:
        verdict = judge(settings.rules, features(session, row, now))
    require_allowed(verdict)
    again = _sent_lately(session, row, now - settings.same_transfer_within)
    return Proposed(sent_before=again, needs_code=needs_code(verdict), verdict=verdict)


def execute(
    session: Session,
    proposal_id: str,
    *,
    customer_id: int,
    call_id: str,
    now: datetime,
    settings: BankSettings,
    approved: bool = False,
    mood: str | None = None,
) -> Receipt:
    """Move the money, or find that it has been moved already.

    Args:
        session: A write transaction.
        proposal_id: That was read back.
        customer_id, call_id: Whose, in which call.
        now: When.
        settings: Limits and rules.
        approved: Two people have agreed, however long ago the caller did.
        mood: How the caller feels as they confirm, where they do.

    Raises:
        ProposalSpent: Unknown, expired, or of another call or customer.
        Refused, NeedsPerson, CodeNeeded: A risk rule forbids it, as things are now.
        InsufficientFunds, UnknownAccount, AmountOverLimit, BillSettled: What was true when it was
            read back is so no more.
    """
    proposal = open_proposal(session, proposal_id, customer_id, call_id)
    done = session.scalar(select(EntryRow).where(EntryRow.proposal_id == proposal_id))
    if done is not None:
        return _receipt(session, proposal, done, repeated=True)
    if (now >= proposal.expires_at and not approved) or proposal.first_on is not None:
        raise ProposalSpent("the proposal has expired; read the transfer back again")
    if proposal.declined_at is not None:
        raise ProposalSpent("two people have not agreed in time; read the transfer back again")
    transfer_minor(to_major(proposal.amount_minor), settings.transfer_limit)
    rules = settings.rules
    verdict = require_consent(session, proposal, rules, now, approved=approved, mood=mood)
    bills.claim(session, proposal)
    entry = ledger.post(session, legs(session, proposal), at=now, proposal_id=proposal_id)
    return replace(_receipt(session, proposal, entry, repeated=False), verdict=verdict)


def open_proposal(
    session: Session, proposal_id: str, customer_id: int, call_id: str
) -> ProposalRow:
    """The proposal, locked: a second "yes" at the same moment waits for it.

    Raises:
        ProposalSpent: There is none in this call of this customer.
        CustomerErased: Nothing is moved for them any more.
    """
    # Two transfers at once must not each find the day's limit unspent.
    held(session, customer_id)
    row = session.get(ProposalRow, proposal_id, with_for_update=True, populate_existing=True)
    if row is None or (row.customer_id, row.call_id) != (customer_id, call_id):
        raise ProposalSpent("there is no such proposal in this call; read the transfer back first")
    return row


def require_consent(
    session: Session,
    proposal: ProposalRow,
    rules: Sequence[Rule],
    now: datetime,
    *,
    approved: bool = False,
    mood: str | None = None,
) -> Verdict:
    """What the risk rules say as things are now, with the code that they want already given.

    The proposal is an open one (open_proposal): its customer is held.

    Two people who have agreed (approved) stand for all but a refusal.

    Who felt otherwise when it was read back than now (mood) is judged by the mood that the rules
    are stricter with, and that one is kept.

    Raises:
        Refused, NeedsPerson, CodeNeeded, NeedsApproval: They forbid it.
    """
    verdict = _judged(session, proposal, rules, now, mood)
    if approved and verdict.outcome != "refuse":
        return verdict
    require_allowed(verdict)
    if needs_code(verdict) and not codes.passed(session, proposal.id):
        raise CodeNeeded(verdict.rules)
    if verdict.outcome == "approval":
        raise NeedsApproval(verdict.rules)
    return verdict


def _judged(
    session: Session, proposal: ProposalRow, rules: Sequence[Rule], now: datetime, mood: str | None
) -> Verdict:
    before = judge(rules, features(session, proposal, now))
    if mood is None or "mood" not in before.features:
        return before
    current = judge(rules, {**before.features, "mood": mood})
    if current.weight <= before.weight:
        return before
    proposal.mood = mood
    return current


def hold(
    session: Session,
    proposal_id: str,
    *,
    customer_id: int,
    call_id: str,
    now: datetime,
    settings: BankSettings,
    mood: str | None = None,
) -> str:
    """Let two people decide about a confirmed transfer; gives the workflow that makes it.

    Raises:
        ProposalSpent: Unknown, expired, or of another call or customer.
        Refused, NeedsPerson, CodeNeeded: A risk rule does not allow it.
        BillSettled: Another payment pays its bill.
        InsufficientFunds: The money is not there: what is held is kept until they have decided.
    """
    proposal = open_proposal(session, proposal_id, customer_id, call_id)
    if now >= proposal.expires_at or proposal.first_on is not None:
        raise ProposalSpent("the proposal has expired; read the transfer back again")
    with suppress(NeedsApproval):
        require_consent(session, proposal, settings.rules, now, mood=mood)
    keep(session, proposal, now)
    bills.claim(session, proposal)
    return office.start(session, HELD, proposal_id, now)


def keep(session: Session, proposal: ProposalRow, now: datetime) -> None:
    """Keep the money of a transfer until people have decided about it.

    Raises:
        InsufficientFunds: It is not there.
    """
    source = ledger.lock_accounts(session, [proposal.from_account_id])[proposal.from_account_id]
    holds.require_free(session, source, proposal.amount_minor, but=proposal.id)
    proposal.held_at = proposal.held_at or now


def decline(session: Session, proposal_id: str, now: datetime) -> str:
    """End a held transfer that nobody may make any more; gives "made" where it was made before."""
    proposal = session.get_one(ProposalRow, proposal_id, with_for_update=True)
    if session.scalar(select(EntryRow.id).where(EntryRow.proposal_id == proposal_id)) is not None:
        return "made"
    proposal.declined_at = proposal.declined_at or now
    bills.release(session, proposal_id)
    return "declined"


def audited(receipt: Receipt) -> dict[str, object]:
    """What the audit keeps of a transfer."""
    return {
        "result": "repeated" if receipt.repeated else "ok",
        "risk": receipt.verdict.explained() if receipt.verdict else None,
        "proposal": receipt.proposal_id,
        "entry": receipt.journal_id,
        "amount": f"{receipt.amount} {receipt.currency}",
    }


def _require_one_target(order: TransferOrder) -> None:
    if (order.to_account_id is None) == (order.to_payee_id is None):
        raise BankError("a transfer goes to one own account or to one payee; give exactly one")
    if order.to_account_id == order.from_account_id:
        raise BankError("both accounts are the same; give two different ones")


def _sent_lately(session: Session, row: ProposalRow, since: datetime) -> bool:
    """The same amount to the same receiver, from whichever account."""
    with session.no_autoflush:
        sent = session.scalar(
            select(EntryRow.id)
            .join(ProposalRow, ProposalRow.id == EntryRow.proposal_id)
            .where(
                ProposalRow.customer_id == row.customer_id,
                ProposalRow.call_id != row.call_id,
                ProposalRow.to_account_id.is_not_distinct_from(row.to_account_id),
                ProposalRow.to_payee_id.is_not_distinct_from(row.to_payee_id),
                ProposalRow.amount_minor == row.amount_minor,
                EntryRow.recorded_at >= since,
            )
            .limit(1)
        )
    return sent is not None


def _terms(row: ProposalRow) -> tuple[object, ...]:
    target = (row.to_account_id, row.to_payee_id, row.first_on, row.every, row.bill_id)
    return (row.customer_id, row.call_id, row.from_account_id, *target, row.amount_minor)


def legs(session: Session, proposal: ProposalRow) -> tuple[Leg, Leg]:
    """Both sides of the transfer, each described as its account's owner will read it."""
    source = own_account(session, proposal.from_account_id, proposal.customer_id)
    require_currency(proposal.currency, source.currency)
    if proposal.to_payee_id is not None:
        payee = _own_payee(session, proposal.to_payee_id, proposal.customer_id)
        target = bank_account(session, CLEARING, source.currency)
        out, into = f"Transfer to {payee.name}", f"Transfer to {payee.name}"
    else:
        target = own_account(session, proposal.to_account_id, proposal.customer_id)
        require_currency(proposal.currency, target.currency)
        out, into = f"Transfer to {target.kind}", f"Transfer from {source.kind}"
    amount = proposal.amount_minor
    return Leg(source.id, -amount, out), Leg(target.id, amount, into)


def own_account(session: Session, account_id: int | None, customer_id: int) -> AccountRow:
    """The customer's account.

    Raises:
        UnknownAccount: There is none, or it is somebody else's.
    """
    row = None if account_id is None else session.get(AccountRow, account_id)
    if row is None or row.customer_id != customer_id:
        raise UnknownAccount("the customer has no such account; give one of their own")
    return row


def bank_account(session: Session, kind: str, currency: str) -> AccountRow:
    """The bank's own account of a kind.

    Raises:
        UnknownAccount: The bank has none in this currency.
    """
    row = session.scalar(
        select(AccountRow).where(
            AccountRow.customer_id.is_(None),
            AccountRow.kind == kind,
            AccountRow.currency == currency,
        )
    )
    if row is None:
        raise UnknownAccount(f"the bank has no {kind} account in {currency}; open one")
    return row


def _own_payee(session: Session, payee_id: int, customer_id: int) -> PayeeRow:
    row = session.get(PayeeRow, payee_id)
    if row is None or row.customer_id != customer_id:
        raise UnknownAccount("the customer has no such payee; give one of their own")
    return row


def _receipt(
    session: Session, proposal: ProposalRow, entry: EntryRow, *, repeated: bool
) -> Receipt:
    balance = session.scalars(
        select(PostingRow.balance_after_minor).where(
            PostingRow.entry_id == entry.id, PostingRow.account_id == proposal.from_account_id
        )
    ).one()
    return Receipt(
        proposal_id=proposal.id,
        journal_id=entry.id,
        amount=to_major(proposal.amount_minor),
        currency=proposal.currency,
        balance_after=to_major(balance),
        repeated=repeated,
    )
