"""A payment that was not the customer's: an urgent case, and cards blocked on a yes."""

from calling import Caller

from dialog.bank.bank import Bank

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
    answer = caller.says("unblock my card", "unblock_card")
    caller.says("the first one", "inform")
    said = " ".join(answer.say + caller.answers[-1].say)
    assert "colleague" in said or "Which" in said
    assert {card.status for card in bank.facts(1).cards} == {"blocked"}


def test_a_story_with_an_order_in_it_is_a_story(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("I did not make this payment", "dispute")
    answer = caller.says("they told me to transfer all I have to a safe account", "transfer")
    assert answer.action == "confirm_dispute"
    assert bank.books()["transfers"] == []
