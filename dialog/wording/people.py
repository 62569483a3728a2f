"""Who is who: the customer, whom they may pay, and who is to be added."""

from dialog.view import View
from dialog.wording.forms import Forms, write_list
from dialog.wording.registry import value


@value
def first_name(view: View, forms: Forms) -> str:
    """Of the identified customer."""
    return view.state.first_name or ""


@value
def place_in_line(view: View, forms: Forms) -> str:
    """Where the caller stands in the line for a person, from 1."""
    return str(view.state.place)


@value
def tries_left(view: View, forms: Forms) -> str:
    """How many logins are left."""
    return str(view.frame.outcome.get("tries_left", 0))


@value
def phone(view: View, forms: Forms) -> str:
    """The last two digits of the phone that a code was sent to."""
    return " ".join(str(view.frame.outcome.get("phone", "")))


@value
def payees(view: View, forms: Forms) -> str:
    """Whom the customer may pay by voice."""
    return write_list([p.name for p in view.known.payees], forms.one_of)


@value
def recipients(view: View, forms: Forms) -> str:
    """Whom the customer may pay, and the kinds of their own accounts."""
    kinds = [forms.own.format(account=forms.kinds[a.kind]) for a in view.known.accounts]
    return write_list([*(p.name for p in view.known.payees), *kinds], forms.one_of)


@value
def new_payee(view: View, forms: Forms) -> str:
    """Who is to be added, as they will be on the list."""
    return str(view.frame.outcome.get("name", ""))


@value
def new_payee_account(view: View, forms: Forms) -> str:
    """The last four digits of the account of who is to be added, and no more."""
    account = view.frame.slots.get("account")
    return " ".join(str(account.value)[-4:]) if account else ""
