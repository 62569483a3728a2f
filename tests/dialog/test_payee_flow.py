"""Adding somebody to pay, in a call."""

import re

from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.turns import Response

MARIA = ("40217308", "4821")
ROUTING, ACCOUNT = "021000021#", "000123456789#"


def payees(bank: Bank) -> list[str]:
    return [payee.name for payee in bank.facts(1).payees]


def code(bank: Bank) -> str:
    found = re.search(r"\b\d{6}\b", bank.letters()[-1]["body"])
    assert found is not None
    return f"{found[0]}#"


def tells_everything(caller: Caller, name: str = "Robert Miller") -> Response:
    caller.logs_in(*MARIA)
    assert caller.says("add a payee", "add_payee").action == "ask_payee_name"
    assert caller.says(name, "inform").action == "ask_routing"
    assert caller.keys(ROUTING).action == "ask_account_number"
    assert caller.keys(ACCOUNT).action == "ask_account_number"
    return caller.keys(ACCOUNT)


def test_somebody_is_added_after_code_and_yes_and_can_be_paid(caller: Caller, bank: Bank) -> None:
    assert tells_everything(caller).action == "ask_code"
    answer = caller.keys(code(bank))
    assert answer.action == "confirm_payee"
    assert "Robert Miller, account ending in 6 7 8 9" in answer.say[-1]
    assert "Robert Miller" not in payees(bank)
    assert caller.says("yes", "affirm").action == "payee_added"
    assert payees(bank)[-1] == "Robert Miller"
    robert = entity("payee", "Robert Miller", role="to")
    assert caller.says("pay him", "transfer", money("20"), robert).action == "ask_code"
    caller.keys(code(bank))
    assert caller.says("yes", "affirm").action == "transfer_done"


def test_each_code_and_refusal_is_told_with_the_rule_that_wants_it(
    caller: Caller, bank: Bank
) -> None:
    assert "somebody new" in " ".join(tells_everything(caller).say)
    caller.keys(code(bank))
    caller.says("yes", "affirm")
    robert = entity("payee", "Robert Miller", role="to")
    savings = entity("account_kind", "savings", role="from")
    told = caller.says("pay him twenty", "transfer", money("20"), robert, savings)
    assert "added only lately" in " ".join(told.say)
    caller.keys(code(bank))
    caller.says("no", "deny")
    told = caller.says("pay him 2501", "transfer", money("2501"), robert, savings)
    assert told.action == "offer_person"
    assert "a large amount to somebody who was just added" in " ".join(told.say)


def test_numbers_that_differ_are_asked_again(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("add a payee", "add_payee")
    caller.says("Robert Miller", "inform")
    caller.keys(ROUTING)
    caller.keys(ACCOUNT)
    answer = caller.keys("000123456788#")
    assert answer.action == "ask_account_number"
    assert "not the same" in answer.say[0] or "don't agree" in answer.say[0]
    caller.keys(ACCOUNT)
    assert caller.keys(ACCOUNT).action == "ask_code"


def test_a_wrong_routing_number_is_found(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("add a payee", "add_payee")
    caller.says("Robert Miller", "inform")
    assert caller.keys("021000012#").action == "ask_routing"


def test_a_name_that_is_none_is_asked_again(caller: Caller) -> None:
    answer = tells_everything(caller, "the man who painted my house last summer")
    assert answer.action == "ask_payee_name"
    assert caller.says("Robert Miller", "inform").action == "ask_code"


def test_a_no_adds_nobody(caller: Caller, bank: Bank) -> None:
    tells_everything(caller)
    caller.keys(code(bank))
    assert caller.says("no", "deny").action == "payee_dropped"
    assert "Robert Miller" not in payees(bank)


def test_without_the_code_nobody_is_added(caller: Caller, bank: Bank) -> None:
    tells_everything(caller)
    for _ in range(3):
        caller.keys("000000#" if code(bank) != "000000#" else "000001#")
    caller.says("yes", "affirm")
    assert "Robert Miller" not in payees(bank)


def test_somebody_on_the_list_is_not_added_again(caller: Caller, bank: Bank) -> None:
    assert tells_everything(caller, "anna keller").action == "payee_dropped"
    assert len(payees(bank)) == 4


def test_the_account_number_is_shown_nowhere(caller: Caller, bank: Bank) -> None:
    tells_everything(caller)
    shown = repr((caller.answers, caller.conversation.state))
    assert "000123456789" not in shown
    assert "021000021" not in shown
