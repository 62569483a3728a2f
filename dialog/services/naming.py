"""How a service gives flows its names: acts and options; orders are acts in two halves."""

from collections.abc import Callable
from typing import Any

from dialog.actions import ACTIONS, Action, Arguments
from dialog.acts import ACTS, CarryOut, Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.orders import Terms
from dialog.decision import Act
from dialog.options import GUESSES, OPTIONS, Option
from dialog.state import Filled
from dialog.view import View

ORDER_RESULTS = frozenset({"code", "person", "refused", "unknown", "spent"})
"""What proposing or carrying out any order may end with."""


def act(
    name: str,
    gather: Callable[[View], Arguments],
    carry_out: CarryOut,
    *results: str,
    effect: bool = False,
) -> None:
    """Give flows an act: what it needs, how it is carried out, how else it may end."""
    ACTIONS[name] = Action(gather, frozenset(results), effect)
    ACTS[name] = carry_out


def order(kind: str, terms: Callable[[View], Terms], *results: str) -> None:
    """Give flows `propose_KIND`, which reads an order's terms; `carry_out_order` confirms it."""

    def gather(view: View) -> Arguments:
        return {"kind": kind, "terms": terms(view), "customer_id": view.known.customer_id}

    act(f"propose_{kind}", gather, _propose, *ORDER_RESULTS, *results)


def option(function: Callable[[View], tuple[Option, ...]]) -> Callable[[View], tuple[Option, ...]]:
    """Give flows these options under the function's name."""
    OPTIONS[function.__name__] = function
    return function


def guess(function: Callable[[View], Filled | None]) -> Callable[[View], Filled | None]:
    """Give flows this guess under the function's name."""
    GUESSES[function.__name__] = function
    return function


def _propose(wanted: Act, bank: Bank, origin: Origin) -> Told:
    kind: Any = wanted.arguments["kind"]
    terms: Any = wanted.arguments["terms"]
    customer: Any = wanted.arguments["customer_id"]
    told = bank.orders.propose(
        kind, terms, customer_id=customer, call_id=origin.call_id, proposal_id=wanted.id
    )
    return "code" if told.needs_code else "ok", {"rules": told.verdict.rules}


def _proposal(view: View) -> Arguments:
    return {"proposal_id": view.frame.proposal, "customer_id": view.known.customer_id}


def _carry_out(wanted: Act, bank: Bank, origin: Origin) -> Told:
    proposal: Any = wanted.arguments["proposal_id"]
    customer: Any = wanted.arguments["customer_id"]
    done = bank.orders.carry_out(proposal, customer_id=customer, call_id=origin.call_id)
    return "ok", done.told


act("carry_out_order", _proposal, _carry_out, *ORDER_RESULTS, effect=True)
