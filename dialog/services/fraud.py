"""Fraud: a payment that was not the customer's, a call that was not ours."""

from typing import Any

from dialog.actions import Arguments
from dialog.acts import Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.cards import FRAUD
from dialog.bank.orders import Terms
from dialog.conditions import condition
from dialog.decision import Act
from dialog.services.naming import act, order
from dialog.view import View
from dialog.wording.forms import Forms, write_day
from dialog.wording.registry import value


@condition
def dispute_told(view: View) -> bool:
    """The caller has said what happened."""
    return "words" in view.frame.slots


def _terms(view: View) -> Terms:
    return {"words": str(view.frame.slots["words"].value)}


def _cards(view: View) -> Arguments:
    active = tuple(card.id for card in view.known.cards if card.status == "active")
    return {"cards": active, "customer_id": view.known.customer_id}


def _block_all(wanted: Act, bank: Bank, origin: Origin) -> Told:
    cards: Any = wanted.arguments["cards"]
    customer: Any = wanted.arguments["customer_id"]
    for card in cards:
        bank.block_card(card, customer_id=customer, call_id=origin.call_id, reason=FRAUD)
    return "ok", {}


order("dispute", _terms)
act("block_all_cards", _cards, _block_all, "unknown", effect=True)


@value
def dispute_reference(view: View, forms: Forms) -> str:
    """The case's reference, digit by digit."""
    return " ".join(str(view.frame.outcome.get("case", "")))


@value
def dispute_due(view: View, forms: Forms) -> str:
    """By when the fraud team answers."""
    due: Any = view.frame.outcome.get("due")
    return write_day(due, forms) if due else ""
