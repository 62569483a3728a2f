"""Carrying acts out at the bank: each one call, and every way it can end as an outcome."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dialog.bank.bank import Bank
from dialog.bank.cards import PHONE
from dialog.bank.payees import ALWAYS
from dialog.bank.values import CaseKind
from dialog.decision import Act, Outcome
from dialog.errors import BankError, BankUnavailable, OutcomeUnknown, Refused

logger = logging.getLogger(__name__)

Told = tuple[str, Mapping[str, object]]
"""A result and what the bank told."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which call an act comes from, and from which address (channel and caller id), if any."""

    call_id: str
    address: str | None = None


def carry_out(act: Act, bank: Bank, origin: Origin) -> Outcome:
    """Do an act, once; whatever happens becomes an outcome that can be spoken about.

    An exception's text may hold what must not be written down, so only its type is logged.
    """
    try:
        result, values = ACTS[act.name](act, bank, origin)
    except OutcomeUnknown:
        return _ask_again(act, bank, origin)
    except BankUnavailable:
        result, values = "unavailable", {}
    except Exception as error:
        known = error.result if isinstance(error, BankError) else ""
        if not known:
            logger.error("act_failed", extra={"act": act.name, "error": type(error).__name__})
        result, values = known or "failed", _rules(error)
    return Outcome(act.name, result, values)


def _rules(error: Exception) -> Mapping[str, object]:
    """The rules that refused, for the replies."""
    return {"rules": error.details} if isinstance(error, Refused) else {}


def _ask_again(act: Act, bank: Bank, origin: Origin) -> Outcome:
    """The connection broke during the commit: the same act with the same id tells which it was."""
    try:
        result, values = ACTS[act.name](act, bank, origin)
    except Exception as error:
        logger.error("act_uncertain", extra={"act": act.name, "error": type(error).__name__})
        return Outcome(act.name, "failed")
    return Outcome(act.name, "ok" if result == "repeated" else result, values)


def _authenticate(act: Act, bank: Bank, origin: Origin) -> Told:
    number: Any = act.arguments["number"]
    answer = bank.authenticate(
        number, act.secret or "", call_id=origin.call_id, address=origin.address
    )
    if answer.customer_id is not None:
        return "ok", {"customer_id": answer.customer_id, "first_name": answer.first_name}
    return "locked" if answer.locked else "wrong", {"tries_left": answer.tries_left}


def _list_transactions(act: Act, bank: Bank, origin: Origin) -> Told:
    account: Any = act.arguments["account_id"]
    customer: Any = act.arguments["customer_id"]
    return "ok", {"transactions": bank.transactions(account, customer, limit=SPOKEN)}


def _find_transactions(act: Act, bank: Bank, origin: Origin) -> Told:
    search: Any = act.arguments["search"]
    customer: Any = act.arguments["customer_id"]
    found = bank.find_transactions(customer, search)
    if not found.latest and search.or_amount is not None:
        found = bank.find_transactions(customer, replace(search, amount=search.or_amount))
    return "ok", {"found": found, "transactions": found.latest}


def _spending(act: Act, bank: Bank, origin: Origin) -> Told:
    search: Any = act.arguments["search"]
    customer: Any = act.arguments["customer_id"]
    return "ok", {"spending": bank.spending(customer, search)}


def _propose_transfer(act: Act, bank: Bank, origin: Origin) -> Told:
    order: Any = act.arguments["order"]
    told = bank.propose_transfer(order, call_id=origin.call_id, proposal_id=act.id)
    result = "code" if told.needs_code else "sent_before" if told.sent_before else "ok"
    return result, {"sent_before": told.sent_before, "rules": told.verdict.rules}


