"""Limits and signs of fraud: rules as data, every decision explained, and a one-time code."""

import json
import re
import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from bank_callers import meet
from sqlalchemy import select, text

from dialog.bank.risk import Range, Rule, judge, packaged_rules, read_rules
from dialog.bank.tables import AuditRow
from dialog.errors import (
    BankError,
    CodeNeeded,
    CodeSpent,
    CodeWrong,
    FlowError,
    NeedsPerson,
    NoAddress,
    RateLimited,
    Refused,
)


@pytest.fixture
def wary(open_bank, url):
    """The bank with the rules that it ships."""
    return open_bank(url, rules=packaged_rules())


@pytest.fixture
def without_large(open_bank, url):
    """The same bank, where a large amount alone needs no code."""
    return open_bank(url, rules=[r for r in packaged_rules() if r.rule != "large"])


@pytest.fixture
def priya(wary):
    return meet(wary, "Priya")


def propose(bank, who, amount, to="Sofia Rossi", name="p", call="c1"):
    return bank.propose_transfer(who.order(amount, to=to), call_id=call, proposal_id=name)


def execute(bank, who, name="p", call="c1"):
    return bank.execute_transfer(name, customer_id=who.id, call_id=call)


def code_in(bank, name="p"):
    (letter,) = [one for one in bank.letters() if one["key"] == f"code:{name}"]
    return re.search(r"\b\d{6}\b", letter["body"])[0]


def audit(bank):
    with bank._database.reading() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def rule(when, then="code", name="r"):
    return Rule.model_validate({"rule": name, "when": when, "then": then})


def test_a_rule_applies_where_all_of_its_conditions_hold():
    one = rule({"to": "payee", "amount": {"over": 100, "under": 200}})
    values = {"to": "payee", "amount": Decimal(150)}
    assert one.applies(values)
    for changed in ({"to": "own"}, {"amount": Decimal(100)}, {"amount": Decimal(200)}):
        assert not one.applies(values | changed)
    assert not one.applies({"to": "payee"})


def test_the_strongest_outcome_of_all_that_apply_counts():
    rules = [
        rule({"amount": {"over": 1}}, "code", "a"),
        rule({"amount": {"over": 2}}, "refuse", "b"),
        rule({"amount": {"over": 3}}, "person", "c"),
    ]
    assert judge(rules, {"amount": Decimal(1)}).outcome == "allow"
    verdict = judge(rules, {"amount": Decimal(4)})
    assert (verdict.outcome, verdict.rules) == ("refuse", ("b", "c", "a"))


@pytest.mark.parametrize(
    ("text_", "named"),
    [
        ("rules:\n  - rule: a\n    when: {amount: {over: 1}}\n    then: maybe\n", ":4:"),
        ("rules:\n  - rule: a\n    when: {amuont: {over: 1}}\n    then: code\n", ":3:"),
        ("rules:\n  - rule: a\n    when: {amount: {}}\n    then: code\n", "over, under or both"),
        ("rules:\n  - rule: a\n    when: {mood: payee}\n    then: code\n", ":3:.*calm, angry"),
        ("rules:\n  - rule: a\n    when: {to: calm}\n    then: code\n", ":3:.*give one of payee"),
        ("rules:\n  - rule: a\n    when: {amount: payee}\n    then: code\n", ":3:.*give a range"),
        ("rules:\n  - rule: a\n    when: {to: {over: 1}}\n    then: code\n", ":3:.*payee, own"),
    ],
)
def test_a_mistake_in_the_rules_is_named_with_its_line(tmp_path, text_, named):
    path = tmp_path / "risk.yaml"
    path.write_text(text_)
    with pytest.raises(FlowError, match=named):
        read_rules(path)


def test_a_range_needs_a_bound():
    with pytest.raises(ValueError, match="over, under or both"):
        Range()


def test_a_small_payment_to_a_known_payee_needs_nothing(wary, priya):
    assert not propose(wary, priya, "85.50").needs_code
    assert not execute(wary, priya).repeated


def test_a_large_payment_moves_nothing_without_the_code(wary, priya):
    assert propose(wary, priya, "1000.01").needs_code
    before = wary.books()
    with pytest.raises(CodeNeeded):
        execute(wary, priya)
    assert wary.books() == before


def test_the_code_from_the_text_message_opens_that_payment_once(wary, priya):
    propose(wary, priya, "1500.00")
    assert wary.codes.send("p", customer_id=priya.id, call_id="c1") == "43"
    (letter,) = wary.letters()
    assert "1,500.00 USD to Sofia Rossi" in letter["body"]
    wary.codes.check("p", code_in(wary), customer_id=priya.id, call_id="c1")
    assert not execute(wary, priya).repeated
    assert execute(wary, priya).repeated


