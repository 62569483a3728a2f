"""What needs no identity is answered without one; what does asks for it before anything else."""

import pytest
from calling import Caller

from dialog.flow import Call, Choose, Collect, Confirm, Do, Flow
from dialog.script import script

PUBLIC = {"card_limits", "loan_rates", "products", "travel_notice"}
"""Flows that tell strangers what is public."""
FLOWS = [
    flow
    for flow in script("en").flows.values()
    if flow.intents and flow.flow not in {"login", *PUBLIC}
]


@pytest.mark.parametrize(
    "intent",
    [
        *("opening_hours", "branch_location", "rates", "mortgage", "open_account"),
        *("close_account", "change_address", "pin_help", "password_help", "fees"),
        *("loan_rates", "products", "card_limits", "travel_notice"),
    ],
)
def test_what_is_public_is_told_before_any_login(caller: Caller, intent: str) -> None:
    answer = caller.says("tell me about that please", intent)
    assert answer.action.startswith("tell_") or answer.action == "offer_person"
    assert "authenticate" not in " ".join(answer.did)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.flow)
def test_every_other_flow_asks_who_calls_before_it_asks_or_does_anything(flow: Flow) -> None:
    first = next(s for s in flow.steps if isinstance(s, Call | Choose | Collect | Confirm | Do))
    assert isinstance(first, Call)
    assert first.call == "login"
