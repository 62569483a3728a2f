"""Complaints: in the caller's words, once, to the right department, answered by a day."""

from datetime import date

import pytest

from dialog.bank.cases import number_of
from dialog.bank.routing import bank_day_after, departments, route
from dialog.errors import UnknownCase

MONDAY = date(2026, 3, 16)


@pytest.fixture
def complain(bank, maria):
    def complain(words="the cash machine kept my card", request="c1:3", kind="complaint"):
        return bank.cases.open(kind, words, customer_id=maria.id, call_id="c1", request_id=request)

    return complain


@pytest.mark.parametrize(
    ("words", "department", "due", "urgent"),
    [
        ("the cash machine kept my card", "cards", date(2026, 3, 23), False),
        ("you charged me twice", "payments", date(2026, 3, 23), False),
        ("the lady at the counter was rude", "branches", date(2026, 3, 30), False),
        ("somebody else used my card, it is fraud", "fraud", date(2026, 3, 18), False),
        ("nobody cares about me", "customer care", date(2026, 3, 30), False),
        ("my husband died and you still charge him", "payments", date(2026, 3, 17), True),
        ("I was discarded", "customer care", date(2026, 3, 30), False),
    ],
)
def test_words_decide_department_day_and_urgency(words, department, due, urgent):
    found = route(words, MONDAY)
    assert (found.department, found.due_on, found.urgent) == (department, due, urgent)


def test_a_deadline_counts_bank_days():
    assert bank_day_after(date(2026, 3, 20), 1) == date(2026, 3, 23)
    assert bank_day_after(date(2026, 3, 21), 1) == date(2026, 3, 23)


def test_every_department_can_be_reached_by_its_own_words():
    for department in departments().departments:
        assert any(route(w, MONDAY).department == department.department for w in department.words)


def test_a_complaint_is_taken_once_however_often_it_is_asked_for(bank, complain):
    first = complain()
    assert complain() == first
    assert complain(request="c1:4") != first
    assert len(bank.cases.open_cases()) == 2


def test_a_reference_has_a_check_digit(complain):
    reference = complain().reference
    assert number_of(reference) >= 1
    assert len(reference) == 5
    wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    for bad in (wrong, "", "abc", "٣"):
        with pytest.raises(UnknownCase):
            number_of(bad)


def test_the_customer_is_told_the_answer_and_nobody_else_sees_it(bank, complain, maria, james):
    case = complain()
    assert bank.facts(maria.id).cases == (case,)
    assert bank.facts(james.id).cases == ()
    bank.cases.close(case.reference, "The machine is mended.", by="Lee")
    assert bank.facts(maria.id).cases[0].answer == "The machine is mended."
    assert bank.cases.open_cases() == []
    with pytest.raises(UnknownCase):
        bank.cases.close(case.reference, "Again.", by="Lee")


def test_urgent_ones_come_first_then_those_due_first(complain, bank):
    complain("nobody cares", request="a")
    complain("you charged me twice", request="b")
    complain("I am in hospital and the branch is closed", request="c")
    assert [words for _, words in bank.cases.open_cases()] == [
        "I am in hospital and the branch is closed",
        "you charged me twice",
        "nobody cares",
    ]


def test_the_audit_tells_of_a_case_without_its_words(bank, complain):
    complain("my neighbour Mister Smith stole my card")
    (row,) = [r for r in bank.audit_rows(10) if r["action"] == "open_complaint"]
    assert row["details"]["department"] == "cards"
    assert "Smith" not in str(row)
    assert bank.check_audit().findings == ()
