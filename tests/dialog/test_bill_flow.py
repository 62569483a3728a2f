"""Bills: told, paid once after a yes, planned; and what became of a payment."""

from datetime import date
from decimal import Decimal

import pytest
from calling import Caller, Told, entity, money

from dialog.bank.bank import Bank
from dialog.bank.values import Search
from dialog.conversation import Conversation
from dialog.turns import Response

MARIA, JAMES, PRIYA = ("40217308", "4821"), ("51082645", "0472"), ("63900578", "9135")
SEARCH = Search()
ELECTRICITY = entity("bill_kind", "electricity")


def states(bank: Bank, person: int = 0) -> dict[str, str]:
    return {b["kind"]: b["state"] for b in bank.books()["customers"][person]["bills"]}


def said(answer: Response) -> str:
    return " ".join(answer.say)


@pytest.fixture
def maria(caller: Caller) -> Caller:
    caller.logs_in(*MARIA)
    return caller


def test_open_bills_are_told_with_amount_and_day(maria: Caller) -> None:
    answer = maria.says("what bills do I have", "bills")
    assert answer.action == "tell_bills"
    assert "2 bills" in said(answer) or "2 open bills" in said(answer)
    assert "$92.15 for electricity from City Power, due March 25" in said(answer)
    one = maria.says("how much is the gas", "bills", entity("bill_kind", "gas"))
    assert "$38.60" in said(one)
    assert "$92.15" not in said(one)


def test_a_bill_is_paid_after_a_yes_and_once(maria: Caller, bank: Bank) -> None:
    answer = maria.says("pay my electricity bill", "bill_payment", ELECTRICITY)
    assert answer.action == "confirm_bill"
    assert "$92.15" in said(answer)
    assert "2 0 4" in said(answer)
    assert bank.books()["transfers"] == []
    assert maria.says("yes", "affirm").action == "bill_paid"
    assert [t["amount"] for t in bank.books()["transfers"]] == ["92.15"]
    assert states(bank) == {"electricity": "paid", "gas": "open"}
    again = maria.says("pay the electricity bill", "bill_payment", ELECTRICITY)
    assert again.action == "tell_bills"
    assert "is paid" in said(again)
    assert len(bank.books()["transfers"]) == 1


def test_no_pays_no_bill(maria: Caller, bank: Bank) -> None:
    maria.says("pay my electricity bill", "bill_payment", ELECTRICITY)
    assert maria.says("no", "deny").action == "transfer_cancelled"
    assert states(bank)["electricity"] == "open"


def test_of_several_bills_one_is_chosen_and_chosen_anew(maria: Caller, bank: Bank) -> None:
    assert maria.says("pay a bill", "bill_payment").action == "ask_bill"
    assert "$92.15" in said(maria.says("electricity", "inform", ELECTRICITY))
    answer = maria.says("no, the gas bill", "correct", entity("bill_kind", "gas"))
    assert "$38.60" in said(answer)
    maria.says("yes", "affirm")
    assert states(bank) == {"electricity": "open", "gas": "paid"}


def test_another_amount_to_a_biller_is_a_transfer(maria: Caller, bank: Bank) -> None:
    payee = entity("payee", "City Power", role="to")
    answer = maria.says("pay City Power forty", "bill_payment", payee, money("40"))
    assert answer.action == "confirm_transfer"
    maria.says("yes", "affirm")
    assert states(bank) == {"electricity": "open", "gas": "open"}
    assert [t["amount"] for t in bank.books()["transfers"]] == ["40.00"]


def test_another_amount_at_the_read_back_is_a_transfer_to_the_biller(
    maria: Caller, bank: Bank
) -> None:
    maria.says("pay my electricity bill", "bill_payment", ELECTRICITY)
    answer = maria.says("make it fifty", "correct", money("50"))
    assert answer.action == "confirm_transfer"
    assert "City Power" in said(answer)
    maria.says("yes", "affirm")
    assert states(bank)["electricity"] == "open"


def test_a_bill_that_nobody_sent_is_told_and_may_be_sent_as_a_transfer(maria: Caller) -> None:
    answer = maria.says("my phone bill", "bill_payment", entity("bill_kind", "phone"))
    assert "phone bill" in said(answer)
    assert answer.expectation.kind == "payee"


