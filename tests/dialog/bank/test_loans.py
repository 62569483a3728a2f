"""Loans to the cent; a scorecard that says why; groups that are treated alike."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialog.bank.loans.applicant import Request
from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.fairness import FOUR_FIFTHS, PROXY, fairness
from dialog.bank.loans.population import People
from dialog.bank.loans.schedule import instalment, schedule, total
from dialog.bank.loans.scorecard import FORBIDDEN, Scorecard, assess, scorecard
from dialog.bank.money import to_minor
from dialog.errors import InvalidAmount

AMOUNTS = st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100)
RATES = st.integers(0, 4000).map(lambda hundredths: Decimal(hundredths) / 100)
GOOD = {
    "instalment_share": Decimal("8.0"),
    "income_seen": Decimal("95.0"),
    "reserves": Decimal("14.0"),
    "months_here": Decimal(30),
    "employment": "employed",
    "asked_lately": Decimal(0),
}


@given(AMOUNTS, RATES, st.integers(1, 480))
def test_a_schedule_repays_the_amount_to_the_cent(amount, rate, months):
    rows = schedule(amount, rate, months)
    assert sum(row.principal for row in rows) == amount
    assert rows[-1].owed == 0
    assert total(rows) == amount + sum(row.interest for row in rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    owed = amount
    for row in rows:
        assert row.payment == row.interest + row.principal
        assert row.interest == (owed * rate / 1200).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        owed -= row.principal
        assert row.owed == owed >= 0
        assert all(to_minor(part) >= 0 for part in (row.payment, row.interest))


@given(
    st.integers(100_000, 3_000_000).map(lambda cents: Decimal(cents) / 100),
    st.integers(12, 72),
)
def test_the_bank_s_own_loans_have_equal_instalments_but_for_the_last(amount, months):
    rows = schedule(amount, conditions().rate(months), months)
    assert len(rows) == months
    assert len({row.payment for row in rows[:-1]}) == 1
    assert abs(rows[-1].payment - rows[0].payment) < Decimal("1.00")


def test_a_known_loan():
    # 10,000 at 6% over 36 months is the textbook's 304.22 a month.
    assert instalment(Decimal(10000), Decimal(6), 36) == Decimal("304.22")
    assert instalment(Decimal(1200), Decimal(0), 12) == Decimal("100.00")


@pytest.mark.parametrize(
    ("amount", "rate", "months"), [(0, 5, 12), (-1, 5, 12), (5, -1, 1), (5, 1, 0)]
)
def test_what_is_no_loan_has_no_schedule(amount, rate, months):
    with pytest.raises(ValueError):
        schedule(Decimal(amount), Decimal(rate), months)


def test_an_assessment_says_what_cost_the_most_points():
    found = assess({**GOOD, "employment": "unemployed"}, Decimal(5000), scorecard())
    assert found.reasons == ("employment",)
    assert found.points == sum(found.parts.values())


def test_the_three_outcomes():
    card = scorecard()
    assert assess(GOOD, Decimal(5000), card).outcome == "approved"
    assert assess(GOOD, Decimal(20000), card).outcome == "person"
    poor = {**GOOD, "income_seen": Decimal(0), "reserves": Decimal(0), "employment": "student"}
    poor["instalment_share"] = Decimal(38)
    assert assess(poor, Decimal(5000), card).outcome == "declined"
    assert assess({**GOOD, "instalment_share": Decimal("45.1")}, Decimal(5000), card).reasons == (
        "instalment_share",
    )


@given(
    st.sampled_from(["instalment_share"]),
    st.decimals(0, 100, places=1),
    st.decimals(0, 100, places=1),
)
def test_a_smaller_instalment_never_costs_points(name, one, other):
    card = scorecard()
    less, more = sorted((one, other))
    points = [assess({**GOOD, name: value}, Decimal(5000), card).points for value in (less, more)]
    assert points[0] >= points[1]


def test_the_scorecard_looks_at_nothing_forbidden():
    assert not FORBIDDEN & {c.name for c in scorecard().characteristics}
    forbidden = {"name": "age", "bands": [{"points": 1}]}
    told = {**scorecard().model_dump(), "characteristics": [forbidden]}
    with pytest.raises(ValueError):
        Scorecard.model_validate(told)


def test_no_group_is_left_behind_and_no_proxy_is_found():
    report = fairness(scorecard(), 4000, seed=3)
    assert report.findings == ()
    assert min(rate.ratio for rate in report.rates) >= FOUR_FIFTHS
    assert {rate.trait for rate in report.rates} == {"gender", "origin", "age"}


def test_a_gap_that_the_rules_let_through_is_found():
    unfair = People(gaps={"income": {"women": 0.35}})
    findings = fairness(scorecard(), 3000, seed=3, people=unfair).findings
    assert any("gender women" in found and "best group" in found for found in findings)
    assert any("stand in for gender" in found for found in findings)


@pytest.mark.parametrize(
    ("characteristic", "gap", "group"),
    [
        ("employment", {"unemployed": {"immigrant": 20}}, "origin immigrant"),
        ("employment", {"student": {"under 30": 40}}, "age under 30"),
        ("months_here", {"months_here": {"under 30": 0.05}}, "age under 30"),
        ("reserves", {"reserves": {"over 60": 0.05}}, "age over 60"),
        ("asked_lately", {"asked_lately": {"women": 6}}, "gender women"),
    ],
)
def test_each_characteristic_that_stands_in_for_a_group_is_found(characteristic, gap, group):
    findings = fairness(scorecard(), 3000, seed=3, people=People(gaps=gap)).findings
    assert any(f"points of {characteristic} stand in for {group}" in one for one in findings)


def test_applicants_differ_so_that_a_proxy_could_be_found():
    """Who is retired is over 60, and who is young has not been here for long."""
    told = {(p.characteristic, p.group): p.area for p in fairness(scorecard(), 4000, 3).of_values}
    assert told["employment retired", "over 60"] > PROXY
    assert told["months_here", "under 30"] > PROXY


def test_points_for_a_year_of_reserves_leave_the_young_behind():
    card = scorecard().model_dump()
    reserves = next(one for one in card["characteristics"] if one["name"] == "reserves")
    steps = ((1, 0), (4, 8), (12, 14), (None, 20))
    reserves["bands"] = [{"under": under, "points": points} for under, points in steps]
    findings = fairness(Scorecard.model_validate(card), 4000, seed=3).findings
    assert any("age under 30" in found and "best group" in found for found in findings)


def apply(
    bank, somebody, amount="5000", months=36, income="4000", employment="employed", order="l1"
):
    terms = {
        "amount_minor": to_minor(Decimal(amount)),
        "months": months,
        "income_minor": to_minor(Decimal(income)),
        "employment": employment,
    }
    who = {"customer_id": somebody.id, "call_id": "c1"}
    bank.orders.propose("loan", terms, proposal_id=order, **who)
    return bank.orders.carry_out(order, **who)


def test_an_application_is_assessed_from_the_books_and_starts_its_workflow(bank, maria):
    told = apply(bank, maria).told
    found = bank.loans.get("l1")
    assert told["outcome"] == found.outcome
    assert found.amount == Decimal("5000.00")
    assert [event.workflow for event in bank.office.waiting()] == ["loan_application:l1"]
    without = bank.loans.assess(maria.id, Request(Decimal(5000), 36, Decimal(4000), "employed"))
    assert without.points == found.points


def test_an_instalment_that_takes_half_of_the_income_is_declined(bank, maria):
    assert (
        apply(bank, maria, amount="20000", months=12, income="3000").told["outcome"] == "declined"
    )


@pytest.mark.parametrize(
    ("amount", "months"), [("999", 12), ("30001", 12), ("5000", 11), ("5000", 73)]
)
def test_loans_outside_the_conditions_are_refused(bank, maria, amount, months):
    with pytest.raises(InvalidAmount):
        apply(bank, maria, amount=amount, months=months)
