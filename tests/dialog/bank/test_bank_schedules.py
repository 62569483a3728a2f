"""Payments of later days: arranged once, made once on their day, cancelled for good."""

import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from bank_callers import TODAY, meet

from dialog.backoffice.held_transfer import ask_two_people, make_transfer
from dialog.backoffice.patience import Patience
from dialog.backoffice.steps import Desk
from dialog.bank.risk import Rule, packaged_rules
from dialog.bank.schedules import Run, following
from dialog.bank.values import Search
from dialog.errors import CodeNeeded, InvalidDay, ProposalSpent

FRIDAY = date(2026, 3, 20)


@pytest.fixture
def arrange(bank, maria):
    """Arranges a payment of Maria's."""

    def arrange(amount="50.00", to="Anna Keller", day=FRIDAY, every="once", name="s1"):
        order = replace(maria.order(amount, to=to), first_on=day, every=every)
        bank.propose_transfer(order, call_id="c1", proposal_id=name)
        return bank.schedules.arrange(name, customer_id=maria.id, call_id="c1")

    return arrange


@pytest.mark.parametrize(
    ("first", "every", "after", "expected"),
    [
        ("2026-03-20", "once", "2026-03-19", "2026-03-20"),
        ("2026-03-20", "once", "2026-03-20", None),
        ("2026-03-20", "week", "2026-03-20", "2026-03-27"),
        ("2026-03-20", "week", "2026-03-26", "2026-03-27"),
        ("2026-03-20", "week", "2026-04-15", "2026-04-17"),
        ("2026-01-31", "month", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "month", "2026-02-28", "2026-03-31"),
        ("2028-01-31", "month", "2028-02-01", "2028-02-29"),
        ("2026-12-15", "month", "2026-12-15", "2027-01-15"),
        ("2026-03-20", "month", "2026-06-19", "2026-06-20"),
    ],
)
def test_the_day_that_follows(first, every, after, expected):
    found = following(date.fromisoformat(first), every, date.fromisoformat(after))
    assert found == (date.fromisoformat(expected) if expected else None)


def test_nothing_moves_before_its_day_and_once_on_it(bank, arrange, clock, balances):
    before = balances()
    arrange()
    assert bank.schedules.run_due() == Run(0, 0)
    clock.pass_time(days=4)
    assert bank.schedules.run_due() == Run(1, 0)
    assert bank.schedules.run_due() == Run(0, 0)
    assert balances() == before | {"Maria/checking": "2400.75"}
    assert bank.facts(1).schedules == ()
    bank.check()


def test_a_confirmation_that_is_repeated_arranges_one_payment(bank, maria, arrange, clock):
    first = arrange()
    again = bank.schedules.arrange("s1", customer_id=maria.id, call_id="c1")
    assert again == first
    clock.pass_time(days=4)
    assert bank.schedules.run_due() == Run(1, 0)


def test_a_monthly_payment_comes_again_and_catches_up_on_days_that_nobody_ran(
    bank, arrange, clock, balances
):
    arrange(every="month")
    clock.pass_time(days=4)
    assert bank.schedules.run_due() == Run(1, 0)
    assert [one.due_on for one in bank.facts(1).schedules] == [date(2026, 4, 20)]
    clock.pass_time(days=65)
    assert bank.schedules.run_due() == Run(2, 0)
    assert balances()["Maria/checking"] == "2300.75"


def test_many_runners_at_once_pay_once(open_bank, url, bank, arrange, clock, balances):
    for n in range(3):
        arrange(name=f"s{n}", amount=f"{n + 1}.00")
    clock.pass_time(days=4)
    banks = [bank, open_bank(url), open_bank(url)]
    runs = []
    threads = [
        threading.Thread(target=lambda b=b: runs.append(b.schedules.run_due())) for b in banks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run.paid for run in runs) == 3
    assert balances()["Maria/checking"] == "2444.75"
    bank.check()


def test_a_cancelled_payment_is_never_made(bank, maria, arrange, clock, balances):
    before = balances()
    arrange(every="week")
    bank.schedules.cancel("s1", customer_id=maria.id, call_id="c2")
    clock.pass_time(days=40)
    assert bank.schedules.run_due() == Run(0, 0)
    assert balances() == before
    with pytest.raises(ProposalSpent):
        bank.schedules.cancel("s1", customer_id=maria.id, call_id="c2")


def test_nobody_cancels_somebody_elses_payment(bank, arrange, james, clock):
    arrange()
    with pytest.raises(ProposalSpent):
        bank.schedules.cancel("s1", customer_id=james.id, call_id="c2")
    clock.pass_time(days=4)
    assert bank.schedules.run_due() == Run(1, 0)


