import pytest
from calling import TODAY, Caller, Told, entity

from dialog.bank.bank import Bank
from dialog.conversation import Conversation

MARIA = ("40217308", "4821")
JAMES = ("51082645", "0472")
DANIEL = ("77509128", "6608")


def cards(bank: Bank, customer: int) -> dict[str, str]:
    return {card.kind: card.status for card in bank.facts(customer).cards}


def test_the_caller_is_asked_which_card(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("I lost my card", "lost_card").action == "ask_card"
    assert caller.says("the credit card", "inform", entity("card_kind", "credit")).action == (
        "confirm_block"
    )
    assert cards(bank, 1) == {"debit": "active", "credit": "active"}
    assert caller.says("yes", "affirm").action == "card_blocked"
    assert cards(bank, 1) == {"debit": "active", "credit": "blocked"}


@pytest.mark.parametrize("found", [entity("ordinal", "2"), entity("card_kind", "credit")])
def test_a_card_is_chosen_by_kind_or_place(caller: Caller, found: object) -> None:
    caller.logs_in(*MARIA)
    caller.says("block my card", "block_card")
    answer = caller.says("that one", "inform", found)  # type: ignore[arg-type]
    assert "credit card" in answer.say[-1]


def test_a_card_is_chosen_by_its_last_digits(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("block my card", "block_card")
    last4 = next(c.last4 for c in bank.facts(1).cards if c.kind == "credit")
    answer = caller.says(f"the one with {last4}", "inform", entity("digits", last4))
    assert "credit card" in answer.say[-1]
    assert last4 not in answer.heard


def test_an_only_card_is_not_asked_for(caller: Caller) -> None:
    caller.logs_in(*JAMES)
    assert caller.says("block my card", "block_card").action == "confirm_block"


def test_changing_the_card_before_agreeing(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("block my debit card", "block_card", entity("card_kind", "debit"))
    answer = caller.says("no, the credit card", "correct", entity("card_kind", "credit"))
    assert answer.action == "confirm_block"
    caller.says("yes", "affirm")
    assert cards(bank, 1) == {"debit": "active", "credit": "blocked"}


def test_no_blocks_nothing(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*JAMES)
    caller.says("block my card", "block_card")
    assert caller.says("no", "deny").action == "card_kept"
    assert cards(bank, 2) == {"debit": "active"}


def test_a_customer_without_an_active_card_is_told(caller: Caller) -> None:
    caller.logs_in(*DANIEL)
    answer = caller.says("block my card", "block_card")
    assert "block" in " ".join(answer.say).lower()
    assert answer.expectation.kind == "open"


def test_without_a_pin_all_cards_of_the_number_are_blocked(caller: Caller, bank: Bank) -> None:
    answer = caller.says("I lost my card", "lost_card")
    assert answer.expectation.kind == "customer_number"
    answer = caller.keys("40217308")
    assert "PIN" in " ".join(answer.say)
    assert caller.says("I don't have my PIN", "pin_help").action == "emergency_block"
    assert cards(bank, 1) == {"debit": "blocked", "credit": "blocked"}
    assert caller.conversation.state.customer_id is None


def test_an_emergency_block_of_one_kind(caller: Caller, bank: Bank) -> None:
    caller.says("I lost my credit card", "lost_card", entity("card_kind", "credit"))
    caller.keys("40217308")
    assert caller.says("no", "deny").action == "emergency_block"
    assert cards(bank, 1) == {"debit": "active", "credit": "blocked"}


def test_an_emergency_block_tells_nothing_about_the_number(caller: Caller, bank: Bank) -> None:
    number = next(n for n in map(str, range(10000000, 10000100)) if bank.is_customer_number(n))
    answers = []
    for digits in (number, "40217308"):
        caller.says("I lost my card", "lost_card")
        caller.keys(digits)
        answers.append(caller.says("I don't have it", "deny"))
        assert "blocked" in answers[-1].say[0] or "no longer work" in answers[-1].say[0]
        assert answers[-1].say[0].count("f ") >= 1
    assert answers[0].action == answers[1].action == "emergency_block"


def test_emergency_blocks_are_counted_where_the_call_comes_from(bank: Bank) -> None:
    """Blocks from one line, over many calls, end with a person; from another line they go on."""
    ends = []
    for n, line in enumerate([*["sip:+15550100"] * 7, "sip:+15550101"]):
        told = Told()
        call = Conversation(
            bank=bank, understander=told, today=TODAY, call_id=f"c{n}", caller_id=line
        )
        call.open()
        caller = Caller(call, told)
        caller.says("I lost my card", "lost_card")
        caller.keys(("40217308", "51082645", "63900578")[n % 3])
        ends.append(caller.says("I don't have it", "deny"))
    assert [answer.action == "emergency_block" for answer in ends] == [True] * 6 + [False, True]


def test_a_card_that_the_bank_blocked_is_never_unblocked(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*DANIEL)
    answer = caller.says("unblock my card", "unblock_card")
    assert answer.action in ("offer_person", "card_kept")
    assert "colleague" in " ".join(answer.say)
    assert caller.says("yes please", "affirm").end == "transfer"
    assert cards(bank, 4)["debit"] == "blocked"


def test_a_lost_card_in_the_middle_of_another_login_keeps_the_number(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.keys("40217308")
    answer = caller.says("wait no, I lost my card just now", "lost_card")
    assert answer.expectation.kind == "pin"
