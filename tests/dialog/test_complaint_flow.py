"""Complaints and suggestions in a call."""

from calling import Caller, entity

from dialog.bank.bank import Bank
from nlu.understanding import Feelings, Understanding

MARIA = ("40217308", "4821")
STORY = "I waited an hour, nobody helped me, and then the machine ate my card"


def complains(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("I want to complain", "complaint").action == "ask_complaint"


def test_a_complaint_is_filed_in_the_callers_words(caller: Caller, bank: Bank) -> None:
    complains(caller)
    assert caller.says(STORY, "inform").action == "confirm_complaint"
    answer = caller.says("yes", "affirm")
    assert answer.action == "complaint_filed"
    ((case, words),) = bank.cases.open_cases()
    assert words == STORY
    said = " ".join(answer.say)
    assert " ".join(case.reference) in said
    assert "the card team" in said
    assert "March 23" in said


def test_the_complaint_of_an_angry_caller_is_put_before_others(caller: Caller, bank: Bank) -> None:
    """The same words; anger that has faded by the "yes" counts too."""
    story = "the statement came late"
    complains(caller)
    caller.says(story, "inform")
    caller.says("yes", "affirm")
    caller.says("I want to complain", "complaint")
    angry = Feelings(negative=0.9, anger=0.8)
    caller.told.meanings[story] = Understanding(story, (), (), 0.95, True, feelings=angry)
    assert caller.conversation.hear(story).action == "confirm_complaint"
    caller.says("yes", "affirm")
    first, last = (case for case, _ in bank.cases.open_cases())
    assert (first.urgent, last.urgent) == (True, False)
    assert first.reference > last.reference
    assert first.due_on < last.due_on


def test_words_that_sound_like_a_request_are_part_of_the_story(caller: Caller, bank: Bank) -> None:
    for n, intent in enumerate(("block_card", "cancel", "agent", "help", "deny", "transfer")):
        if n == 0:
            complains(caller)
        else:
            caller.says("I want to complain", "complaint")
        assert caller.says(f"{STORY} {n}", intent).action == "confirm_complaint"
        caller.says("yes", "affirm")
    assert len(bank.cases.open_cases()) == 6
    assert {card.status for card in bank.facts(1).cards} == {"active"}


def test_a_short_cancel_drops_it(caller: Caller, bank: Bank) -> None:
    complains(caller)
    assert caller.says("forget it", "cancel").action == "complaint_dropped"
    assert bank.cases.open_cases() == []


def test_a_no_files_nothing(caller: Caller, bank: Bank) -> None:
    complains(caller)
    caller.says(STORY, "inform")
    assert caller.says("no", "deny").action == "complaint_dropped"
    assert bank.cases.open_cases() == []


def test_secrets_in_a_story_are_masked_before_they_are_kept(caller: Caller, bank: Bank) -> None:
    complains(caller)
    text = "your machine did not take my PIN 4821 nor my number 40217308 at all"
    caller.says(text, "inform", entity("digits", "4821"), entity("digits", "40217308"))
    caller.says("yes", "affirm")
    ((_, words),) = bank.cases.open_cases()
    assert "4821" not in words
    assert "40217308" not in words
    assert "your machine did not take my PIN" in words
    assert "4821" not in repr(caller.conversation.state)


def test_a_suggestion_is_taken_without_a_question(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("an idea", "suggestion").action == "ask_suggestion"
    answer = caller.says("please open the branch on Sunday mornings", "inform")
    assert answer.action == "suggestion_filed"
    assert bank.cases.open_cases()[0][0].department == "branches"


def test_the_status_is_told_before_and_after_the_answer(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("my complaint", "case_status").action == "tell_case"
    assert "none" in caller.answers[-1].say[0] or "no complaint" in caller.answers[-1].say[0]
    caller.says("I want to complain", "complaint")
    caller.says(STORY, "inform")
    caller.says("yes", "affirm")
    assert "March 23" in caller.says("my complaint", "case_status").say[0]
    case = bank.cases.open_cases()[0][0]
    bank.cases.close(case.reference, "Your card is on its way.", by="Lee")
    assert "Your card is on its way." in caller.says("and now", "case_status").say[0]


def test_an_urgent_complaint_is_told_as_such(caller: Caller, bank: Bank) -> None:
    complains(caller)
    caller.says("my wife died and her card is still being charged", "inform")
    said = " ".join(caller.says("yes", "affirm").say)
    assert "urgent" in said or "before all others" in said
