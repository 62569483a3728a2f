"""What the caller may choose from: cards, requests, fitting values."""

from dialog.view import View
from dialog.wording.forms import Forms, write_card, write_list
from dialog.wording.registry import value


@value
def card(view: View, forms: Forms) -> str:
    """The chosen card."""
    found = view.card()
    return write_card(found, forms) if found else ""


@value
def cards(view: View, forms: Forms) -> str:
    """The cards that still work."""
    active = [c for c in view.known.cards if c.status == "active"]
    return write_list([forms.the.format(card=write_card(c, forms)) for c in active], forms.one_of)


@value
def choice(view: View, forms: Forms) -> str:
    """The requests that are offered."""
    return write_list([offered.label for offered in view.state.offered], forms.one_of)


@value
def options(view: View, forms: Forms) -> str:
    """The values that an ambiguous answer fits."""
    names = [name for names in view.frame.options.values() for name in names]
    return write_list([forms.kinds.get(name, name) for name in names], forms.one_of)
