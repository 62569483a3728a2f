"""A process killed at any instant leaves each transfer done once or not at all."""

import os
import random
import select
import signal
from multiprocessing import reduction

import killed_teller
import pytest
from bank_callers import meet
from children import CHILDREN

TRANSFERS = 6
"""How many a process is to make before it is done; on a quiet machine each takes 10 ms."""

THREADS = 2
"""That make them at the same time, for one customer."""

CHECKED_EVERY = 50
"""Rounds between two proofs of all books, which grow: what one finds stays there for the next."""


class Told:
    """What a child wrote into its pipe."""

    def __init__(self):
        self.reading, self.writing = os.pipe()

    def start(self, target, *arguments):
        os.set_inheritable(self.writing, True)
        connection = reduction.DupFd(self.writing)
        child = CHILDREN.Process(target=_with_pipe, args=(target, connection, *arguments))
        child.start()
        os.close(self.writing)
        return child

    def wait(self, seconds):
        select.select([self.reading], [], [], seconds)

    def rest(self):
        with os.fdopen(self.reading) as pipe:
            return pipe.read().split()


def _with_pipe(target, connection, *arguments):
    target(*arguments, connection.detach())


class Teller:
    """Kills processes that make customers' transfers, and judges what they left.

    Args:
        bank: The same bank, open in this process.
        url: Its address.
        clock: Its clock; every round is a day of its own and the next customer's.
        seed: Of the instants.
    """

    def __init__(self, bank, url, clock, *, seed):
        self._bank, self._url, self._clock = bank, url, clock
        self._customers = [meet(bank, name) for name in ("Maria", "James", "Priya", "Daniel")]
        self._chance, self._seed = random.Random(seed), seed
        self.cut_short = 0

    def run(self, rounds):
        entries = self._bank.books()["journal_entries"]
        for number in range(rounds):
            self._clock.pass_time(days=1)
            self._round(number, self._customers[number % len(self._customers)])
            if number % CHECKED_EVERY == CHECKED_EVERY - 1:
                self._bank.check()
        self._bank.check()
        assert self._bank.books()["journal_entries"] == entries + rounds * TRANSFERS

    def _round(self, number, customer):
        proposals = [f"{self._seed}-{number}-{k}" for k in range(TRANSFERS)]
        order = customer.order("0.01", to=min(customer.payees))
        for proposal in proposals:
            self._bank.propose_transfer(order, call_id="c1", proposal_id=proposal)
        sharing = [proposals[n::THREADS] for n in range(THREADS)]
        finished = self._killed_while_it_executes(customer.id, sharing)
        done = sum(sum(self._execute(customer.id, share)) for share in sharing)
        # Of each thread one more was committed, but its receipt never reached the process.
        assert len(finished) <= done <= len(finished) + THREADS
        self.cut_short += done < TRANSFERS

    def _killed_while_it_executes(self, customer_id, sharing):
        """Those that it told of before it was killed."""
        told = Told()
        who = (self._url, self._clock, customer_id)
        child = told.start(killed_teller.execute_all, *who, sharing)
        told.wait(30)
        child.join(self._chance.uniform(0, 0.06))
        child.kill()
        child.join()
        return told.rest()[1:]

    def _execute(self, customer_id, proposals):
        """Whether each was made before: the first ones, in their order."""
        who = {"customer_id": customer_id, "call_id": "c1"}
        repeated = [self._bank.execute_transfer(p, **who).repeated for p in proposals]
        assert repeated == sorted(repeated, reverse=True)
        return repeated


def test_a_process_killed_at_random_leaves_each_transfer_once_or_not_at_all(bank, url, clock):
    teller = Teller(bank, url, clock, seed=2)
    teller.run(rounds=12)
    assert teller.cut_short >= 6


def test_a_process_killed_at_each_step_of_a_transfer_leaves_it_once_or_not_at_all(bank, url, maria):
    entries = bank.books()["journal_entries"]
    outcomes = []
    for step in range(100):
        proposal = f"step-{step}"
        bank.propose_transfer(
            maria.order("1.00", to="City Power"), call_id="c1", proposal_id=proposal
        )
        told = Told()
        child = told.start(killed_teller.execute_one_and_die_at, url, maria.id, proposal, step)
        child.join(60)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        bank.check()
        receipt = bank.execute_transfer(proposal, customer_id=maria.id, call_id="c1")
        assert receipt.repeated or not told.rest()
        outcomes.append(receipt.repeated)
        assert bank.books()["journal_entries"] == entries + len(outcomes)
    assert len(outcomes) > 10
    assert outcomes == sorted(outcomes)
    assert outcomes[0] is False
    assert outcomes[-1] is True


ROUNDS = int(os.environ.get("TELLERLINE_KILL_ROUNDS", "50"))
"""How many processes are killed on each database; `make test-kill ROUNDS=1000` sets it."""


@pytest.mark.slow
def test_as_many_killed_processes_as_asked_for(bank, url, clock):
    teller = Teller(bank, url, clock, seed=3)
    teller.run(ROUNDS)
    assert teller.cut_short >= ROUNDS / 4
    assert bank.check_audit().findings == ()
