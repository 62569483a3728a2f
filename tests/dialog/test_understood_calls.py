"""Whole calls in words, understood by the real understander, on a real bank."""

from decimal import Decimal
from pathlib import Path

import pytest
from calling import TODAY

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from nlu.understander import Understander
from nlu.understanding import Money


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def call(bank: Bank, understander: Understander) -> Conversation:
    conversation = Conversation(bank=bank, understander=understander, today=TODAY, call_id="c-1")
    conversation.open()
    return conversation


def balances(bank: Bank) -> dict[str, Decimal]:
    return {account.kind: account.balance for account in bank.facts(1).accounts}


def actions(call: Conversation, *turns: str) -> list[str]:
    return [call.hear(turn).action for turn in turns]


def test_a_balance_with_everything_spoken(call: Conversation) -> None:
    assert actions(call, "What's my balance?", "Four oh two one, seven three oh eight.") == [
        "ask_customer_number",
        "ask_pin",
    ]
    answer = call.hear("48 21.")
    assert answer.action == "tell_balance"
    assert "$2,450.75" in " ".join(answer.say)
    assert answer.heard == "•• ••."
    assert call.hear("No, that's all, thank you.").end == "goodbye"


def test_a_transfer_with_corrections(call: Conversation, bank: Bank) -> None:
    turns = ("I'd like to send fifty dollars to Anna from savings", "40217308", "4821")
    assert actions(call, *turns)[-1] == "confirm_transfer"
    assert "$60.00 to Anna Keller" in call.hear("No, make it sixty.").say[-1]
    assert "$60.00 to Tom Becker" in call.hear("To Tom, not Anna.").say[-1]
    assert "checking" in call.hear("from checking").say[-1]
    assert call.hear("Are you open on Sunday?").action == "tell_hours"
    before = balances(bank)
    assert call.hear("yes but wait").action in ("confirm_transfer", "wait")
    assert balances(bank) == before
    assert call.hear("Yes.").action == "transfer_done"
    assert call.hear("Yes.").action == "ask_anything_else"
    after = balances(bank)
    assert after["checking"] == before["checking"] - 60
    assert after["savings"] == before["savings"]


def test_a_place_in_a_list_is_no_amount(call: Conversation) -> None:
    actions(call, "send fifty dollars to Anna", "40217308", "4821")
    assert "$1.00" not in " ".join(call.hear("the first one").say)


def test_less_than_nothing_is_refused(call: Conversation) -> None:
    actions(call, "it's me", "40217308", "4821")
    assert call.hear("send minus five dollars to Anna").action == "transfer_refused"


def test_two_requests_in_one_breath(call: Conversation) -> None:
    turns = ("Block my card and what's my balance?", "40217308", "4821", "the credit card")
    assert actions(call, *turns)[-2:] == ["ask_card", "confirm_block"]
    said = call.hear("yes do it").say
    assert any("$2,450.75" in sentence for sentence in said)
    assert sum(sentence.endswith("?") for sentence in said) == 1


def test_a_lost_card_without_a_pin(call: Conversation, bank: Bank) -> None:
    turns = ("I lost my card", "40217308", "I don't have my PIN")
    assert actions(call, *turns)[-1] == "emergency_block"
    assert {card.status for card in bank.facts(1).cards} == {"blocked"}
    assert call.hear("can you unblock my card").action == "ask_customer_number"


def test_an_unknown_payee(call: Conversation) -> None:
    actions(call, "it's me", "40217308", "4821")
    answer = call.hear("transfer twenty dollars to Robert")
    assert answer.action == "ask_payee"
    assert "Tom Becker" in " ".join(answer.say)
    assert call.hear("Tom Becker").action == "confirm_transfer"


def test_no_secret_is_shown(call: Conversation) -> None:
    answers = [call.hear(t) for t in ("balance", "four oh two one seven three oh eight")]
    answers.append(call.hear("my pin is four eight two one"))
    shown = repr((answers, call.state)).lower()
    for secret in ("4821", "40217308", "four eight", "four oh"):
        assert secret not in shown


def test_all_of_a_named_account_is_what_that_one_holds(call: Conversation, bank: Bank) -> None:
    actions(call, "send twelve dollars to Anna from checking", "40217308", "4821")
    call.hear("send all my savings instead")
    order = next(frame for frame in call.state.stack if "amount" in frame.slots)
    amount = order.slots["amount"].value
    assert isinstance(amount, Money)
    assert amount.amount == balances(bank)["savings"]


@pytest.mark.parametrize("amount", ["-60 dollars", "–60 dollars", "− 60 dollars"])
def test_an_amount_with_any_sign_of_less_is_refused(call: Conversation, amount: str) -> None:
    actions(call, "it's me", "40217308", "4821")
    assert call.hear(f"send {amount} to Anna").action == "transfer_refused"