def test_where_no_bill_is_open_that_is_told(caller: Caller) -> None:
    caller.logs_in("77509128", "6608")
    answer = caller.says("pay all my bills", "bill_payment")
    assert "open" in said(answer)
    assert answer.expectation.kind == "payee"


def test_a_bill_over_the_account_is_not_paid(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*JAMES)
    answer = caller.says("pay the rent bill", "bill_payment", entity("bill_kind", "rent"))
    assert answer.action == "transfer_refused"
    assert states(bank, 1) == {"rent": "open"}


def test_a_large_bill_needs_its_code(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*PRIYA)
    answer = caller.says("my insurance bill", "bill_payment", entity("bill_kind", "insurance"))
    assert answer.expectation.digits == 6
    answer = caller.keys(bank.letters()[-1]["body"].split(": ")[1][:6] + "#")
    assert answer.action == "confirm_bill"
    assert caller.says("yes", "affirm").action == "bill_paid"


def test_a_bill_is_planned_and_open_again_when_that_is_cancelled(maria: Caller, bank: Bank) -> None:
    due = entity("date", date(2026, 3, 25))
    answer = maria.says("pay it on the 25th", "bill_payment", ELECTRICITY, due)
    assert "March 25" in said(answer)
    assert maria.says("yes", "affirm").action == "payment_planned"
    assert states(bank)["electricity"] == "planned"
    assert "payment planned" in said(maria.says("pay that bill", "bill_payment", ELECTRICITY))
    maria.says("cancel the planned one", "cancel_payment")
    maria.says("yes", "affirm")
    assert states(bank)["electricity"] == "open"


def test_two_calls_that_pay_one_bill_pay_it_once(bank: Bank) -> None:
    callers = []
    for n in range(2):
        told = Told()
        call = Conversation(
            bank=bank, understander=told, today=date(2026, 3, 16), call_id=f"bill-{n}"
        )
        call.open()
        callers.append(Caller(call, told))
        callers[-1].logs_in(*MARIA)
        callers[-1].says("electricity", "bill_payment", ELECTRICITY)
    assert [c.says("yes", "affirm").action for c in callers] == ["bill_paid", "tell_bills"]
    assert [t["amount"] for t in bank.books()["transfers"]] == ["92.15"]


def test_a_payment_that_was_made_is_told_with_its_day(maria: Caller) -> None:
    anna = entity("payee", "Anna Keller", role="to")
    nothing = maria.says("has it gone through", "payment_status", anna)
    assert nothing.action == "tell_payment"
    assert "$" not in said(nothing)
    maria.says("send it", "transfer", money("50"), anna)
    maria.says("yes", "affirm")
    answer = maria.says("has my payment to Anna gone through", "payment_status", anna)
    assert "$50.00 to Anna Keller was sent on March 16" in said(answer)
    assert "business day" in said(answer)


def test_a_payment_that_was_not_asked_for_here_is_told_too(bank: Bank) -> None:
    told = Told()
    call = Conversation(bank=bank, understander=told, today=date(2026, 3, 16), call_id="priya")
    call.open()
    priya = Caller(call, told)
    priya.logs_in(*PRIYA)
    sofia = entity("payee", "Sofia Rossi", role="to")
    answer = said(priya.says("did my payment to Sofia go through", "payment_status", sofia))
    assert "$150.00 to Sofia Rossi was sent on March 13" in answer
    assert "business day" not in answer


def test_nobody_hears_of_the_payments_of_somebody_else(bank: Bank, maria: Caller) -> None:
    anna = entity("payee", "Anna Keller", role="to")
    maria.says("send it", "transfer", money("50"), anna)
    maria.says("yes", "affirm")
    told = Told()
    call = Conversation(bank=bank, understander=told, today=date(2026, 3, 16), call_id="other")
    call.open()
    james = Caller(call, told)
    james.logs_in(*JAMES)
    assert "$" not in said(james.says("has it gone through", "payment_status", anna))
    assert Decimal("50") not in [p.amount for p in bank.payments.status(2, SEARCH)]


def test_who_is_not_identified_hears_of_no_bill_and_no_payment(caller: Caller) -> None:
    for intent in ("bills", "bill_payment", "payment_status"):
        assert caller.says(f"tell me about {intent}", intent).expectation.kind == "customer_number"
