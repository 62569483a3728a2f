"""The question after the call, asked for by the caller or, of some calls, before the goodbye."""

from dialog.bank.orders import Terms
from dialog.conditions import condition
from dialog.services.naming import order
from dialog.view import View

ASKED = "propose_survey_asked"
"""The act that writes down that a caller was asked."""


def _terms(view: View) -> Terms:
    done = dict.fromkeys(name for name in view.state.done if not name.startswith("propose_"))
    flows = ",".join(name for name in done if name not in ("authenticate", "carry_out_order"))
    return {"words": str(view.frame.slots["words"].value), "flows": flows}


order("survey", _terms)
order("survey_asked", lambda _view: {})


@condition
def asked_to_rate(view: View) -> bool:
    """It is written down that the caller was asked in this call."""
    return ASKED in view.state.done
