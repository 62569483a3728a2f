"""The question after the call."""

from dialog.bank.orders import Terms
from dialog.services.naming import order
from dialog.view import View


def _terms(view: View) -> Terms:
    done = dict.fromkeys(name for name in view.state.done if not name.startswith("propose_"))
    flows = ",".join(name for name in done if name not in ("authenticate", "carry_out_order"))
    return {"words": str(view.frame.slots["words"].value), "flows": flows}


order("survey", _terms)
