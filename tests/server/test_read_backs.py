"""Questions for a "yes" are read by the replies that ask them, in each of their wordings."""

from itertools import combinations, product

import pytest

from dialog.errors import FlowError
from dialog.flow import Confirm
from dialog.lines import Plural
from dialog.script import script
from server.replay.read_backs import read_back

SCRIPT = script("en")
STEPS = {
    (step.action, step.confirm)
    for flow in SCRIPT.flows.values()
    for step in flow.steps
    if isinstance(step, Confirm)
}
VALUES = {
    "amount": "$50.00",
    "recipient": "Tom Becker",
    "source": "checking account ending in 5318",
    "when": "on Friday, March 20",
    "card": "debit card ending in 7731",
}


class Values(dict):
    def __missing__(self, name: str) -> str:
        return f"some {name}".replace("_", " ")


def asked(reply: str, **other: str) -> list[str]:
    """All wordings of a question, with something said before and after."""
    found = [SCRIPT.replies.replies[key] for key in (reply, f"{reply}_again")]
    wordings = [(*each.one, *each.other) if isinstance(each, Plural) else each for each in found]
    values = Values(VALUES | other)
    return [f"All right. {words.format_map(values)} Yes?" for both in wordings for words in both]


@pytest.mark.parametrize(("action", "reply"), sorted(STEPS))
def test_all_wordings_of_a_question_read_back_the_same(action, reply):
    found = [read_back(action, said) for said in asked(reply)]
    assert all(one and other and one.is_like(other) for one, other in combinations(found, 2))


@pytest.mark.parametrize("name", ["amount", "recipient", "source", "when"])
def test_another_value_is_another_question(name):
    pairs = product(asked("confirm_schedule"), asked("confirm_schedule", **{name: "another"}))
    for one, other in pairs:
        assert not read_back("confirm_transfer", one).is_like(read_back("confirm_transfer", other))


@pytest.mark.parametrize(
    ("action", "one", "other"),
    [
        ("confirm_transfer", "confirm_transfer", "confirm_schedule"),
        ("confirm_bill", "confirm_bill", "confirm_bill_later"),
        ("confirm_block", "confirm_block", "offer_block_all"),
        ("confirm_profile", "confirm_profile", "confirm_forget"),
    ],
)
def test_another_reply_for_the_same_action_is_another_question(action, one, other):
    for once, twice in product(asked(one), asked(other)):
        assert not read_back(action, once).is_like(read_back(action, twice))


def test_the_replies_are_those_of_the_callers_language():
    (said, *_) = asked("confirm_transfer")
    assert read_back("confirm_transfer", said, "en")
    with pytest.raises(FlowError, match="xx"):
        read_back("confirm_transfer", said, "xx")


def test_what_asks_for_nothing_reads_nothing_back():
    assert read_back("confirm_transfer", "I repeat it so that nothing is sent by mistake.") is None
    assert read_back("tell_balance", "I'll send $5.00 to Tom from your checking account.") is None
