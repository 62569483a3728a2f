"""Savings and investment products: told, compared, and one recommended."""

from typing import Any

from dialog.actions import Arguments
from dialog.acts import Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.orders import Terms
from dialog.bank.products.advice import DECLINED, INTERESTED, Advised
from dialog.bank.products.catalogue import Product, catalogue, product
from dialog.conditions import condition
from dialog.decision import Act
from dialog.services.naming import act, guess, order
from dialog.state import Filled
from dialog.view import View
from dialog.wording.forms import Forms, write_list, write_money
from dialog.wording.registry import value


def _named(view: View, slot: str) -> Product | None:
    filled = view.frame.slots.get(slot)
    return product(str(filled.value)) if filled else None


@condition
def product_named(view: View) -> bool:
    """A product was named."""
    return _named(view, "product") is not None


@condition
def upset(view: View) -> bool:
    """The caller was angry or distressed in this call: nothing is sold to them."""
    return view.state.mood.upset


def _advised(view: View) -> Advised | None:
    found = view.frame.outcome.get("advised")
    return found if isinstance(found, Advised) else None


@condition
def any_recommended(view: View) -> bool:
    """There is something to recommend."""
    found = _advised(view)
    return found is not None and found.product is not None


@condition
def fund_recommended(view: View) -> bool:
    """What is recommended can lose value."""
    found = _advised(view)
    offered = product(found.product) if found and found.product else None
    return offered is not None and offered.kind == "fund"


@condition
def any_ruled_out(view: View) -> bool:
    """The ranker liked something better that does not suit the customer."""
    found = _advised(view)
    return found is not None and bool(found.ruled_out)


def _who(view: View) -> Arguments:
    return {"customer_id": view.known.customer_id}


def _recommend(wanted: Act, bank: Bank, origin: Origin) -> Told:
    customer: Any = wanted.arguments["customer_id"]
    told = bank.advice.recommend(customer_id=customer, call_id=origin.call_id, request_id=wanted.id)
    return "ok", {"advised": told}


def _recommended(view: View) -> Arguments:
    found = _advised(view)
    return {**_who(view), "recommendation": found.id if found else ""}


def _answer(answer: str) -> Any:
    def keep(wanted: Act, bank: Bank, origin: Origin) -> Told:
        customer: Any = wanted.arguments["customer_id"]
        told: Any = wanted.arguments["recommendation"]
        bank.advice.answer(told, answer, customer_id=customer, call_id=origin.call_id)
        return "ok", {}

    return keep


def _consent(view: View) -> Terms:
    return {"given": 1}


order("consent", _consent)
act("recommend", _who, _recommend, "no_consent")
act("take_interest", _recommended, _answer(INTERESTED), "spent", effect=True)
act("take_no_interest", _recommended, _answer(DECLINED), "spent", effect=True)


@guess
def about_product(view: View) -> Filled | None:
    """What an adviser's call is about."""
    found = _advised(view)
    return Filled(f"the {found.product}".replace("_", " "), "words") if found else None


def _details(one: Product, forms: Forms) -> str:
    form = (
        forms.product_fund
        if one.kind == "fund"
        else forms.product_locked
        if one.locked
        else forms.product_notice
        if one.notice
        else forms.product_free
    )
    return form.format(
        name=forms.products[one.product],
        rate=one.rate,
        fee=one.fee,
        notice=one.notice,
        locked=one.locked,
        years=one.horizon // 12,
        least=write_money(one.least, forms),
    )


@value
def products(view: View, forms: Forms) -> str:
    """The names of all products, with the rates of those that have one."""
    return write_list([_with_rate(one, forms) for one in catalogue()], forms.all_of)


def _with_rate(one: Product, forms: Forms) -> str:
    name = forms.products[one.product]
    return forms.product_at.format(name=name, rate=one.rate) if one.rate else name


@value
def product_details(view: View, forms: Forms) -> str:
    """What the named product is."""
    one = _named(view, "product")
    return _details(one, forms) if one else ""


@value
def other_details(view: View, forms: Forms) -> str:
    """The other product that was named, or what the named one is compared with."""
    one = _named(view, "product")
    other = _named(view, "other") or (product(one.beside) if one else None)
    return _details(other, forms) if other else ""


@value
def recommended(view: View, forms: Forms) -> str:
    """The name of what is recommended."""
    found = _advised(view)
    return forms.products[found.product] if found and found.product else ""


@value
def recommended_details(view: View, forms: Forms) -> str:
    """What it is."""
    found = _advised(view)
    one = product(found.product) if found and found.product else None
    return _details(one, forms) if one else ""


@value
def recommended_because(view: View, forms: Forms) -> str:
    """What speaks for it most."""
    found = _advised(view)
    reasons = [forms.reasons[name] for name in found.reasons] if found else []
    return write_list(reasons, forms.all_of)


@value
def ruled_out(view: View, forms: Forms) -> str:
    """What the ranker put first and a rule is against."""
    found = _advised(view)
    return forms.products[found.ruled_out[0][0]] if found and found.ruled_out else ""


@value
def ruled_out_because(view: View, forms: Forms) -> str:
    """The rule against it."""
    found = _advised(view)
    return forms.suitability[found.ruled_out[0][1]] if found and found.ruled_out else ""
