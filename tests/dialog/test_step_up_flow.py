"""A large payment: a code by text message first, then the read-back and the plain yes."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.bank.payees import ALWAYS
from dialog.bank.risk import packaged_rules
from dialog.script import script
from dialog.turns import Response
from nlu.understanding import Feelings

MARIA = ("40217308", "4821")


def checking(bank: Bank) -> Decimal:
    return next(a.balance for a in bank.facts(1).accounts if a.kind == "checking")


def sent_code(bank: Bank) -> str:
    found = re.search(r"\b\d{6}\b", bank.letters()[-1]["body"])
    assert found is not None
    return found[0]


def asks_to_send(caller: Caller, amount: str) -> Response:
    return caller.says(
        f"send {amount} dollars to Anna",
        "transfer",
        money(amount),
        entity("payee", "Anna Keller", role="to"),
    )


def asks_for_a_large_payment(caller: Caller) -> Response:
    caller.logs_in(*MARIA)
    answer = asks_to_send(caller, "1500")
    assert answer.action == "ask_code"
    assert "ending in 4 1" in " ".join(answer.say)
    return answer


def test_a_large_payment_is_made_after_code_and_yes(caller: Caller, bank: Bank) -> None:
    asks_for_a_large_payment(caller)
    assert caller.conversation.expectation.secret
    answer = caller.keys(f"{sent_code(bank)}#")
    assert answer.action == "confirm_transfer"
    assert "$1,500.00 to Anna Keller" in answer.say[-1]
    assert checking(bank) == Decimal("2450.75")
    assert caller.says("yes", "affirm").action == "transfer_done"
    assert checking(bank) == Decimal("950.75")


def test_a_very_large_payment_is_held_for_two_people_after_code_and_yes(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in("63900578", "9135")
    sofia = entity("payee", "Sofia Rossi", role="to")
    source = entity("account_kind", "checking", role="from")
    caller.says("send 9500 to Sofia from checking", "transfer", money("9500"), sofia, source)
    assert caller.keys(f"{sent_code(bank)}#").action == "confirm_transfer"
    assert bank.office.waiting() == []
    answer = caller.says("yes", "affirm")
    assert answer.action == "transfer_held"
    assert "colleagues" in " ".join(answer.say)
    assert bank.books()["transfers"] == []
    assert [e.workflow.split(":")[0] for e in bank.office.waiting()] == ["held_transfer"]
    account = next(a for a in bank.facts(3).accounts if a.kind == "checking")
    assert account.balance - account.available == 9500


def test_a_yes_is_no_code(caller: Caller, bank: Bank) -> None:
    asks_for_a_large_payment(caller)
    caller.says("yes", "affirm")
    caller.says("yes", "affirm")
    assert checking(bank) == Decimal("2450.75")


def test_wrong_codes_end_the_payment(caller: Caller, bank: Bank) -> None:
    asks_for_a_large_payment(caller)
    wrong = "000000" if sent_code(bank) != "000000" else "000001"
    assert [caller.keys(f"{wrong}#").action for _ in range(2)] == ["ask_code", "ask_code"]
    answer = caller.keys(f"{wrong}#")
    assert answer.action == "locked_out"
    caller.says("yes", "affirm")
    assert checking(bank) == Decimal("2450.75")


def test_the_code_is_spoken_and_shown_nowhere(caller: Caller, bank: Bank) -> None:
    asks_for_a_large_payment(caller)
    code = sent_code(bank)
    answer = caller.says(f"it is {code}", "inform", entity("digits", code))
    assert answer.action == "confirm_transfer"
    assert code not in repr((caller.answers, caller.conversation.state))


def test_another_amount_after_the_code_was_sent_needs_a_code_of_its_own(
    caller: Caller, bank: Bank
) -> None:
    asks_for_a_large_payment(caller)
    first = sent_code(bank)
    assert asks_to_send(caller, "2000").action == "ask_code"
    assert len(bank.letters()) == 2
    if first != sent_code(bank):
        assert caller.keys(f"{first}#").action == "ask_code"
    assert "$2,000.00" in caller.keys(f"{sent_code(bank)}#").say[-1]


def test_a_corrected_amount_after_the_code_is_proposed_anew(caller: Caller, bank: Bank) -> None:
    asks_for_a_large_payment(caller)
    caller.keys(f"{sent_code(bank)}#")
    answer = caller.says("make it two thousand", "correct", money("2000", "two thousand"))
    assert answer.action == "ask_code"
    answer = caller.keys(f"{sent_code(bank)}#")
    assert "$2,000.00 to Anna Keller" in answer.say[-1]
    assert caller.says("yes", "affirm").action == "transfer_done"
    assert checking(bank) == Decimal("450.75")


@pytest.mark.parametrize(
    ("then", "why"), [("1500", "sent to one payee in a day"), ("9500", "sent by phone in a day")]
)
def test_what_is_beyond_the_days_limit_is_refused_with_a_person_offered(
    caller: Caller, bank: Bank, then: str, why: str
) -> None:
    """Priya has enough; nine thousand a day to one payee may be sent, more than ten may not."""
    caller.logs_in("63900578", "9135")
    for n, amount in enumerate(("9000", then)):
        answer = caller.says(
            f"send {amount}",
            "transfer",
            money(amount),
            entity("payee", "Sofia Rossi", role="to"),
            entity("account_kind", "savings", role="from"),
        )
        if n == 0:
            caller.keys(f"{sent_code(bank)}#")
            assert caller.says("yes", "affirm").action == "transfer_done"
    assert answer.action == "offer_person"
    assert why in " ".join(answer.say)
    assert len(bank.books()["transfers"]) == 1


def test_a_caller_in_distress_is_asked_for_a_code(caller: Caller, bank: Bank) -> None:
    """Pressed by a swindler who listens in, perhaps: who just paid so much without one is asked."""
    caller.logs_in(*MARIA)
    assert asks_to_send(caller, "150").action == "confirm_transfer"
    caller.says("no", "deny")
    words = "please hurry, I am so afraid"
    caller.says(words, "inform")
    told = caller.told.meanings[words]
    caller.told.meanings[words] = replace(told, feelings=Feelings(negative=0.9, distress=0.95))
    caller.conversation.hear(words)
    answer = asks_to_send(caller, "150")
    assert answer.action == "ask_code"
    assert "you sound worried" in " ".join(answer.say)
    assert bank.audit_rows(1)[0]["action"] == "send_code"


def test_every_rule_has_words_for_the_caller_whom_it_stops() -> None:
    own = {ALWAYS, "blocked_by_the_bank"}
    rules = {rule.rule for rule in packaged_rules()}
    assert script("en").replies.forms.risks.keys() == rules | own


def test_who_asks_why_a_code_is_needed_is_told_the_rule(caller: Caller) -> None:
    asks_for_a_large_payment(caller)
    assert "it is a large amount" in " ".join(caller.answers[-1].say)
    assert "it is a large amount" in " ".join(caller.says("why?", "why").say)
