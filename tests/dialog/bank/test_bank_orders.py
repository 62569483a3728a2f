"""An order is carried out once, in its own call, as it was read back; on both databases."""

from decimal import Decimal

import pytest

from dialog.bank.risk import Rule, packaged_rules
from dialog.errors import (
    CodeNeeded,
    InvalidDay,
    NeedsPerson,
    ProposalSpent,
    Refused,
    UnknownAccount,
)


def limit(card: int, amount: int, what: str = "cash") -> dict[str, str | int]:
    return {"card": card, "what": what, "amount_minor": amount}


def cash(bank, somebody):
    cards = bank.facts(somebody.id).cards
    return next(card.limits["cash"] for card in cards if card.kind == "debit")


def propose(bank, somebody, terms, kind="limit", proposal="p1"):
    return bank.orders.propose(
        kind, terms, customer_id=somebody.id, call_id="c1", proposal_id=proposal
    )


def carry_out(bank, somebody, proposal="p1", call_id="c1"):
    return bank.orders.carry_out(proposal, customer_id=somebody.id, call_id=call_id)


def test_an_order_is_carried_out_once_however_often_it_is_confirmed(bank, maria):
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    assert not carry_out(bank, maria).repeated
    propose(bank, maria, limit(maria.cards["debit"], 10000), proposal="p2")
    carry_out(bank, maria, "p2")
    assert carry_out(bank, maria).repeated
    assert cash(bank, maria) == Decimal(100)


def test_an_order_is_carried_out_only_in_its_own_call_by_its_own_customer(bank, maria, james):
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    with pytest.raises(ProposalSpent):
        carry_out(bank, james)
    with pytest.raises(ProposalSpent):
        carry_out(bank, maria, call_id="c2")
    assert cash(bank, maria) == Decimal(500)


def test_an_order_expires(bank, maria, clock):
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    clock.pass_time(minutes=11)
    with pytest.raises(ProposalSpent):
        carry_out(bank, maria)


def test_an_id_stands_for_one_order(bank, maria):
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    with pytest.raises(ProposalSpent):
        propose(bank, maria, limit(maria.cards["debit"], 20000))


def test_nobody_changes_the_card_of_somebody_else(bank, maria, james):
    with pytest.raises(UnknownAccount):
        propose(bank, maria, limit(james.cards["debit"], 10000))


def test_what_opens_a_card_needs_its_own_code(open_bank, url, clock, maria):
    bank = open_bank(url, rules=packaged_rules())
    assert propose(bank, maria, limit(maria.cards["debit"], 60000)).needs_code
    with pytest.raises(CodeNeeded):
        carry_out(bank, maria)
    bank.codes.send("p1", customer_id=maria.id, call_id="c1")
    code = bank.letters()[-1]["body"].split()[2]
    bank.codes.check("p1", code, customer_id=maria.id, call_id="c1")
    propose(bank, maria, limit(maria.cards["debit"], 90000), proposal="p2")
    with pytest.raises(CodeNeeded):
        carry_out(bank, maria, "p2")
    carry_out(bank, maria)
    assert cash(bank, maria) == Decimal(600)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("code", CodeNeeded),
        ("approval", NeedsPerson),
        ("person", NeedsPerson),
        ("refuse", Refused),
    ],
)
def test_a_stricter_rule_never_opens_what_one_for_a_code_keeps_shut(
    open_bank, url, maria, outcome, error
):
    stricter = Rule(rule="own", when={"to": "cash", "share": {"over": 100}}, then=outcome)
    before = open_bank(url)
    propose(before, maria, limit(maria.cards["debit"], 60000))
    bank = open_bank(url, rules=(*packaged_rules(), stricter))
    with pytest.raises(error):
        carry_out(bank, maria)
    if outcome == "code":
        assert propose(bank, maria, limit(maria.cards["debit"], 60000), proposal="p2").needs_code
    else:
        with pytest.raises(error):
            propose(bank, maria, limit(maria.cards["debit"], 60000), proposal="p2")
    assert cash(bank, maria) == Decimal(500)


def test_a_limit_is_not_raised_at_night(open_bank, url, clock, maria):
    bank = open_bank(url, rules=packaged_rules())
    clock.pass_time(hours=16)
    with pytest.raises(NeedsPerson) as caught:
        propose(bank, maria, limit(maria.cards["debit"], 60000))
    assert caught.value.details == ("cash_limit_raised_at_night", "cash_limit_raised")


def test_a_card_that_the_bank_blocked_is_not_unblocked_by_phone(bank):
    from bank_callers import meet

    daniel = meet(bank, "Daniel")
    with pytest.raises(NeedsPerson):
        propose(bank, daniel, {"card": daniel.cards["debit"]}, "unblock")


def test_an_emergency_block_can_be_undone_by_the_owner(bank, maria):
    bank.emergency_block(maria.number, "debit", call_id="c0")
    propose(bank, maria, {"card": maria.cards["debit"]}, "unblock")
    carry_out(bank, maria)
    assert {c.status for c in bank.facts(maria.id).cards} == {"active"}


def test_a_trip_in_the_past_is_refused(bank, maria):
    terms = {"place": "Peru", "first": "2026-03-01", "last": "2026-03-15"}
    with pytest.raises(InvalidDay):
        propose(bank, maria, terms, "trip")


def test_every_order_is_in_the_audit_with_its_rules(bank, maria):
    propose(bank, maria, limit(maria.cards["debit"], 30000))
    carry_out(bank, maria)
    rows = bank.audit_rows(2)
    assert [row["action"] for row in rows] == ["propose_limit", "order"]
    assert rows[-1]["details"]["kind"] == "limit"
    assert rows[-1]["details"]["risk"]["outcome"] == "allow"
    assert bank.check_audit().findings == ()
