"""A payment that was not the customer's: an urgent case, and cards blocked on a yes."""

import pytest
from calling import Caller, entity

from dialog.bank.bank import Bank
from dialog.errors import NeedsPerson

MARIA = ("40217308", "4821")
STORY = "sixty dollars to some shop on Tuesday, I never was there, yes really"


def test_a_payment_that_was_not_mine_goes_to_the_fraud_team_before_all_others(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says("I did not make this payment", "dispute")
    assert "Never tell anybody" in " ".join(answer.say) or "PIN" in " ".join(answer.say)
    assert caller.says(STORY, "inform").action == "confirm_dispute"
    assert bank.cases.open_cases() == []
    answer = caller.says("yes", "affirm")
    assert answer.action == "dispute_filed"
    ((case, words),) = bank.cases.open_cases()
    assert (case.department, case.urgent, words) == ("fraud", True, STORY)
    assert bank.office.waiting()[-1].workflow.startswith("complaint:")
    assert caller.says("yes", "affirm").action == "card_blocked"
    assert {card.status for card in bank.facts(1).cards} == {"blocked"}


def test_cards_are_left_alone_without_a_yes(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("somebody called me and wanted my PIN", "fraud_report")
    caller.says("a man who said he was the bank", "inform")
    caller.says("yes", "affirm")
    assert caller.says("no", "deny").action == "card_kept"
    assert {card.status for card in bank.facts(1).cards} == {"active"}


def test_cards_blocked_for_fraud_are_not_unblocked_by_phone(caller: Caller, bank: Bank) -> None:
    test_a_payment_that_was_not_mine_goes_to_the_fraud_team_before_all_others(caller, bank)
    require_a_colleague(caller, bank)


def test_a_card_blocked_before_the_report_is_not_unblocked_by_phone_either(
    caller: Caller, bank: Bank
) -> None:
    """Blocked by the customer, or by whoever knew the number: not even the right code opens it."""
    bank.emergency_block(MARIA[0], "credit", call_id="c0")
    caller.logs_in(*MARIA)
    caller.says("block my debit card", "block_card", entity("card_kind", "debit"))
    caller.says("yes", "affirm")
    caller.says("unblock my debit card", "unblock_card", entity("card_kind", "debit"))
    code = next(w for w in bank.letters()[-1]["body"].split() if w.isdigit() and len(w) == 6)
    assert caller.keys(code).action == "confirm_unblock"
    who = {"customer_id": 1, "call_id": "c0"}
    bank.orders.propose("dispute", {"words": STORY}, proposal_id="d", **who)
    bank.orders.carry_out("d", **who)
    assert "colleague" in " ".join(caller.says("yes", "affirm").say)
    require_a_colleague(caller, bank)


def require_a_colleague(caller: Caller, bank: Bank) -> None:
    """No card is unblocked, nor is a code sent for it."""
    before = len(bank.letters())
    caller.says("unblock my debit card", "unblock_card", entity("card_kind", "debit"))
    assert "colleague" in " ".join(caller.answers[-1].say)
    who = {"customer_id": 1, "call_id": "c9"}
    for card in bank.facts(1).cards:
        assert card.status == "blocked"
        with pytest.raises(NeedsPerson):
            bank.orders.propose("unblock", {"card": card.id}, proposal_id=f"u{card.id}", **who)
    assert len(bank.letters()) == before


def test_a_story_with_an_order_in_it_is_a_story(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("I did not make this payment", "dispute")
    answer = caller.says("they told me to transfer all I have to a safe account", "transfer")
    assert answer.action == "confirm_dispute"
    assert bank.books()["transfers"] == []
