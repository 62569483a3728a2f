"""A process killed at any instant leaves each transfer done once or not at all."""

import os
import random
import select
import signal
from multiprocessing import reduction

import killed_teller
import pytest
from children import CHILDREN

TRANSFERS = 12
"""How many a process is to make before it is done; on a quiet machine each takes 10 ms."""


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


def transfers_are_done_once_or_not_at_all(bank, url, customer, *, rounds, seed):
    """Kill a process that makes transfers, at a random instant, and judge what it left.

    Args:
        bank: The same bank, open in this process.
        url: Its address.
        customer: Who pays: one cent a transfer, so that many rounds can be paid for.
        rounds: How many processes are killed.
        seed: Of the instants.
    """
    chance = random.Random(seed)
    cut_short = 0
    for n in range(rounds):
        proposals = [f"{seed}-{n}-{k}" for k in range(TRANSFERS)]
        for proposal in proposals:
            bank.propose_transfer(
                customer.order("0.01", to="City Power"), call_id="c1", proposal_id=proposal
            )
        entries = bank.books()["journal_entries"]
        told = Told()
        child = told.start(killed_teller.execute_all, url, customer.id, proposals)
        told.wait(30)
        child.join(chance.uniform(0, 0.1))
        child.kill()
        child.join()
        finished = told.rest()[1:]
        bank.check()
        receipts = [
            bank.execute_transfer(proposal, customer_id=customer.id, call_id="c1")
            for proposal in proposals
        ]
        done = sum(receipt.repeated for receipt in receipts)
        assert [receipt.repeated for receipt in receipts] == [k < done for k in range(TRANSFERS)]
        # The one more was committed, but its receipt never reached the process.
        assert len(finished) <= done <= len(finished) + 1
        assert bank.books()["journal_entries"] == entries + TRANSFERS
        cut_short += done < TRANSFERS
    bank.check()
    return cut_short


def test_a_process_killed_at_random_leaves_each_transfer_once_or_not_at_all(bank, url, maria):
    cut_short = transfers_are_done_once_or_not_at_all(bank, url, maria, rounds=12, seed=2)
    assert cut_short >= 6


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
def test_as_many_killed_processes_as_asked_for(bank, url, maria):
    cut_short = transfers_are_done_once_or_not_at_all(bank, url, maria, rounds=ROUNDS, seed=3)
    assert cut_short >= ROUNDS / 4
    assert bank.check_audit().findings == ()
