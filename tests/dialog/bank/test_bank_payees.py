"""Somebody new to pay: exact numbers, a code always, and once."""

import re

import pytest
from bank_callers import meet
from sqlalchemy import text

from dialog.bank.payees import clean_name, is_account_number, is_routing_number
from dialog.bank.risk import packaged_rules
from dialog.bank.values import NewPayee
from dialog.errors import CodeNeeded, InvalidPayee, PayeeExists, ProposalSpent

ROBERT = NewPayee("robert miller.", "021000021", "000123456789")


def propose(bank, who, new=ROBERT, name="p1", call="c1"):
    return bank.payees.propose(new, customer_id=who.id, call_id=call, proposal_id=name)


def give_code(bank, who, name="p1", call="c1"):
    bank.codes.send(name, customer_id=who.id, call_id=call)
    (letter,) = [one for one in bank.letters() if one["key"] == f"code:{name}"]
    code = re.search(r"\b\d{6}\b", letter["body"])[0]
    bank.codes.check(name, code, customer_id=who.id, call_id=call)
    return letter["body"]


def add(bank, who, name="p1", call="c1"):
    return bank.payees.add(name, customer_id=who.id, call_id=call)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("robert miller.", "Robert Miller"),
        ("  O'Brien  Plumbing ", "O'Brien Plumbing"),
        ("Jean-Luc", "Jean-Luc"),
        ("José Álvarez", "José Álvarez"),
    ],
)
def test_a_name_is_written_as_names_are(said, name):
    assert clean_name(said) == name


@pytest.mark.parametrize(
    "said", ["", "4821", "Robert ••••", "my landlord who lives next door", "a" * 90, "<b>", "{}"]
)
def test_what_is_no_name_is_refused(said):
    with pytest.raises(InvalidPayee):
        clean_name(said)


@pytest.mark.parametrize(
    ("digits", "possible"),
    [("021000021", True), ("021000012", False), ("02100002", False), ("", False), ("x", False)],
)
def test_a_routing_number_has_a_check_digit(digits, possible):
    assert is_routing_number(digits) is possible


@pytest.mark.parametrize(
    ("digits", "possible"), [("1234", True), ("1" * 17, True), ("123", False), ("1" * 18, False)]
)
def test_an_account_number_has_four_to_seventeen_digits(digits, possible):
    assert is_account_number(digits) is possible


def test_a_payee_is_added_once_after_the_code(bank, maria):
    assert propose(bank, maria) == "Robert Miller"
    with pytest.raises(CodeNeeded):
        add(bank, maria)
    body = give_code(bank, maria)
    assert "Robert Miller, account ending in 6789" in body
    assert "000123456789" not in body
    first = add(bank, maria)
    assert add(bank, maria) == first
    assert [p.name for p in bank.facts(maria.id).payees][-1] == "Robert Miller"
    assert len(bank.facts(maria.id).payees) == 5


def test_a_new_payee_can_be_paid_and_each_payment_needs_a_code(open_bank, url):
    bank = open_bank(url, rules=packaged_rules())
    maria = meet(bank, "Maria")
    propose(bank, maria)
    give_code(bank, maria)
    add(bank, maria)
    maria = meet(bank, "Maria")
    told = bank.propose_transfer(
        maria.order("5.00", to="Robert Miller"), call_id="c1", proposal_id="pay"
    )
    assert told.needs_code


def test_the_same_name_is_not_added_twice(bank, maria):
    for new in (ROBERT, NewPayee("ANNA keller", "021000021", "1234")):
        if new is ROBERT:
            propose(bank, maria)
            give_code(bank, maria)
            add(bank, maria)
        with pytest.raises(PayeeExists):
            propose(bank, maria, new, name=f"again {new.name}")


def test_two_proposals_of_one_name_make_one_payee(bank, maria):
    for name in ("p1", "p2"):
        propose(bank, maria, name=name)
        give_code(bank, maria, name=name)
    add(bank, maria, "p1")
    with pytest.raises(PayeeExists):
        add(bank, maria, "p2")


def test_a_proposal_is_of_one_call_and_customer_and_expires(bank, maria, james, clock):
    propose(bank, maria)
    give_code(bank, maria)
    for who, call in ((james, "c1"), (maria, "c2")):
        with pytest.raises(ProposalSpent):
            add(bank, who, call=call)
    clock.pass_time(minutes=10)
    with pytest.raises(ProposalSpent):
        add(bank, maria)
    assert len(bank.facts(maria.id).payees) == 4


@pytest.mark.parametrize(
    "new",
    [
        NewPayee("Robert Miller", "021000012", "1234"),
        NewPayee("Robert Miller", "021000021", "123"),
        NewPayee("Robert 4821", "021000021", "1234"),
    ],
)
def test_what_cannot_be_is_not_stored(bank, maria, new):
    with pytest.raises(InvalidPayee):
        propose(bank, maria, new)
    with bank._database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM payee_proposals")).scalar() == 0


def test_the_numbers_are_in_no_repr_and_no_audit(bank, maria):
    propose(bank, maria)
    assert "000123456789" not in repr(ROBERT)
    assert "000123456789" not in str(bank.audit_rows(20))
    assert "Robert" not in str(bank.audit_rows(20))
