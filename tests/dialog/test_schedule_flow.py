"""Payments of later days, planned, told and cancelled in a call."""

from datetime import date
from decimal import Decimal

from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.turns import Response

MARIA = ("40217308", "4821")
FRIDAY = entity("date", date(2026, 3, 20))
ANNA = entity("payee", "Anna Keller", role="to")


def pending(bank: Bank) -> list[tuple[str, Decimal, str, str]]:
    found = bank.facts(1).schedules
    return [(one.to, one.amount, one.every, one.due_on.isoformat()) for one in found]


def plans(caller: Caller, *more: object) -> Response:
    caller.logs_in(*MARIA)
    return caller.says("send it then", "transfer", money("50"), ANNA, *more)  # type: ignore[arg-type]


def test_a_day_in_a_transfer_is_read_back_and_nothing_is_sent_today(
    caller: Caller, bank: Bank
) -> None:
    answer = plans(caller, FRIDAY)
    assert answer.action == "confirm_transfer"
    assert "on March 20" in answer.say[-1]
    before = bank.books()["journal_entries"]
    assert caller.says("yes", "affirm").action == "payment_planned"
    assert pending(bank) == [("Anna Keller", Decimal("50.00"), "once", "2026-03-20")]
    assert bank.books()["journal_entries"] == before


def test_a_second_yes_plans_nothing_twice(caller: Caller, bank: Bank) -> None:
    plans(caller, FRIDAY)
    for _ in range(3):
        caller.says("yes", "affirm")
    assert len(pending(bank)) == 1


def test_one_plan_after_another_needs_a_code_before_the_sum_is_large(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in("63900578", "9135")
    sofia = entity("payee", "Sofia Rossi", role="to")
    source = entity("account_kind", "checking", role="from")
    actions = []
    for _ in range(6):
        caller.says("450 to Sofia on Friday", "transfer", money("450"), sofia, source, FRIDAY)
        actions.append(caller.answers[-1].action)
        caller.says("yes", "affirm")
    assert actions == ["confirm_transfer"] * 5 + ["ask_code"]
    assert len(bank.facts(3).schedules) == 5


def test_today_is_sent_at_once(caller: Caller, bank: Bank) -> None:
    plans(caller, entity("date", date(2026, 3, 16)))
    assert caller.says("yes", "affirm").action == "transfer_done"
    assert pending(bank) == []


def test_a_monthly_payment_is_read_back_as_such(caller: Caller, bank: Bank) -> None:
    answer = plans(caller, entity("date", date(2026, 4, 1)), entity("recurrence", "month"))
    assert "every month from April 1 on" in answer.say[-1]
    caller.says("yes", "affirm")
    assert pending(bank) == [("Anna Keller", Decimal("50.00"), "month", "2026-04-01")]


def test_a_past_day_is_asked_again(caller: Caller, bank: Bank) -> None:
    answer = plans(caller, entity("date", date(2026, 3, 9)))
    assert answer.action == "transfer_refused"
    assert pending(bank) == []
    assert "on March 20" in caller.says("Friday", "inform", FRIDAY).say[-1]


def test_a_corrected_day_is_the_day_that_is_planned(caller: Caller, bank: Bank) -> None:
    plans(caller, FRIDAY)
    answer = caller.says("no, on Monday", "correct", entity("date", date(2026, 3, 23)))
    assert "on March 23" in answer.say[-1]
    caller.says("yes", "affirm")
    assert [one[3] for one in pending(bank)] == ["2026-03-23"]


def test_a_request_for_a_standing_order_asks_for_what_is_missing(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    monthly = entity("recurrence", "month")
    answer = caller.says("set up a monthly payment", "scheduled_payment", monthly)
    assert answer.action == "ask_day"
    assert caller.says("on Friday", "inform", FRIDAY).action == "ask_payee"
    assert caller.says("Anna", "inform", entity("payee", "Anna Keller")).action == "ask_amount"
    answer = caller.says("fifty", "inform", money("50"))
    assert "every month from March 20 on" in answer.say[-1]
    assert caller.says("yes", "affirm").action == "payment_planned"
    assert caller.conversation.state.stack == ()


def test_more_than_the_account_holds_may_be_planned(caller: Caller, bank: Bank) -> None:
    caller.logs_in("51082645", "0472")
    answer = caller.says(
        "pay",
        "transfer",
        money("900"),
        entity("payee", "Luis Ortega", role="to"),
        FRIDAY,
    )
    assert "on March 20" in answer.say[-1] or answer.action == "ask_code"


def test_pending_payments_are_told_and_one_is_cancelled(caller: Caller, bank: Bank) -> None:
    plans(caller, FRIDAY)
    caller.says("yes", "affirm")
    caller.says(
        "pay Tom", "transfer", money("20"), entity("payee", "Tom Becker", role="to"), FRIDAY
    )
    caller.says("yes", "affirm")
    answer = caller.says("what is planned", "pending_payments")
    assert answer.action == "tell_pending"
    assert "$50.00 to Anna Keller on March 20" in answer.say[0]
    answer = caller.says("cancel one", "cancel_payment")
    assert answer.action == "ask_payment"
    answer = caller.says("the one to Tom", "inform", entity("payee", "Tom Becker", role="to"))
    assert answer.action == "confirm_cancel"
    assert "$20.00 to Tom Becker" in answer.say[-1]
    assert len(pending(bank)) == 2
    assert caller.says("yes", "affirm").action == "payment_cancelled"
    assert [one[0] for one in pending(bank)] == ["Anna Keller"]


def test_two_payments_to_one_payee_are_told_apart_by_their_place(
    caller: Caller, bank: Bank
) -> None:
    plans(caller, FRIDAY)
    caller.says("yes", "affirm")
    caller.says("again", "transfer", money("70"), ANNA, FRIDAY)
    caller.says("yes", "affirm")
    asked = caller.says("cancel Anna's", "cancel_payment", entity("payee", "Anna Keller"))
    assert asked.action == "ask_payment"
    second = caller.says("the second", "inform", entity("ordinal", "2"))
    assert second.action == "confirm_cancel"
    told = "$70.00" if "$70.00" in second.say[-1] else "$50.00"
    caller.says("yes", "affirm")
    assert f"${pending(bank)[0][1]}" != told


def test_a_no_keeps_the_payment(caller: Caller, bank: Bank) -> None:
    plans(caller, FRIDAY)
    caller.says("yes", "affirm")
    caller.says("cancel it", "cancel_payment")
    assert caller.says("no", "deny").action == "payment_kept"
    assert len(pending(bank)) == 1


def test_nothing_pending_is_told(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("what is planned", "pending_payments").action == "tell_pending"
    assert caller.says("cancel it", "cancel_payment").action == "tell_pending"


def test_a_transfer_that_might_be_a_plan_is_one_payment_and_not_two(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    caller.says(
        "send it then", "transfer", money("50"), ANNA, FRIDAY, others={"scheduled_payment": 0.45}
    )
    assert caller.says("yes", "affirm").action == "payment_planned"
    assert caller.conversation.state.stack == ()
    assert len(pending(bank)) == 1
