"""Unblocking a card, its limits, a trip: asked for, read back, opened by a code where it opens."""

from datetime import date
from decimal import Decimal

import pytest
from calling import Caller, entity, money

from dialog.bank.bank import Bank

MARIA = ("40217308", "4821")
DANIEL = ("77509128", "6608")


def cards(bank: Bank, customer: int) -> dict[str, str]:
    return {card.kind: card.status for card in bank.facts(customer).cards}


def code(bank: Bank) -> str:
    """The code of the latest text message."""
    return next(w for w in bank.letters()[-1]["body"].split() if w.isdigit() and len(w) == 6)


def debit(bank: Bank) -> dict[str, Decimal]:
    return dict(next(c for c in bank.facts(1).cards if c.kind == "debit").limits)


def block_debit(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("block my debit card", "block_card", entity("card_kind", "debit"))
    caller.says("yes", "affirm")


def test_a_card_blocked_by_phone_is_unblocked_with_a_code(caller: Caller, bank: Bank) -> None:
    block_debit(caller)
    answer = caller.says("unblock my card", "unblock_card")
    assert answer.action == "ask_code"
    assert "a blocked card would work again" in " ".join(answer.say)
    assert "debit card ending in 3316" in bank.letters()[-1]["body"]
    assert caller.keys(code(bank)).action == "confirm_unblock"
    assert cards(bank, 1)["debit"] == "blocked"
    assert caller.says("yes", "affirm").action == "card_unblocked"
    assert cards(bank, 1) == {"debit": "active", "credit": "active"}


def test_without_the_code_a_card_stays_blocked(caller: Caller, bank: Bank) -> None:
    block_debit(caller)
    caller.says("unblock my card", "unblock_card")
    right = code(bank)
    for wrong in (f"{(int(right) + n) % 10**6:06d}" for n in (1, 2, 3)):
        answer = caller.keys(wrong)
    assert answer.action != "confirm_unblock"
    caller.says("yes", "affirm")
    assert cards(bank, 1)["debit"] == "blocked"


def test_no_unblocks_nothing(caller: Caller, bank: Bank) -> None:
    block_debit(caller)
    caller.says("unblock my card", "unblock_card")
    caller.keys(code(bank))
    assert caller.says("no", "deny").action == "card_kept"
    assert cards(bank, 1)["debit"] == "blocked"


def test_who_has_no_blocked_card_is_told(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("unblock my card", "unblock_card").action == "card_kept"


def test_a_stranger_hears_the_usual_limits_and_a_customer_their_own(caller: Caller) -> None:
    usual = caller.says("what are the limits", "card_limits")
    assert (usual.action, usual.end) == ("tell_knowledge", None)
    caller.logs_in(*MARIA)
    said = " ".join(caller.says("limits of my debit card", "card_limits").say)
    assert "debit card ending in 3316" in said
    assert "$500.00" in said
    assert "$2,500.00" in said


def test_a_limit_goes_down_without_a_code(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    what = (entity("card_kind", "debit"), entity("limit_kind", "cash"), money("200"))
    answer = caller.says("cash limit of the debit card to $200", "change_limit", *what)
    assert answer.action == "confirm_limit"
    assert debit(bank)["cash"] == Decimal(500)
    assert caller.says("yes", "affirm").action == "limit_changed"
    assert debit(bank) == {"cash": Decimal(200), "purchases": Decimal(2500)}


def test_a_limit_goes_up_with_a_code_only(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("raise my limit", "change_limit").action == "ask_card"
    assert caller.says("debit", "inform", entity("card_kind", "debit")).action == "ask_limit"
    caller.says("for purchases", "inform", entity("limit_kind", "purchases"))
    answer = caller.says("four thousand", "inform", money("4000", "four thousand"))
    assert answer.action == "ask_code"
    caller.keys(code(bank))
    assert caller.says("yes", "affirm").action == "limit_changed"
    assert debit(bank)["purchases"] == Decimal(4000)


def test_a_limit_over_the_bounds_is_for_a_person(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    what = (entity("card_kind", "debit"), entity("limit_kind", "cash"), money("1000.01"))
    answer = caller.says("cash limit of my debit card $1000.01", "change_limit", *what)
    assert "colleague" in " ".join(answer.say)
    assert "more cash a day than I may allow" in " ".join(answer.say)
    assert debit(bank)["cash"] == Decimal(500)


@pytest.mark.parametrize("amount", ["-1", "0.001", "9" * 40])
def test_what_is_no_limit_is_asked_again(caller: Caller, bank: Bank, amount: str) -> None:
    caller.logs_in(*MARIA)
    what = (entity("card_kind", "debit"), entity("limit_kind", "cash"), money(amount))
    answer = caller.says(f"cash limit of my debit card ${amount}", "change_limit", *what)
    assert answer.action == "ask_limit"
    assert debit(bank)["cash"] == Decimal(500)


def test_a_trip_is_noted_in_the_callers_words(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert "1%" in " ".join(caller.says("I'm going abroad", "travel_notice").say)
    caller.says("Mexico", "inform")
    caller.says("on Friday", "inform", entity("date", date(2026, 3, 20)))
    answer = caller.says("April second", "inform", entity("date", date(2026, 4, 2)))
    assert answer.action == "confirm_trip"
    assert "Mexico, March 20 to April 2" in " ".join(answer.say)
    assert caller.says("yes", "affirm").action == "trip_noted"
    assert bank.books()["customers"][0]["trips"] == [
        {"place": "Mexico", "first": "2026-03-20", "last": "2026-04-02"}
    ]


def test_a_trip_that_ends_before_it_begins_is_asked_again(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("I'm going abroad", "travel_notice")
    caller.says("Mexico", "inform")
    caller.says("on Friday", "inform", entity("date", date(2026, 3, 20)))
    answer = caller.says("Thursday", "inform", entity("date", date(2026, 3, 19)))
    assert answer.action == "ask_trip"
    caller.says("never mind", "cancel")
    assert bank.books()["customers"][0]["trips"] == []


def test_a_new_card_is_ordered_made_and_activated(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says("I need a new debit card", "card_replace", entity("card_kind", "debit"))
    assert answer.action == "confirm_replace"
    assert bank.office.waiting() == []
    assert caller.says("yes", "affirm").action == "card_ordered"
    started = bank.office.waiting()
    assert [(event.kind, event.workflow.split(":")[0]) for event in started] == [
        ("start", "card_replacement")
    ]
    bank.paperwork.add_card(started[0].subject, "7654")
    assert caller.says("activate my card", "card_activate").action == "ask_card"
    assert caller.keys("1111").action == "ask_card"
    assert caller.keys("7654").action == "ask_code"
    assert caller.keys(code(bank)).action == "confirm_activate"
    assert caller.says("yes", "affirm").action == "card_activated"
    books = bank.books()["customers"][0]["cards"]
    assert [(c["last4"], c["status"]) for c in books if c["kind"] == "debit"] == [
        ("3316", "blocked"),
        ("7654", "active"),
    ]
    assert bank.office.waiting()[-1].kind == "activated"


def test_a_replaced_card_is_not_unblocked(caller: Caller, bank: Bank) -> None:
    test_a_new_card_is_ordered_made_and_activated(caller, bank)
    answer = caller.says("unblock my debit card", "unblock_card")
    assert "colleague" in " ".join(answer.say)
    assert "it was the bank that blocked it" in " ".join(answer.say)


@pytest.mark.parametrize("fraud", [False, True], ids=["a stranger's block", "fraud reported"])
def test_a_new_card_that_was_blocked_on_its_way_works_once_activated_or_is_for_a_person(
    caller: Caller, bank: Bank, fraud: bool
) -> None:
    caller.logs_in(*MARIA)
    caller.says("I need a new debit card", "card_replace", entity("card_kind", "debit"))
    caller.says("yes", "affirm")
    new = bank.paperwork.add_card(bank.office.waiting()[0].subject, "7654")
    bank.emergency_block(MARIA[0], None, call_id="c0")
    if fraud:
        story = {"words": "I did not pay that"}
        who = {"customer_id": 1, "call_id": "c1"}
        bank.orders.propose("dispute", story, proposal_id="d", **who)
        bank.orders.carry_out("d", **who)
    caller.says("activate my card", "card_activate")
    answer = caller.keys("7654")
    if fraud:
        assert "colleague" in " ".join(answer.say)
    else:
        caller.keys(code(bank))
        assert caller.says("yes", "affirm").action == "card_activated"
    known = {card.id: card.status for card in bank.facts(1).cards}
    assert known[new] == ("new" if fraud else "active")


def test_one_card_is_replaced_once_also_before_the_new_one_is_in_the_books(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    caller.says("I need a new debit card", "card_replace", entity("card_kind", "debit"))
    caller.says("yes", "affirm")
    again = caller.says("a new debit card please", "card_replace", entity("card_kind", "debit"))
    assert again.action == "card_kept"
    assert len(bank.office.waiting()) == 1
    other = caller.says("and a new credit card", "card_replace", entity("card_kind", "credit"))
    assert other.action == "confirm_replace"


def test_while_a_card_is_on_its_way_no_second_one_is_ordered(caller: Caller, bank: Bank) -> None:
    caller.logs_in("51082645", "0472")
    caller.says("new card please", "card_replace")
    caller.says("yes", "affirm")
    bank.paperwork.add_card(bank.office.waiting()[0].subject, "7654")
    assert caller.says("new card please", "card_replace").action == "card_kept"
