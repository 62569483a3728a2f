"""Wishes and corrections that lean on what is under way, told as a caller would word them."""

from datetime import date

import pytest
from calling import Caller, entity, money

from nlu.understanding import Entity, ScoredIntent, Understanding


@pytest.fixture
def maria(caller: Caller) -> Caller:
    caller.logs_in("40217308", "4821")
    return caller


def said(answer: object) -> str:
    return " ".join(answer.say)  # type: ignore[attr-defined]


def test_both_bills_are_paid_one_after_the_other(maria: Caller) -> None:
    answer = maria.says("I want to pay both my bills", "bill_payment")
    assert (answer.action, "$92.15" in said(answer)) == ("confirm_bill", True)
    answer = maria.says("yes", "affirm")
    assert "$38.60" in answer.say[-1]
    assert maria.says("yes", "affirm").action == "bill_paid"


def test_both_bills_are_meant_before_the_login_too(caller: Caller) -> None:
    caller.says("I want to pay both my bills", "bill_payment")
    answer = caller.logs_in("40217308", "4821")
    assert "$92.15" in answer.say[-1]
    assert "$38.60" in caller.says("yes", "affirm").say[-1]


def test_another_bill_named_for_a_correction_is_no_question(maria: Caller) -> None:
    maria.says("electricity bill", "bill_payment", entity("bill_kind", "electricity"))
    answer = maria.says("no, the gas bill first", "bills", entity("bill_kind", "gas"))
    assert (answer.action, "$38.60" in said(answer)) == ("confirm_bill", True)


def test_the_wrong_day_is_asked_for_by_the_flow_that_asks_for_days(maria: Caller) -> None:
    order = (
        money("20.00", "twenty"),
        entity("payee", "Tom Becker"),
        entity("date", date(2026, 3, 19)),
    )
    maria.says("twenty to Tom on Thursday", "scheduled_payment", *order)
    maria.says("no, thirty", "correct", money("30.00", "thirty"))
    assert maria.says("no, another day", "goodbye", score=0.5).action == "ask_day"
    answer = maria.says("Friday", "inform", entity("date", date(2026, 3, 20)))
    assert "$30.00 to Tom Becker" in said(answer)
    assert "March 20" in said(answer)


def test_the_first_day_of_a_trip_is_corrected_while_the_last_is_asked_for(maria: Caller) -> None:
    trip = maria.says("from April second", "travel_notice", entity("date", date(2026, 4, 2)))
    trip = maria.says("France", None, in_scope=False)
    assert trip.action == "ask_trip"
    answer = maria.says("sorry, April fourth", "correct", entity("date", date(2026, 4, 4)))
    assert answer.action == "ask_trip"
    answer = maria.says("April ninth", "inform", entity("date", date(2026, 4, 9)))
    assert "April 4 to April 9" in said(answer)


def test_rates_are_those_of_loans_while_one_is_applied_for(maria: Caller) -> None:
    maria.says("I want a loan", "loan_apply")
    answer = maria.says("what's the interest on that", "rates")
    assert "8.4%" in said(answer)
    assert "amount" in answer.say[-1]


def test_a_wish_beside_a_complaint_is_no_part_of_it(maria: Caller) -> None:
    maria.says("I have a complaint", "complaint")
    order = (money("9.00", "nine dollars"), entity("payee", "Tom Becker"))
    answer = maria.says("before I forget, send nine dollars to Tom", "transfer", *order)
    assert answer.action == "confirm_transfer"


def test_a_payment_may_be_what_a_complaint_is_about(maria: Caller) -> None:
    maria.says("I have a complaint", "complaint")
    order = (money("9.00", "nine dollars"), entity("payee", "Tom Becker"))
    told = maria.says("I sent nine dollars to Tom and it never came", "transfer", *order)
    assert told.action == "confirm_complaint"


def test_letting_off_steam_is_no_complaint_where_something_else_is_wanted(maria: Caller) -> None:
    card = entity("card_kind", "credit")
    text = "this is the worst bank, just block my credit card"
    answer = maria.says(text, "complaint", card, others={"block_card": 0.96})
    assert answer.action == "confirm_block"
    answer = maria.says("no", "deny")
    text = "I want to complain, and block my credit card"
    answer = maria.says(text, "complaint", card, others={"block_card": 0.96})
    assert answer.action == "ask_complaint"


def test_a_tag_asks_what_became_of_a_payment(maria: Caller) -> None:
    order = (money("45.00", "forty five"), entity("payee", "Tom Becker"))
    answer = maria.says("but the forty five to Tom went through, right?", "correct", *order)
    assert answer.action == "tell_payment"


