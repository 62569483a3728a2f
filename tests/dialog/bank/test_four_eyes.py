"""A large transfer moves once two different people have agreed, and never before."""

from decimal import Decimal

import pytest

from dialog.backoffice.held_transfer import ask_two_people, make_transfer, tell_customer
from dialog.backoffice.patience import Patience
from dialog.backoffice.steps import Desk
from dialog.bank.risk import Rule
from dialog.errors import (
    BankError,
    CodeNeeded,
    InsufficientFunds,
    NeedsApproval,
    ProposalSpent,
    UnknownTask,
)

RULES = (
    Rule.model_validate(
        {"rule": "four_eyes", "when": {"to": "payee", "amount": {"over": 100}}, "then": "approval"}
    ),
)


@pytest.fixture
def wary(open_bank, url):
    return open_bank(url, rules=RULES)


@pytest.fixture
def desk(wary):
    return Desk(wary, None, Patience())


def balance(bank, somebody):
    return next(a.balance for a in bank.facts(somebody.id).accounts if a.kind == "checking")


def confirm(bank, maria, amount="200.00", code=True):
    who = {"customer_id": maria.id, "call_id": "c1"}
    order = maria.order(amount, to="Anna Keller")
    assert bank.propose_transfer(order, call_id="c1", proposal_id="p1").needs_code
    if code:
        bank.codes.send("p1", **who)
        bank.codes.check("p1", bank.letters()[-1]["body"].split()[2], **who)
    return who


def test_without_two_people_nothing_moves(wary, maria, desk):
    who = confirm(wary, maria)
    with pytest.raises(NeedsApproval):
        wary.execute_transfer("p1", **who)
    wary.hold_transfer("p1", **who)
    ask_two_people(desk, "p1")
    assert make_transfer(desk, "p1") == "declined"
    assert wary.tasks.waiting() == []
    with pytest.raises(UnknownTask):
        wary.tasks.decide("p1:approval", "approved", by="Ada")
    with pytest.raises(ProposalSpent):
        wary.execute_approved("p1")
    assert balance(wary, maria) == Decimal("2450.75")


def test_two_people_agree_and_it_is_made_once_however_late(wary, maria, desk, clock):
    who = confirm(wary, maria)
    for _ in range(2):
        wary.hold_transfer("p1", **who)
    assert [event.workflow for event in wary.office.waiting()] == ["held_transfer:p1"]
    ask_two_people(desk, "p1")
    clock.pass_time(days=1)
    for name in ("Ada", "Ben"):
        wary.tasks.decide("p1:approval", "approved", by=name)
    assert [make_transfer(desk, "p1") for _ in range(3)] == ["made"] * 3
    tell_customer(desk, "p1", "made")
    assert balance(wary, maria) == Decimal("2250.75")
    assert wary.letters()[-1]["kind"] == "transfer_made"
    wary.check()


@pytest.mark.parametrize("nobody", ["", "  ", "aDA"])
def test_who_decides_is_somebody_else_with_a_name(wary, maria, desk, nobody):
    who = confirm(wary, maria)
    wary.hold_transfer("p1", **who)
    ask_two_people(desk, "p1")
    wary.tasks.decide("p1:approval", "approved", by="Ada")
    with pytest.raises(BankError):
        wary.tasks.decide("p1:approval", "approved", by=nobody)
    assert make_transfer(desk, "p1") == "declined"


def test_without_the_code_nothing_is_held(wary, maria):
    who = confirm(wary, maria, code=False)
    with pytest.raises(CodeNeeded):
        wary.hold_transfer("p1", **who)
    assert wary.office.waiting() == []


def account(bank, somebody):
    return next(a for a in bank.facts(somebody.id).accounts if a.kind == "checking")


def test_what_two_people_look_at_is_kept_and_booked_but_not_available(wary, maria, desk):
    who = confirm(wary, maria, amount="2000.00")
    for _ in range(2):
        wary.hold_transfer("p1", **who)
    found = account(wary, maria)
    assert (found.balance, found.available) == (Decimal("2450.75"), Decimal("450.75"))
    wary.propose_transfer(maria.order("450.76"), call_id="c1", proposal_id="p2")
    with pytest.raises(InsufficientFunds):
        wary.execute_transfer("p2", **who)
    wary.propose_transfer(maria.order("450.75"), call_id="c1", proposal_id="p3")
    wary.execute_transfer("p3", **who)
    wary.check()
    ask_two_people(desk, "p1")
    for name in ("Ada", "Ben"):
        wary.tasks.decide("p1:approval", "approved", by=name)
    assert make_transfer(desk, "p1") == "made"
    assert (account(wary, maria).balance, account(wary, maria).available) == (0, 0)
    wary.check()


def test_what_is_declined_is_available_again(wary, maria, desk):
    who = confirm(wary, maria, amount="2000.00")
    wary.hold_transfer("p1", **who)
    ask_two_people(desk, "p1")
    wary.tasks.decide("p1:approval", "declined", by="Ada")
    assert make_transfer(desk, "p1") == "declined"
    assert account(wary, maria).available == Decimal("2450.75")


def test_money_is_not_promised_twice(wary, maria):
    """Two transfers that wait for approval may not be of the same money, in one call or in two."""
    who = confirm(wary, maria, amount="2000.00")
    wary.hold_transfer("p1", **who)
    order = maria.order("500.00", to="Anna Keller")
    wary.propose_transfer(order, call_id="c2", proposal_id="p2")
    other = {"customer_id": maria.id, "call_id": "c2"}
    wary.codes.send("p2", **other)
    wary.codes.check("p2", wary.letters()[-1]["body"].split()[2], **other)
    with pytest.raises(InsufficientFunds):
        wary.hold_transfer("p2", **other)
    assert [event.workflow for event in wary.office.waiting()] == ["held_transfer:p1"]
    wary.check()


def test_a_held_transfer_of_another_call_is_not_confirmed(wary, maria, james):
    confirm(wary, maria)
    with pytest.raises(ProposalSpent):
        wary.hold_transfer("p1", customer_id=maria.id, call_id="c2")
    with pytest.raises(ProposalSpent):
        wary.hold_transfer("p1", customer_id=james.id, call_id="c1")
