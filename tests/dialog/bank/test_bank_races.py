"""Many calls at once: nothing is paid twice, nothing is overdrawn, nothing is lost."""

import threading
import time
from decimal import Decimal

import pytest
from bank_callers import CHEAP, PEPPER, Clock, meet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dialog.bank.bank import Bank
from dialog.bank.fair_lock import FairLock
from dialog.bank.settings import BankSettings
from dialog.errors import InsufficientFunds, ProposalSpent


def at_once(jobs):
    """Run all jobs at the same moment, each in a thread; what each returned or raised."""
    start, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(place, job):
        start.wait()
        try:
            results[place] = job()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def execute(bank, proposal, customer):
    return lambda: bank.execute_transfer(proposal, customer_id=customer.id, call_id="c1")


def test_one_proposal_confirmed_by_eight_at_once_pays_once(bank, maria, balances):
    bank.propose_transfer(maria.order("100.00", to="Tom Becker"), call_id="c1", proposal_id="p1")
    receipts = at_once([execute(bank, "p1", maria)] * 8)
    assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * 7
    assert len({receipt.journal_id for receipt in receipts}) == 1
    assert balances()["Maria/checking"] == "2350.75"
    bank.check()


def test_one_proposal_confirmed_through_two_processes_pays_once(open_bank, url, balances):
    """Two banks share nothing but the database, as two processes do."""
    banks = [open_bank(url), open_bank(url)]
    maria = meet(banks[0], "Maria")
    banks[0].propose_transfer(maria.order("100.00"), call_id="c1", proposal_id="p1")
    receipts = at_once([execute(bank, "p1", maria) for bank in banks * 3])
    assert sum(not receipt.repeated for receipt in receipts) == 1
    assert balances()["Maria/checking"] == "2350.75"


def test_transfers_that_race_for_the_same_money_never_overdraw(bank, james, balances):
    for n in range(8):
        bank.propose_transfer(
            james.order("100.00", to="Luis Ortega"), call_id="c1", proposal_id=f"p{n}"
        )
    results = at_once([execute(bank, f"p{n}", james) for n in range(8)])
    paid = [result for result in results if not isinstance(result, Exception)]
    refused = [result for result in results if isinstance(result, InsufficientFunds)]
    assert (len(paid), len(refused)) == (5, 3)
    assert balances()["James/checking"] == "12.30"
    bank.check()


def test_transfers_in_opposite_directions_do_not_deadlock(bank, maria, balances):
    jobs = []
    for n in range(12):
        source, to = ("checking", "savings") if n % 2 else ("savings", "checking")
        bank.propose_transfer(
            maria.order("10.00", source=source, to=to), call_id="c1", proposal_id=f"p{n}"
        )
        jobs.append(execute(bank, f"p{n}", maria))
    assert [r for r in at_once(jobs) if isinstance(r, Exception)] == []
    assert (balances()["Maria/checking"], balances()["Maria/savings"]) == ("2450.75", "8300.00")
    assert len(bank.books()["transfers"]) == 12
    bank.check()


def test_all_who_pay_at_once_get_their_turn(open_bank, url):
    bank = open_bank(url)
    maria = meet(bank, "Maria")

    def pay_five(k):
        for n in range(5):
            order = maria.order("1.00", to="City Power")
            bank.propose_transfer(order, call_id="c1", proposal_id=f"{k}-{n}")
            execute(bank, f"{k}-{n}", maria)()

    results = at_once([lambda k=k: pay_five(k) for k in range(8)])
    assert [result for result in results if result is not None] == []
    assert len(bank.books()["transfers"]) == 40
    bank.check()


def test_a_fair_lock_is_handed_on_in_the_order_of_asking():
    lock, order, threads = FairLock(), [], []
    assert lock.acquire(0)

    def wait_in_line(place):
        assert lock.acquire(10)
        order.append(place)
        lock.release()

    for place in range(5):
        threads.append(threading.Thread(target=wait_in_line, args=(place,)))
        threads[-1].start()
        time.sleep(0.05)
    assert not lock.acquire(0.01)
    lock.release()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert lock.acquire(0)


def test_a_reader_sees_no_money_between_accounts(bank, maria):
    total = Decimal("2450.75") + Decimal("8300.00")
    for n in range(20):
        bank.propose_transfer(maria.order("10.00"), call_id="c1", proposal_id=f"p{n}")

    def move():
        for n in range(20):
            execute(bank, f"p{n}", maria)()

    def look():
        return [sum(a.balance for a in bank.facts(maria.id).accounts) for _ in range(40)]

    _, *seen = at_once([move, look, look])
    assert {amount for looks in seen for amount in looks} == {total}


CENTS = st.integers(1, 300_000)


class Tellers(RuleBasedStateMachine):
    """Any order of proposals, confirmations and repeats, against a model of two balances."""

    template = ""

    @initialize()
    def open(self):
        self.clock = Clock()
        settings_ = BankSettings(pin_cost=CHEAP, rules=())
        self.bank = Bank(self.template, pepper=PEPPER, clock=self.clock, settings=settings_)
        self.maria = meet(self.bank, "Maria")
        facts = self.bank.facts(self.maria.id)
        self.model = {account.kind: int(account.balance * 100) for account in facts.accounts}
        self.entries = self.bank.books()["journal_entries"]
        self.proposals = {}
        self.done = {}

    @rule(cents=CENTS, source=st.sampled_from(["checking", "savings"]), out=st.booleans())
    def propose(self, cents, source, out):
        other = {"checking": "savings", "savings": "checking"}[source]
        to = "City Power" if out else other
        proposal = f"{id(self)}-{len(self.proposals)}"
        order = self.maria.order(f"{cents / 100:.2f}", source=source, to=to)
        self.bank.propose_transfer(order, call_id="c1", proposal_id=proposal)
        self.proposals[proposal] = (cents, source, to, self.clock.now)

    @rule(data=st.data())
    def confirm(self, data):
        if not self.proposals:
            return
        proposal = data.draw(st.sampled_from(sorted(self.proposals)))
        cents, source, to, proposed = self.proposals[proposal]
        confirm = execute(self.bank, proposal, self.maria)
        if proposal in self.done:
            receipt = confirm()
            assert receipt.repeated
            assert receipt.journal_id == self.done[proposal]
        elif (self.clock.now - proposed).total_seconds() >= 600:
            with pytest.raises(ProposalSpent):
                confirm()
        elif self.model[source] < cents:
            with pytest.raises(InsufficientFunds):
                confirm()
        else:
            receipt = confirm()
            self.model[source] -= cents
            if to in self.model:
                self.model[to] += cents
            assert int(receipt.balance_after * 100) == self.model[source]
            self.done[proposal] = receipt.journal_id

    @rule(minutes=st.integers(1, 6))
    def wait(self, minutes):
        self.clock.pass_time(minutes=minutes)

    @invariant()
    def the_books_are_the_model(self):
        if not hasattr(self, "bank"):
            return
        facts = self.bank.facts(self.maria.id)
        assert {a.kind: int(a.balance * 100) for a in facts.accounts} == self.model
        assert self.bank.books()["journal_entries"] == self.entries + len(self.done)

    def teardown(self):
        if hasattr(self, "bank"):
            self.bank.check()
            self.bank.close()


def test_any_order_of_proposals_and_confirmations_keeps_the_books(url):
    case = type("Case", (Tellers,), {"template": url}).TestCase
    case.settings = settings(
        max_examples=8,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        # A failure is shown as it was found: shrinking a database's run takes minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
