"""Complaints and suggestions."""

from dialog.bank.values import Case
from dialog.view import View
from dialog.wording.forms import Forms, write_day
from dialog.wording.registry import value


def _case(view: View) -> Case | None:
    """The case that was just taken, or the customer's latest."""
    taken = view.frame.outcome.get("case")
    if isinstance(taken, Case):
        return taken
    return next(iter(view.known.cases), None)


@value
def reference(view: View, forms: Forms) -> str:
    """The case's reference, digit by digit."""
    case = _case(view)
    return " ".join(case.reference) if case else ""


@value
def case_kind(view: View, forms: Forms) -> str:
    """Complaint or suggestion."""
    case = _case(view)
    return forms.cases[case.kind] if case else ""


@value
def department(view: View, forms: Forms) -> str:
    """Who answers."""
    case = _case(view)
    return forms.departments.get(case.department, case.department) if case else ""


@value
def due(view: View, forms: Forms) -> str:
    """By when."""
    case = _case(view)
    return write_day(case.due_on, forms) if case else ""


@value
def case_answer(view: View, forms: Forms) -> str:
    """What was answered."""
    case = _case(view)
    return (case.answer or "") if case else ""