def test_without_funds_it_is_tried_three_days_then_the_customer_is_told(
    bank, arrange, clock, balances
):
    before = balances()
    arrange(amount="9000.00")
    clock.pass_time(days=4)
    for _ in range(3):
        assert bank.schedules.run_due() == Run(0, 1)
        assert bank.schedules.run_due() == Run(0, 0)
        clock.pass_time(days=1)
    assert bank.schedules.run_due() == Run(0, 0)
    assert balances() == before
    (letter,) = bank.letters()
    assert "9,000.00 USD to Anna Keller, due 2026-03-20" in letter["body"]


def test_a_monthly_payment_that_failed_comes_again_next_month(bank, arrange, clock):
    arrange(amount="9000.00", every="month")
    clock.pass_time(days=4)
    for _ in range(3):
        bank.schedules.run_due()
        clock.pass_time(days=1)
    assert [one.due_on for one in bank.facts(1).schedules] == [date(2026, 4, 20)]


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 15)])
def test_a_day_that_is_not_later_is_refused(bank, arrange, day):
    with pytest.raises(InvalidDay):
        arrange(day=day)


def test_what_is_for_later_is_not_executed_now_nor_the_other_way_round(bank, maria, arrange):
    arrange()
    with pytest.raises(ProposalSpent):
        bank.execute_transfer("s1", customer_id=maria.id, call_id="c1")
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="now")
    with pytest.raises(ProposalSpent):
        bank.schedules.arrange("now", customer_id=maria.id, call_id="c1")


def test_a_proposal_id_cannot_be_given_another_day(bank, maria, arrange):
    arrange()
    with pytest.raises(ProposalSpent):
        arrange(day=date(2026, 3, 21))


def test_a_large_payment_for_later_needs_its_code_when_it_is_arranged(open_bank, url, clock):
    bank = open_bank(url, rules=packaged_rules())
    priya = meet(bank, "Priya")
    order = replace(priya.order("1500.00", to="Sofia Rossi"), first_on=FRIDAY)
    assert bank.propose_transfer(order, call_id="c1", proposal_id="s").needs_code
    with pytest.raises(CodeNeeded):
        bank.schedules.arrange("s", customer_id=priya.id, call_id="c1")


def test_a_limit_holds_on_the_day_of_payment_too(open_bank, url, clock):
    limit = {"rule": "day", "when": {"to": "payee", "paid_today": {"over": 60}}, "then": "refuse"}
    bank = open_bank(url, rules=(Rule.model_validate(limit),))
    maria = meet(bank, "Maria")
    for n in range(2):
        order = replace(maria.order("50.00", to="Anna Keller"), first_on=FRIDAY)
        bank.propose_transfer(order, call_id="c1", proposal_id=f"s{n}")
        bank.schedules.arrange(f"s{n}", customer_id=maria.id, call_id="c1")
        clock.pass_time(days=1)
    clock.pass_time(days=2)
    assert bank.schedules.run_due() == Run(1, 1)


@pytest.mark.parametrize("outcome", ["approval", "person"])
@pytest.mark.parametrize("decision", ["approved", "declined"])
def test_what_is_for_people_on_its_day_waits_for_two_of_them(
    open_bank, url, clock, outcome, decision
):
    """Nobody is there to give a code or to be handed over: two people decide, or nothing moves."""
    rule = {"rule": "r", "when": {"to": "payee", "paid_today": {"over": 60}}, "then": outcome}
    bank = open_bank(url, rules=(Rule.model_validate(rule),))
    maria = meet(bank, "Maria")
    order = replace(maria.order("50.00", to="Anna Keller"), first_on=FRIDAY)
    bank.propose_transfer(order, call_id="c1", proposal_id="s")
    bank.schedules.arrange("s", customer_id=maria.id, call_id="c1")
    clock.pass_time(days=4)
    bank.propose_transfer(maria.order("20.00", to="Anna Keller"), call_id="c2", proposal_id="p")
    bank.execute_transfer("p", customer_id=maria.id, call_id="c2")
    before = bank.facts(maria.id).accounts[0]
    assert bank.schedules.run_due() == Run(0, 0)
    kept = bank.facts(maria.id).accounts[0]
    assert (kept.balance, kept.available) == (before.balance, before.available - 50)
    assert [letter["kind"] for letter in bank.letters()] == ["payment_held"]
    assert [one.state for one in bank.payments.status(maria.id, Search(amount=Decimal(50)))] == [
        "held"
    ]
    held = "s@2026-03-20"
    assert bank.office.waiting()[-1].workflow == f"held_transfer:{held}"
    desk = Desk(bank, None, Patience())
    ask_two_people(desk, held)
    for name in ("Ada", "Ben")[: 2 if decision == "approved" else 1]:
        bank.tasks.decide(f"{held}:approval", decision, by=name)
    assert make_transfer(desk, held) == ("made" if decision == "approved" else "declined")
    moved = 50 if decision == "approved" else 0
    assert bank.facts(maria.id).accounts[0].balance == before.balance - moved
    bank.check()
