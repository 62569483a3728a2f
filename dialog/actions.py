"""Acts that flows name with `act`: what each needs, gathered from a view. Nothing is done here;
`dialog.acts` carries them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dialog.bank.values import Account, NewPayee, Payee, TransferOrder
from dialog.view import View

Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Action:
    """What an act needs and may lead to.

    Attributes:
        gather: What it needs.
        results: Those that it may have besides the ones every act may have.
        effect: It changes something at the bank that the caller must be told of.
    """

    gather: Callable[[View], Arguments]
    results: frozenset[str]
    effect: bool = False


def authenticate(view: View) -> Arguments:
    """The number; the PIN travels apart."""
    return {"number": view.frame.slots["number"].value}


def list_transactions(view: View) -> Arguments:
    """The account whose transactions are asked for."""
    account = view.account("account")
    return {"account_id": account.id if account else 0, "customer_id": view.known.customer_id}


def search(view: View) -> Arguments:
    """The transactions that are asked for."""
    return {"search": view.search(), "customer_id": view.known.customer_id}


def propose_transfer(view: View) -> Arguments:
    """The order as it will be read back."""
    source, recipient, money = view.account("source"), view.recipient(), view.money()
    return {
        "order": TransferOrder(
            customer_id=view.known.customer_id,
            from_account_id=source.id if source else 0,
            amount=money.amount,
            currency=money.currency,
            to_account_id=recipient.id if isinstance(recipient, Account) else None,
            to_payee_id=recipient.id if isinstance(recipient, Payee) else None,
            first_on=view.later_day(),
            every=view.every(),
            mood=view.state.mood.name,
        )
    }


def execute_transfer(view: View) -> Arguments:
    """The proposal that was read back, and nothing that could differ from it."""
    return {"proposal_id": view.frame.proposal, "customer_id": view.known.customer_id}


def confirmed_transfer(view: View) -> Arguments:
    """The same, and how the caller feels as they confirm it."""
    return {**execute_transfer(view), "mood": view.state.mood.name}


def cancel_payment(view: View) -> Arguments:
    """The pending payment that was chosen."""
    pending = view.pending()
    chosen = pending.id if pending else ""
    return {"schedule_id": chosen, "customer_id": view.known.customer_id}


def propose_payee(view: View) -> Arguments:
    """Who is to be added, as they were told."""
    name, routing, account = (
        str(view.frame.slots[slot].value) for slot in ("name", "routing", "account")
    )
    return {"new": NewPayee(name, routing, account), "customer_id": view.known.customer_id}


def order_statement(view: View) -> Arguments:
    """The account and the days of a statement."""
    asked = view.search()
    return {
        "account_id": asked.account_id or 0,
        "first": asked.first or view.today,
        "last": asked.last or view.today,
        "customer_id": view.known.customer_id,
    }


def open_case(view: View) -> Arguments:
    """What the caller told, in their own words; who was angry or distressed goes first."""
    words = str(view.frame.slots["words"].value)
    first = view.state.mood.upset
    return {"words": words, "customer_id": view.known.customer_id, "first": first}


def code(view: View) -> Arguments:
    """The proposal that the code is for: of the flow that called this one."""
    calling = view.state.stack[-2] if len(view.state.stack) > 1 else view.frame
    return {"proposal_id": calling.proposal, "customer_id": view.known.customer_id}


def block_card(view: View) -> Arguments:
    """The card that was chosen."""
    card = view.card()
    return {"card_id": card.id if card else 0, "customer_id": view.known.customer_id}


def emergency_block(view: View) -> Arguments:
    """The number that was given at login, and the kind of card if one was named."""
    card = view.frame.slots.get("card")
    kind = card.value if card and card.value in ("debit", "credit") else None
    return {"number": view.frame.outcome.get("number"), "kind": kind}


ACTIONS: dict[str, Action] = {
    "authenticate": Action(authenticate, frozenset({"wrong", "locked"})),
    "list_transactions": Action(list_transactions, frozenset({"unknown"})),
    "find_transactions": Action(search, frozenset({"unknown"})),
    "spending": Action(search, frozenset()),
    "propose_transfer": Action(
        propose_transfer,
        frozenset({"over_limit", "sent_before", "unknown", "code", "person", "refused"})
        | {"day_past"},
    ),
    "execute_transfer": Action(
        confirmed_transfer,
        frozenset({"repeated", "insufficient", "over_limit", "spent", "unknown"})
        | {"code", "person", "refused", "approval"},
        effect=True,
    ),
    "arrange_payment": Action(
        confirmed_transfer,
        frozenset({"spent", "code", "person", "refused", "approval"}),
        effect=True,
    ),
    "hold_transfer": Action(
        confirmed_transfer,
        frozenset({"spent", "code", "person", "refused", "insufficient"}),
        effect=True,
    ),
    "cancel_payment": Action(cancel_payment, frozenset({"spent"}), effect=True),
    "propose_payee": Action(propose_payee, frozenset({"exists", "invalid", "spent"})),
    "add_payee": Action(execute_transfer, frozenset({"spent", "code", "exists"}), effect=True),
    "order_statement": Action(order_statement, frozenset({"unknown", "no_address"}), effect=True),
    "open_complaint": Action(open_case, frozenset(), effect=True),
    "open_suggestion": Action(open_case, frozenset(), effect=True),
    "send_code": Action(code, frozenset({"limited", "no_address", "spent"})),
    "check_code": Action(code, frozenset({"wrong", "spent", "locked"})),
    "block_card": Action(block_card, frozenset({"unknown"}), effect=True),
    "emergency_block": Action(emergency_block, frozenset({"limited"}), effect=True),
}
