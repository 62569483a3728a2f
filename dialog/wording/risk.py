"""Why a code or a person comes first, or something may not be: the rule that decided so."""

from dialog.view import View
from dialog.wording.forms import Forms
from dialog.wording.registry import value


@value
def risk(view: View, forms: Forms) -> str:
    """The strictest rule that applied, of the running flow's order or of the one that called it."""
    frames = (view.frame, *reversed(view.state.stack))
    rules = next((frame.outcome["rules"] for frame in frames if "rules" in frame.outcome), ())
    strictest = str(rules[0]) if isinstance(rules, tuple) and rules else ""
    return forms.risks.get(strictest, forms.unusual)