def _execute_transfer(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    mood: Any = act.arguments["mood"]
    receipt = bank.execute_transfer(
        proposal, customer_id=customer, call_id=origin.call_id, mood=mood
    )
    return "repeated" if receipt.repeated else "ok", {"receipt": receipt}


def _hold_transfer(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    mood: Any = act.arguments["mood"]
    bank.hold_transfer(proposal, customer_id=customer, call_id=origin.call_id, mood=mood)
    return "ok", {}


def _arrange_payment(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    mood: Any = act.arguments["mood"]
    bank.schedules.arrange(proposal, customer_id=customer, call_id=origin.call_id, mood=mood)
    return "ok", {}


def _cancel_payment(act: Act, bank: Bank, origin: Origin) -> Told:
    schedule: Any = act.arguments["schedule_id"]
    customer: Any = act.arguments["customer_id"]
    bank.schedules.cancel(schedule, customer_id=customer, call_id=origin.call_id)
    return "ok", {}


def _propose_payee(act: Act, bank: Bank, origin: Origin) -> Told:
    new: Any = act.arguments["new"]
    customer: Any = act.arguments["customer_id"]
    name = bank.payees.propose(
        new, customer_id=customer, call_id=origin.call_id, proposal_id=act.id
    )
    return "ok", {"name": name, "rules": (ALWAYS,)}


def _add_payee(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    bank.payees.add(proposal, customer_id=customer, call_id=origin.call_id)
    return "ok", {}


def _order_statement(act: Act, bank: Bank, origin: Origin) -> Told:
    account: Any = act.arguments["account_id"]
    first: Any = act.arguments["first"]
    last: Any = act.arguments["last"]
    customer: Any = act.arguments["customer_id"]
    bank.statements.order(
        account,
        first,
        last,
        customer_id=customer,
        call_id=origin.call_id,
        request_id=act.id,
    )
    return "ok", {}


def _open_complaint(act: Act, bank: Bank, origin: Origin) -> Told:
    return _open_case("complaint", act, bank, origin)


def _open_suggestion(act: Act, bank: Bank, origin: Origin) -> Told:
    return _open_case("suggestion", act, bank, origin)


def _open_case(kind: CaseKind, act: Act, bank: Bank, origin: Origin) -> Told:
    words: Any = act.arguments["words"]
    customer: Any = act.arguments["customer_id"]
    first: Any = act.arguments["first"]
    case = bank.cases.open(
        kind, words, customer_id=customer, call_id=origin.call_id, request_id=act.id, first=first
    )
    return "ok", {"case": case}


def _send_code(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    phone = bank.codes.send(proposal, customer_id=customer, call_id=origin.call_id)
    return "ok", {"phone": phone}


def _check_code(act: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = act.arguments["proposal_id"]
    customer: Any = act.arguments["customer_id"]
    code = act.secret or ""
    bank.codes.check(proposal, code, customer_id=customer, call_id=origin.call_id)
    return "ok", {}


def _block_card(act: Act, bank: Bank, origin: Origin) -> Told:
    card: Any = act.arguments["card_id"]
    customer: Any = act.arguments["customer_id"]
    bank.block_card(card, customer_id=customer, call_id=origin.call_id, reason=PHONE)
    return "ok", {}


def _emergency_block(act: Act, bank: Bank, origin: Origin) -> Told:
    number: Any = act.arguments["number"]
    kind: Any = act.arguments["kind"]
    bank.emergency_block(number, kind, call_id=origin.call_id, address=origin.address)
    return "ok", {}


SPOKEN = 3
"""How many transactions a caller can listen to in one go."""

CarryOut = Callable[[Act, Bank, Origin], Told]

ACTS: dict[str, CarryOut] = {
    "authenticate": _authenticate,
    "list_transactions": _list_transactions,
    "find_transactions": _find_transactions,
    "spending": _spending,
    "propose_transfer": _propose_transfer,
    "execute_transfer": _execute_transfer,
    "hold_transfer": _hold_transfer,
    "arrange_payment": _arrange_payment,
    "cancel_payment": _cancel_payment,
    "propose_payee": _propose_payee,
    "add_payee": _add_payee,
    "order_statement": _order_statement,
    "open_complaint": _open_complaint,
    "open_suggestion": _open_suggestion,
    "send_code": _send_code,
    "check_code": _check_code,
    "block_card": _block_card,
    "emergency_block": _emergency_block,
}