def test_the_code_of_one_payment_opens_no_other(wary, priya):
    propose(wary, priya, "1500.00", name="p")
    propose(wary, priya, "9000.00", name="q")
    for name in "pq":
        wary.codes.send(name, customer_id=priya.id, call_id="c1")
    wary.codes.check("p", code_in(wary, "p"), customer_id=priya.id, call_id="c1")
    if code_in(wary, "p") != code_in(wary, "q"):
        with pytest.raises(CodeWrong):
            wary.codes.check("q", code_in(wary, "p"), customer_id=priya.id, call_id="c1")
    with pytest.raises(CodeNeeded):
        execute(wary, priya, "q")


def test_three_wrong_codes_end_it_for_the_right_one_too(wary, priya):
    propose(wary, priya, "1500.00")
    wary.codes.send("p", customer_id=priya.id, call_id="c1")
    right = code_in(wary)
    wrong = "000000" if right != "000000" else "000001"
    for error in (CodeWrong, CodeWrong, CodeSpent):
        with pytest.raises(error):
            wary.codes.check("p", wrong, customer_id=priya.id, call_id="c1")
    with pytest.raises(CodeSpent):
        wary.codes.check("p", right, customer_id=priya.id, call_id="c1")
    with pytest.raises(CodeNeeded):
        execute(wary, priya)


def test_a_code_is_taken_for_five_minutes(wary, priya, clock):
    propose(wary, priya, "1500.00")
    wary.codes.send("p", customer_id=priya.id, call_id="c1")
    clock.pass_time(minutes=5)
    with pytest.raises(CodeSpent):
        wary.codes.check("p", code_in(wary), customer_id=priya.id, call_id="c1")


def test_a_code_is_of_one_call_and_one_customer(wary, priya):
    james = meet(wary, "James")
    propose(wary, priya, "1500.00")
    wary.codes.send("p", customer_id=priya.id, call_id="c1")
    right = code_in(wary)
    for who, call in ((james, "c1"), (priya, "c2")):
        with pytest.raises(CodeSpent):
            wary.codes.check("p", right, customer_id=who.id, call_id=call)
        with pytest.raises(CodeSpent):
            wary.codes.send("p", customer_id=who.id, call_id=call)


def test_a_second_asking_sends_no_second_code(wary, priya):
    propose(wary, priya, "1500.00")
    for _ in range(3):
        wary.codes.send("p", customer_id=priya.id, call_id="c1")
    assert len(wary.letters()) == 1


def test_codes_cannot_be_sent_without_end(wary, priya, clock):
    for n in range(5):
        propose(wary, priya, "1500.00", name=f"p{n}")
        wary.codes.send(f"p{n}", customer_id=priya.id, call_id="c1")
    propose(wary, priya, "1500.00", name="p5")
    with pytest.raises(RateLimited):
        wary.codes.send("p5", customer_id=priya.id, call_id="c1")
    clock.pass_time(hours=1)
    propose(wary, priya, "1500.00", name="p6")
    wary.codes.send("p6", customer_id=priya.id, call_id="c1")


def test_without_a_phone_there_is_no_code(wary, priya):
    wary._database.write(lambda s: s.execute(text("UPDATE customers SET phone = NULL")))
    propose(wary, priya, "1500.00")
    with pytest.raises(NoAddress):
        wary.codes.send("p", customer_id=priya.id, call_id="c1")


def plan(bank, who, amount, name="p", day=date(2026, 3, 20)):
    later = replace(who.order(amount, to="Sofia Rossi"), first_on=day)
    return bank.propose_transfer(later, call_id="c1", proposal_id=name)


def arrange(bank, who, name="p"):
    return bank.schedules.arrange(name, customer_id=who.id, call_id="c1")


MADE = [(propose, execute), (plan, arrange)]


@pytest.mark.parametrize(("tell", "make"), MADE, ids=["at once", "for later"])
@pytest.mark.parametrize(("tell_last", "make_last"), MADE, ids=["at once", "for later"])
@pytest.mark.parametrize(("amount", "most"), [("450.00", 5), ("10.00", 5), ("1250.00", 2)])
def test_many_small_payments_are_no_way_round(
    wary, priya, tell, make, tell_last, make_last, amount, most, without_large
):
    for n in range(most):
        tell(without_large, priya, amount, name=f"p{n}")
        make(without_large, priya, f"p{n}")
    last = tell_last(wary, priya, "450.00", name="last")
    assert last.needs_code
    with pytest.raises(CodeNeeded):
        make_last(wary, priya, "last")
    assert "large" not in last.verdict.rules


