"""Workflows: what they do, what they wait for, and how a failed one goes on; on both databases."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from bank_callers import empty

from dialog.backoffice.engine import BackOffice, office_url
from dialog.backoffice.looking import Window
from dialog.backoffice.patience import Patience
from dialog.backoffice.steps import Desk
from dialog.errors import BankError, BankUnavailable, UnknownTask

PATIENCE = Patience(step=timedelta(seconds=0.01), tries=2, day=timedelta(seconds=0.02))


class CardMaker:
    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.orders: list[str] = []

    def make_card(self, order_id: str, kind: str) -> str:
        self.orders.append(order_id)
        if self.broken is not None:
            raise self.broken
        return "7654"


@pytest.fixture
def maker():
    return CardMaker()


@pytest.fixture
def office(bank, url, maker):
    office = BackOffice(Desk(bank, maker, PATIENCE), office_url(url), polling_s=0.02)
    office.open()
    yield office
    office.close()


@pytest.fixture
def window(office, url):
    window = Window(office_url(url))
    yield window
    window.close()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def order_card(bank, maria, order="o1"):
    who = {"customer_id": maria.id, "call_id": "c1"}
    bank.orders.propose("replace", {"card": maria.cards["debit"]}, proposal_id=order, **who)
    bank.orders.carry_out(order, **who)


def status(window, workflow):
    return {one.id: one.status for one in window.workflows()}.get(workflow)


def letters(bank):
    return [letter["kind"] for letter in bank.letters()]


def test_an_order_that_was_only_read_back_starts_nothing(bank, maria):
    terms = {"card": maria.cards["debit"]}
    bank.orders.propose("replace", terms, customer_id=maria.id, call_id="c1", proposal_id="o1")
    assert bank.office.waiting() == []


def test_a_workflow_is_started_once_however_often_it_is_relayed(bank, maria, office, window, maker):
    order_card(bank, maria)
    events = bank.office.waiting()
    assert office.relay() == 1
    for event in events:
        from dialog.backoffice.engine import _relay

        _relay(event)
    assert office.relay() == 0
    wait_for(lambda: "card_sent" in letters(bank))
    assert maker.orders == ["o1"]
    assert [one.id for one in window.workflows()] == ["card_replacement:o1"]


def test_a_card_that_nobody_activates_is_asked_for_and_then_looked_at(bank, maria, office, window):
    order_card(bank, maria)
    office.relay()
    wait_for(lambda: status(window, "card_replacement:o1") == "SUCCESS")
    assert letters(bank) == ["card_sent", "card_reminder"]
    assert [task.kind for task in bank.tasks.waiting()] == ["card not activated"]
    assert [step.name for step in window.steps("card_replacement:o1")][:2] == [
        "have_card_made",
        "put_into_books",
    ]


@pytest.mark.parametrize(
    ("broken", "tries"),
    [(OSError("no answer"), PATIENCE.tries), (BankError("no such card"), 1)],
    ids=["an outage", "a refusal"],
)
def test_a_workflow_that_failed_goes_on_from_its_failed_step(
    bank, maria, office, window, maker, broken, tries
):
    maker.broken = broken
    order_card(bank, maria)
    office.relay()
    wait_for(lambda: status(window, "card_replacement:o1") == "ERROR")
    assert len(maker.orders) == tries
    assert letters(bank) == []
    maker.broken = None
    window.retry("card_replacement:o1")
    wait_for(lambda: status(window, "card_replacement:o1") == "SUCCESS")
    assert letters(bank)[0] == "card_sent"


def test_only_a_workflow_that_failed_is_tried_again(bank, maria, office, window):
    with pytest.raises(BankError, match="workflows list"):
        window.retry("card_replacement:nobody")
    order_card(bank, maria)
    office.relay()
    wait_for(lambda: status(window, "card_replacement:o1") == "SUCCESS")
    with pytest.raises(BankError, match="only one that failed"):
        window.retry("card_replacement:o1")


def test_a_late_complaint_becomes_an_urgent_task_and_its_answer_is_sent(
    bank, maria, office, window
):
    case = bank.cases.open(
        "complaint", "a wrong fee", customer_id=maria.id, call_id="c1", request_id="r1"
    )
    office.relay()
    wait_for(lambda: bool(bank.tasks.waiting()))
    task = bank.tasks.waiting()[0]
    assert (task.department, task.urgent) == ("head of complaints", True)
    bank.cases.close(case.reference, "we pay it back", by="head")
    office.relay()
    wait_for(lambda: "complaint_answered" in letters(bank))
    assert "we pay it back" in bank.letters()[-1]["body"]
    wait_for(lambda: status(window, "complaint:1") == "SUCCESS")
    assert bank.tasks.waiting() == []


@pytest.mark.parametrize("kind", ["call_back", "survey"])
def test_what_nobody_decided_in_time_is_nobodys_task_any_more(bank, james, office, window, kind):
    """Its words would have no end of their matter to count a period from."""
    begin(bank, james, kind)
    office.relay()
    wait_for(lambda: status(window, f"{kind}:o1") == "SUCCESS")
    assert bank.tasks.waiting() == []


def test_an_office_that_closes_leaves_its_workflows_to_the_next_one(
    bank, maria, office, window, url, maker
):
    who = {"customer_id": maria.id, "call_id": "c1"}
    cases = [bank.cases.open("complaint", "a fee", request_id=f"r{n}", **who) for n in range(3)]
    office.relay()
    wait_for(lambda: len(bank.tasks.waiting()) == len(cases))
    office.close()
    assert {one.status for one in window.workflows()} == {"PENDING"}
    for case in cases:
        bank.cases.close(case.reference, "we pay it back", by="head")
    after = BackOffice(Desk(bank, maker, PATIENCE), office_url(url), polling_s=0.02)
    after.open()
    after.relay()
    wait_for(lambda: {one.status for one in window.workflows()} == {"SUCCESS"})
    after.close()
    assert letters(bank).count("complaint_answered") == len(cases)


ORDERS = {
    "replace": lambda james: {"card": james.cards["debit"]},
    "call_back": lambda _: {"day": "2026-03-20", "hour": 10, "about": "a loan"},
    "loan": lambda _: {
        "amount_minor": 500000,
        "months": 24,
        "income_minor": 250000,
        "employment": "employed",
    },
    "dispute": lambda _: {"words": "that was not me"},
    "survey": lambda _: {"words": "one, nobody helped me", "flows": "transfer"},
}


def begin(bank, james, kind):
    """Do what a workflow follows."""
    who = {"customer_id": james.id, "call_id": "c1"}
    if kind == "complaint":
        bank.cases.open("complaint", "a wrong fee", request_id="r1", **who)
    else:
        bank.orders.propose(kind, ORDERS[kind](james), proposal_id="o1", **who)
        bank.orders.carry_out("o1", **who)


@pytest.mark.parametrize("kind", [*ORDERS, "complaint"])
def test_a_workflow_ends_quietly_once_its_customer_was_erased(
    bank, james, office, window, maker, kind
):
    begin(bank, james, kind)
    empty(bank, james)
    bank.privacy.erase(james.number, by="Ada")
    office.relay()
    (workflow,) = [one.id for one in window.workflows()]
    wait_for(lambda: status(window, workflow) == "SUCCESS")
    assert (maker.orders, bank.tasks.waiting(), bank.letters()) == ([], [], [])


@pytest.mark.parametrize("kind", ["call_back", "loan", "dispute", "survey", "complaint"])
def test_a_workflow_that_waits_for_people_ends_once_its_customer_is_erased(
    bank, james, office, window, kind
):
    begin(bank, james, kind)
    office.relay()
    wait_for(lambda: bool(bank.tasks.waiting()))
    empty(bank, james)
    bank.privacy.erase(james.number, by="Ada")
    assert bank.tasks.waiting() == []
    office.relay()
    (workflow,) = [one.id for one in window.workflows()]
    wait_for(lambda: status(window, workflow) == "SUCCESS")
    assert (bank.tasks.waiting(), bank.cases.open_cases()) == ([], [])


def test_an_office_that_never_worked_is_told(tmp_path):
    with pytest.raises(BankUnavailable, match="workflows run"):
        Window(f"sqlite:///{tmp_path / 'none.office'}")


def test_a_task_of_two_people_needs_two_different_ones(bank, maria):
    from dialog.bank.tasks import NewTask

    new = NewTask("t1", "w", "transfer", maria.id, "payments", "a large one", people=2)
    bank.tasks.open(new)
    assert bank.tasks.open(new).id == "t1"
    assert bank.tasks.decide("t1", "approved", by="Ada").decision is None
    with pytest.raises(UnknownTask, match="two people"):
        bank.tasks.decide("t1", "approved", by="Ada")
    with pytest.raises(UnknownTask, match="two people"):
        bank.tasks.decide("t1", "approved", by=" ADA ")
    assert bank.tasks.decide("t1", "approved", by="Ben").decision == "approved"
    with pytest.raises(UnknownTask):
        bank.tasks.decide("t1", "declined", by="Cleo")
    assert [event.kind for event in bank.office.waiting()] == ["decided"]


def test_one_who_declines_decides(bank, maria):
    from dialog.bank.tasks import NewTask

    bank.tasks.open(NewTask("t1", "w", "transfer", maria.id, "payments", "large", people=2))
    assert bank.tasks.decide("t1", "declined", by="Ada").decision == "declined"
