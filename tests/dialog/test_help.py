"""Help: what can be asked for, and what can be said to the service that is under way."""

import pytest
from calling import Caller

from dialog.flow import Choose, Collect, Confirm, Flow
from dialog.script import script

WAITING = [
    flow
    for flow in script("en").flows.values()
    if any(isinstance(step, Collect | Choose | Confirm) for step in flow.steps)
]


@pytest.mark.parametrize("flow", WAITING, ids=lambda flow: flow.flow)
def test_every_service_that_waits_for_the_caller_has_help_of_its_own(flow: Flow) -> None:
    assert f"help_{flow.flow}" in script("en").replies.replies


def test_help_in_a_service_tells_what_can_be_said_there_and_asks_again(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("I want to send money", "transfer")
    answer = caller.says("help", "help")
    assert "whom to pay" in answer.say[0]
    assert answer.expectation.kind == "payee"
    assert answer.action == "help"


def test_help_at_the_pin_tells_of_the_pin(caller: Caller) -> None:
    caller.says("it is me", "identify")
    caller.keys("40217308#")
    answer = caller.says("help", "help")
    assert "PIN" in answer.say[0]
    assert answer.expectation.secret


def test_help_with_nothing_under_way_tells_what_can_be_asked_for(caller: Caller) -> None:
    said = caller.says("help", "help").say[0]
    for service in ("balance", "bills", "card", "loan", "complaint", "fraud", "call", "trip"):
        assert service in said
