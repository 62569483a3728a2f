"""What callers say at fixed places of a call, by the real understander: nothing is carried out, so
that one call stands there for all of them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from calling import TODAY

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from dialog.turns import Thought
from nlu.understander import Understander

TOLD = yaml.safe_load(Path(__file__).with_name("places.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


def summary(thought: Thought) -> str:
    """What is done, asked and said, and what is known then."""
    decision = thought.decision
    act = f"act {decision.act.name}" if decision.act else ""
    end = f"end {decision.state.end}" if decision.state.end else ""
    known = {
        name: str(getattr(filled.value, "amount", filled.value))
        for frame in decision.state.stack
        for name, filled in frame.slots.items()
    }
    slots = ", ".join(f"{name}: {value}" for name, value in known.items())
    return f"{decision.action} {act} {end} {' '.join(decision.say)} {slots}"


@pytest.mark.parametrize("told", TOLD["said"], ids=lambda told: f"{told['at']} {told['want']}")
def test_a_caller_is_followed(bank: Bank, understander: Understander, told: dict[str, Any]) -> None:
    call = Conversation(bank=bank, understander=understander, today=TODAY, call_id="c-1")
    call.open()
    if told["at"] not in TOLD["strangers"]:
        call.key("40217308#")
        call.key("4821#")
    for turn in TOLD["places"][told["at"]]:
        call.hear(turn)
    answers = {text: summary(call.think(text)) for text in told["say"]}
    assert {t: a for t, a in answers.items() if not re.search(told["want"], a)} == {}