@pytest.mark.parametrize(("tell", "make"), MADE, ids=["at once", "for later"])
def test_the_limits_of_a_day_count_what_is_arranged(open_bank, url, priya, tell, make):
    bank = open_bank(url, rules=[r for r in packaged_rules() if r.then == "refuse"])
    for n in range(2):
        plan(bank, priya, "5000.00", name=f"p{n}")
        arrange(bank, priya, f"p{n}")
    with pytest.raises(Refused, match="limit_per_payee_and_day"):
        tell(bank, priya, "0.01", name="p2")
    bank.schedules.cancel("p1", customer_id=priya.id, call_id="c1")
    tell(bank, priya, "0.01", name="p3")
    make(bank, priya, "p3")


def test_the_limit_of_a_payee_and_day_holds_and_ends_with_the_day(open_bank, url, clock):
    rules = [r for r in packaged_rules() if r.then == "refuse"]
    bank = open_bank(url, rules=rules)
    priya = meet(bank, "Priya")
    for n in range(2):
        propose(bank, priya, "5000.00", name=f"p{n}")
        execute(bank, priya, f"p{n}")
    with pytest.raises(Refused, match="limit_per_payee_and_day"):
        propose(bank, priya, "0.01", name="p2")
    propose(bank, priya, "1.00", to="Stephen Moore", name="p3")
    clock.pass_time(days=1)
    propose(bank, priya, "1.00", name="p4")