def test_a_word_of_a_description_finds_a_transaction(maria: Caller) -> None:
    answer = maria.says("when did I pay the clinic", "spending")
    assert (answer.action, "$3,120.00" in said(answer)) == ("tell_transactions", True)


def test_an_account_that_is_not_there_is_said_to_be_none(maria: Caller) -> None:
    assert "no such account" in said(maria.says("balance of my business account", "balance"))


def test_why_we_ask_goes_before_what_is_asked_about(maria: Caller) -> None:
    maria.says("I want a loan", "loan_apply")
    assert maria.says("why do you want to know my income?", "profile").action == "help"


def test_a_question_to_somebody_in_the_room_is_not_for_us(maria: Caller) -> None:
    maria.says("send money to Hanna", "transfer", entity("payee", "Hanna Cole"))
    text = "darling, how much was it for Hanna?"
    assert maria.says(text, "payment_status", entity("payee", "Hanna Cole")).action == "wait"


def test_thanks_after_a_miss_are_taken(maria: Caller) -> None:
    maria.says("the moon is made of something", None, in_scope=False)
    assert "welcome" in said(maria.says("okay thank you", "affirm"))


def test_a_bare_last_day_comes_after_the_first_one(maria: Caller) -> None:
    first = entity("date", date(2026, 4, 2))
    maria.says("I'm travelling to Spain on April second", "travel_notice", first)
    tenth = Entity("date", date(2026, 3, 10), "the tenth", 0, 0, role="to")
    assert "April 2 to April 10" in said(maria.says("until the tenth", "inform", tenth))


def test_another_card_is_blocked_like_the_last_one(maria: Caller) -> None:
    maria.says("block my debit card", "block_card", entity("card_kind", "debit"))
    assert maria.says("yes", "affirm").action == "card_blocked"
    answer = maria.says("and the credit card too", "inform", entity("card_kind", "credit"))
    assert (answer.action, "9042" in said(answer)) == ("confirm_block", True)


def test_what_was_told_leads_to_its_order_by_the_deed(maria: Caller) -> None:
    maria.says("what are your loan rates", "loan_rates")
    assert maria.says("I'd like to apply", "open_account", score=0.42).action == "ask_loan"


def test_what_shall_not_be_done_is_dropped(maria: Caller) -> None:
    maria.says("call me back", "call_back")
    assert maria.says("no, don't call me", "goodbye", score=0.46).action == "call_back_dropped"


def test_what_was_not_asked_for_is_left_out(maria: Caller) -> None:
    text = "I didn't ask for a loan, I asked for my balance"
    maria.told.meanings["I didn't ask for a loan"] = meaning("loan_apply", 0.77)
    maria.told.meanings["I asked for my balance"] = meaning("balance", 0.95)
    answer = maria.says(text, "balance", others={"loan_apply": 0.77})
    assert (answer.action, "borrow" in said(answer)) == ("tell_balance", False)


def meaning(intent: str, score: float) -> Understanding:
    return Understanding(intent, (ScoredIntent(intent, score),), (), 0.95, in_scope=True)


def test_a_value_is_no_end_of_the_call(maria: Caller) -> None:
    order = (money("20.00", "twenty"), entity("payee", "Tom Becker"))
    day = entity("date", date(2026, 3, 20))
    maria.says("twenty to Tom on Friday", "scheduled_payment", *order, day)
    answer = maria.says("no, tomorrow", "goodbye", entity("date", date(2026, 3, 17)), score=0.81)
    assert (answer.action, answer.end) == ("confirm_transfer", None)


def test_not_on_that_day_orders_nothing_for_today(maria: Caller) -> None:
    order = (money("20.00", "twenty"), entity("payee", "Tom Becker"))
    day = entity("date", date(2026, 3, 20))
    maria.says("twenty to Tom on Friday", "scheduled_payment", *order, day)
    friday = entity("date", date(2026, 3, 20), role="not")
    assert maria.says("not on Friday", "deny", friday, score=0.5).action == "ask_day"


def test_an_account_that_something_becomes_is_no_recipient(maria: Caller) -> None:
    order = (money("20.00", "twenty"), entity("payee", "Tom Becker"))
    maria.says("twenty to Tom", "transfer", *order)
    savings = entity("account_kind", "savings", role="to")
    answer = maria.says("change the account to savings", "correct", savings)
    assert "to Tom Becker, from your savings" in said(answer)
