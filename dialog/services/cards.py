"""Cards beyond blocking: unblocking, limits, trips."""

from decimal import Decimal

from dialog.bank.card_orders import LONGEST_PLACE
from dialog.bank.money import to_minor
from dialog.bank.orders import Terms
from dialog.bank.values import Card, LimitKind
from dialog.conditions import condition
from dialog.options import Option
from dialog.services.naming import option, order
from dialog.view import View
from dialog.wording.forms import Forms, write_card, write_day, write_list, write_money
from dialog.wording.registry import value

LIMITS: tuple[LimitKind, ...] = ("cash", "purchases")


@option
def blocked_cards(view: View) -> tuple[Option, ...]:
    """The customer's cards that are blocked."""
    cards = (card for card in view.known.cards if card.status == "blocked")
    return tuple(Option(card.id, frozenset({card.kind, card.last4})) for card in cards)


@option
def limit_kinds(view: View) -> tuple[Option, ...]:
    """What of a card has a limit a day."""
    return tuple(Option(kind, frozenset({kind})) for kind in LIMITS)


@condition
def has_blocked_card(view: View) -> bool:
    """There is a card that could be unblocked."""
    return bool(blocked_cards(view))


@condition
def amount_may_be_a_limit(view: View) -> bool:
    """The amount is zero or more, in dollars and cents."""
    money = view.money()
    cents = money.amount.normalize().as_tuple().exponent
    fits = isinstance(cents, int) and cents >= -2
    return fits and money.currency == "USD" and 0 <= money.amount < Decimal(10**9)


@option
def replaceable_cards(view: View) -> tuple[Option, ...]:
    """The customer's cards that a new one may be ordered for: none of its kind is on its way."""
    coming = {card.kind for card in view.known.cards if card.status == "new"}
    cards = (card for card in view.known.cards if card.kind not in coming)
    return tuple(Option(card.id, frozenset({card.kind, card.last4})) for card in cards)


@condition
def has_replaceable_card(view: View) -> bool:
    """A new card could be ordered."""
    return bool(replaceable_cards(view))


@condition
def has_waiting_card(view: View) -> bool:
    """A card was sent that its owner has not activated."""
    return any(card.status == "new" for card in view.known.cards)


@condition
def digits_of_waiting_card(view: View) -> bool:
    """The digits that were told are those of a card that waits."""
    return _waiting(view) is not None


@condition
def place_told(view: View) -> bool:
    """The caller has said where they are going."""
    return "place" in view.frame.slots


@condition
def trip_ends_before_it_begins(view: View) -> bool:
    """The last day is before the first, or gone."""
    first, last = view.day("day"), view.day("until")
    return first is not None and last is not None and (last < first or last < view.today)


def _card(view: View) -> Terms:
    card = view.card()
    return {"card": card.id if card else 0}


def _waiting(view: View) -> Card | None:
    """The waiting card whose last digits were told."""
    told = view.frame.slots.get("digits")
    cards = (card for card in view.known.cards if card.status == "new")
    return next((card for card in cards if told and card.last4 == told.value), None)


def _activate(view: View) -> Terms:
    card = _waiting(view)
    return {"card": card.id if card else 0, "last4": card.last4 if card else ""}


def _limit(view: View) -> Terms:
    card, what = view.card(), view.frame.slots["what"].value
    amount = to_minor(view.money().amount)
    return {"card": card.id if card else 0, "what": str(what), "amount_minor": amount}


def _trip(view: View) -> Terms:
    first, last = view.day("day") or view.today, view.day("until") or view.today
    place = str(view.frame.slots["place"].value)[:LONGEST_PLACE]
    return {"place": place, "first": first.isoformat(), "last": last.isoformat()}


order("unblock", _card)
order("replace", _card)
order("activate", _activate)
order("limit", _limit)
order("trip", _trip, "day_past")


@value
def blocked(view: View, forms: Forms) -> str:
    """The cards that are blocked, to choose one."""
    cards = [card for card in view.known.cards if card.status == "blocked"]
    return write_list([forms.the.format(card=write_card(c, forms)) for c in cards], forms.one_of)


@value
def replaceable(view: View, forms: Forms) -> str:
    """The cards that a new one may be ordered for, to choose one."""
    ids = {choice.value for choice in replaceable_cards(view)}
    cards = [card for card in view.known.cards if card.id in ids]
    return write_list([forms.the.format(card=write_card(c, forms)) for c in cards], forms.one_of)


@value
def new_card(view: View, forms: Forms) -> str:
    """The card that is to be activated."""
    card = _waiting(view)
    return write_card(card, forms) if card else ""


@value
def card_limits(view: View, forms: Forms) -> str:
    """What the working cards may do in a day; of one kind where one was named."""
    named = view.frame.slots.get("card")
    cards = [card for card in view.known.cards if card.status == "active"]
    fitting = [c for c in cards if named is not None and named.value in (c.kind, c.last4)]
    told = [
        forms.card_limits.format(
            card=write_card(card, forms),
            cash=write_money(card.limits["cash"], forms),
            purchases=write_money(card.limits["purchases"], forms),
        )
        for card in fitting or cards
    ]
    return write_list(told, forms.all_of)


@value
def limit_kind(view: View, forms: Forms) -> str:
    """Which limit is changed."""
    chosen = view.frame.slots.get("what")
    return forms.limits.get(str(chosen.value), "") if chosen else ""


@value
def present_limit(view: View, forms: Forms) -> str:
    """What that limit is now."""
    card, chosen = view.card(), view.frame.slots.get("what")
    kind = next((k for k in LIMITS if chosen and chosen.value == k), None)
    return write_money(card.limits[kind], forms) if card and kind else ""


@value
def place(view: View, forms: Forms) -> str:
    """Where the customer is going, in their own words."""
    told = view.frame.slots.get("place")
    return str(told.value).strip(" .,!?") if told else ""


@value
def trip_days(view: View, forms: Forms) -> str:
    """The first and the last day of a trip."""
    first, last = view.day("day"), view.day("until")
    if first is None or last is None:
        return ""
    return forms.span.format(first=write_day(first, forms), last=write_day(last, forms))
