"""A call is booked on a weekday in office hours, about what the caller says."""

from datetime import date, time

from calling import Caller, entity

from dialog.bank.bank import Bank

MARIA = ("40217308", "4821")


def test_a_call_is_booked(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("call me back", "call_back").action == "ask_call_back"
    caller.says("tomorrow", "inform", entity("date", date(2026, 3, 17)))
    caller.says("three in the afternoon", "inform", entity("time", time(15)))
    answer = caller.says("about my mortgage, and block my card", "inform")
    assert answer.action == "confirm_call_back"
    assert "March 17 after 3 PM" in " ".join(answer.say)
    assert caller.says("yes", "affirm").action == "call_back_booked"
    assert bank.office.waiting()[-1].workflow.startswith("call_back:")


def test_no_call_on_a_weekend_or_at_night(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("call me back", "call_back")
    saturday = caller.says("Saturday", "inform", entity("date", date(2026, 3, 21)))
    assert saturday.action == "ask_call_back"
    assert "Monday to Friday" in " ".join(saturday.say)
    caller.says("tomorrow", "inform", entity("date", date(2026, 3, 17)))
    night = caller.says("at eight in the evening", "inform", entity("time", time(20)))
    assert "nine" in " ".join(night.say)
    caller.says("never mind", "cancel")
    assert bank.office.waiting() == []


def test_three_o_clock_is_in_the_afternoon(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("call me back", "call_back")
    caller.says("tomorrow", "inform", entity("date", date(2026, 3, 17)))
    caller.says("at three", "inform", entity("time", time(3)))
    assert "3 PM" in " ".join(caller.says("my loan", "inform").say)