def test_two_payments_at_once_do_not_both_fit_under_the_limit(open_bank, url):
    limit = rule({"to": "payee", "paid_today": {"over": 1000}}, "refuse", "day")
    bank = open_bank(url, rules=(limit,))
    priya = meet(bank, "Priya")
    results = []
    for n in range(6):
        propose(bank, priya, "400.00", to=list(priya.payees)[n % 3], name=f"p{n}")

    def pay(n):
        try:
            results.append(execute(bank, priya, f"p{n}").repeated)
        except Refused as refused:
            results.append(refused.details)

    threads = [threading.Thread(target=pay, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(False) == 2
    assert results.count(("day",)) == 4
    bank.check()


def test_the_night_a_new_payee_and_an_emptied_account_are_looked_at(wary, priya, clock):
    daniel = meet(wary, "Daniel")
    assert not propose(wary, daniel, "20.05", to="Mina Park", name="d").needs_code
    james = meet(wary, "James")
    assert propose(wary, james, "470.00", to="Luis Ortega", name="j").needs_code
    clock.pass_time(hours=16)
    assert propose(wary, priya, "300.00", name="night").needs_code
    clock.pass_time(hours=10)
    assert not propose(wary, priya, "300.00", name="day").needs_code
    added = clock.now.strftime("%Y-%m-%d %H:%M:%S")
    set_added = f"UPDATE payees SET added_at = '{added}' WHERE name = 'Sofia Rossi'"
    wary._database.write(lambda s: s.execute(text(set_added)))
    assert propose(wary, priya, "1.00", name="new").needs_code
    with pytest.raises(NeedsPerson):
        propose(wary, priya, "2500.01", name="new-large")


def test_money_between_own_accounts_needs_no_code(wary, priya):
    assert not propose(wary, priya, "9000.00", to="savings").needs_code


def test_every_decision_is_explained_in_the_audit(wary, priya):
    propose(wary, priya, "1500.00")
    with pytest.raises(BankError):
        execute(wary, priya)
    proposed, refused = audit(wary)[-2:]
    risk = json.loads(proposed.details)["risk"]
    assert (risk["outcome"], risk["rules"]) == ("code", ["large"])
    assert risk["values"]["amount"] == "1500.00"
    assert (refused.result, json.loads(refused.details)) == ("CodeNeeded", {"why": ["large"]})
    wary.codes.send("p", customer_id=priya.id, call_id="c1")
    wary.codes.check("p", code_in(wary), customer_id=priya.id, call_id="c1")
    execute(wary, priya)
    assert json.loads(audit(wary)[-1].details)["risk"]["rules"] == ["large"]


def test_no_code_is_kept_in_the_clear_once_it_is_sent(wary, priya):
    propose(wary, priya, "1500.00")
    wary.codes.send("p", customer_id=priya.id, call_id="c1")
    code, sent = code_in(wary), []

    class Phone:
        def send(self, letter):
            sent.append(letter.body)

    assert wary.outbox({"sms": Phone()}).deliver() == (1, 0)
    assert code in sent[0]
    with wary._database.reading() as session:
        for table in ("messages", "codes", "audit_events"):
            kept = str(session.execute(text(f"SELECT * FROM {table}")).all())
            assert code not in kept


def risk_of(bank, who, amount, **order):
    told = replace(who.order(amount, to="Sofia Rossi"), **order)
    return bank.propose_transfer(told, call_id="c1", proposal_id=f"{amount}-{order}").verdict


def test_what_is_much_more_than_a_customer_ever_pays_needs_a_code(wary):
    """Daniel's largest payment of late is his rent of 280."""
    daniel = meet(wary, "Daniel")
    daniel.payees["Sofia Rossi"] = daniel.payees["Mina Park"]
    assert "unusual_amount" not in risk_of(wary, daniel, "560.00").rules
    verdict = risk_of(wary, daniel, "562.80")
    assert (verdict.outcome, verdict.features["usual"]) == ("code", Decimal("201.0"))
    assert "unusual_amount" in verdict.rules


def test_money_between_ones_own_accounts_is_no_measure_of_the_usual(wary, priya):
    """Priya's largest payment of late is her mortgage of 2,260."""
    wary.propose_transfer(priya.order("3000.00"), call_id="c1", proposal_id="own")
    wary.execute_transfer("own", customer_id=priya.id, call_id="c1")
    assert "unusual_amount" in risk_of(wary, priya, "4700.00").rules


def test_a_caller_in_distress_gives_a_code_and_pays_nobody_new(wary, priya):
    assert risk_of(wary, priya, "150.00").outcome == "allow"
    verdict = risk_of(wary, priya, "150.00", mood="distressed")
    assert (verdict.outcome, verdict.rules) == ("code", ("distressed",))
    assert risk_of(wary, priya, "150.00", mood="was_upset").outcome == "allow"
    assert risk_of(wary, priya, "300.00", mood="was_upset").rules == ("upset_before",)
    set_added = "UPDATE payees SET added_at = '2026-03-15 12:00:00'"
    wary._database.write(lambda s: s.execute(text(set_added)))
    with pytest.raises(NeedsPerson):
        risk_of(wary, priya, "20.00", mood="distressed")


def test_the_mood_at_the_read_back_counts_when_the_money_moves(wary, priya):
    told = replace(priya.order("150.00", to="Sofia Rossi"), mood="distressed")
    wary.propose_transfer(told, call_id="c1", proposal_id="p")
    with pytest.raises(CodeNeeded):
        execute(wary, priya)


def test_distress_that_comes_between_read_back_and_yes_counts(wary, priya):
    assert not propose(wary, priya, "150.00").needs_code
    before = wary.books()
    with pytest.raises(CodeNeeded) as refused:
        wary.execute_transfer("p", customer_id=priya.id, call_id="c1", mood="distressed")
    assert refused.value.details == ("distressed",)
    assert wary.books() == before


def test_calm_at_the_yes_takes_nothing_back_of_distress_at_the_read_back(wary, priya):
    told = replace(priya.order("150.00", to="Sofia Rossi"), mood="distressed")
    wary.propose_transfer(told, call_id="c1", proposal_id="p")
    with pytest.raises(CodeNeeded):
        wary.execute_transfer("p", customer_id=priya.id, call_id="c1", mood="calm")


def test_a_plan_made_in_distress_needs_a_code_too(wary, priya):
    later = replace(priya.order("150.00", to="Sofia Rossi"), first_on=date(2026, 3, 20))
    wary.propose_transfer(later, call_id="c1", proposal_id="p")
    with pytest.raises(CodeNeeded):
        wary.schedules.arrange("p", customer_id=priya.id, call_id="c1", mood="distressed")


def test_a_large_share_is_one_of_what_is_available_and_not_of_what_is_booked(wary, priya):
    checking = next(a for a in wary.facts(priya.id).accounts if a.kind == "checking")
    assert "empties_the_account" not in propose(wary, priya, "300.00", name="before").verdict.rules
    kept = checking.available - Decimal(320)
    hold = text(
        "INSERT INTO proposals (id, customer_id, call_id, from_account_id, to_payee_id, currency, "
        "amount_minor, proposed_at, expires_at, held_at) SELECT 'held', customer_id, call_id, "
        "from_account_id, to_payee_id, currency, :kept, proposed_at, expires_at, proposed_at "
        "FROM proposals WHERE id = 'before'"
    )
    wary._database.write(lambda s: s.execute(hold, {"kept": int(kept * 100)}))
    verdict = propose(wary, priya, "300.00", name="after").verdict
    assert verdict.features["share"] == Decimal("93.8")
    assert (verdict.outcome, verdict.rules) == ("code", ("empties_the_account",))
