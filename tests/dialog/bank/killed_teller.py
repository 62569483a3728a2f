"""A process that executes transfers until it is killed."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from bank_callers import CHEAP, PEPPER, Clock
from sqlalchemy import Engine, event

from dialog.bank.bank import Bank
from dialog.bank.settings import BankSettings


def execute_all(
    url: str, clock: Clock, customer_id: int, sharing: list[list[str]], told: int
) -> None:
    """Execute proposals, each list in turn and all lists at once, in a thread each; telling each
    proposal into the pipe once its receipt is here."""
    bank = Bank(url, pepper=PEPPER, clock=clock, settings=BankSettings(pin_cost=CHEAP, rules=()))
    os.write(told, b"start\n")

    def execute(proposals: list[str]) -> None:
        for proposal in proposals:
            bank.execute_transfer(proposal, customer_id=customer_id, call_id="c1")
            os.write(told, f"{proposal}\n".encode())

    with ThreadPoolExecutor(len(sharing)) as threads:
        list(threads.map(execute, sharing))


def execute_one_and_die_at(url: str, customer_id: int, proposal: str, step: int, told: int) -> None:
    """Execute one proposal, killing this process as its transaction takes the given step.

    Steps are counted just before every statement and the commit, and just after the commit.
    """
    bank = Bank(url, pepper=PEPPER, clock=Clock(), settings=BankSettings(pin_cost=CHEAP, rules=()))
    steps = iter(range(1000))

    def maybe_die(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        event.listen(Engine, name, maybe_die)
    bank.execute_transfer(proposal, customer_id=customer_id, call_id="c1")
    os.write(told, f"{proposal}\n".encode())
    maybe_die()
