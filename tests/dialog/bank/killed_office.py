"""A back office in a process of its own, which dies at one moment or works to its end."""

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bank_callers import CHEAP, PEPPER
from dbos import DBOS

from dialog.backoffice import (
    call_back,
    card_replacement,
    complaint,
    engine,
    held_transfer,
    steps,
    survey,
)
from dialog.backoffice.patience import Patience
from dialog.bank.bank import Bank
from dialog.bank.cases import Case
from dialog.bank.settings import BankSettings
from dialog.bank.tasks import Task

TOMORROW = datetime(2026, 3, 17, 10, tzinfo=UTC)
PATIENCE = Patience(step=timedelta(seconds=0.05), day=timedelta(seconds=60))
SHORT = 0.0002
"""Of the days of workflows that nobody answers in time, so that they need not be waited for. The
others' days are long, so that a killed process does not run into their end."""
LONG_S = 90
"""Until a test gives up; on a quiet machine all is done in 3."""
DECIDED = {"loan", "transfer", "call back", "low satisfaction"}
"""The tasks that people do, but for those of workflows that wait in vain."""


class CardMaker:
    """Makes cards once per order and writes down every order it got, as a service would."""

    def __init__(self, folder: Path) -> None:
        self._made = folder / "made"

    def make_card(self, order_id: str, kind: str) -> str:
        with self._made.open("a") as stream:
            stream.write(f"{order_id} {kind}\n")
        return f"{sum(order_id.encode()) % 10000:04d}"


def moments_of(notes: Path) -> list[str]:
    return notes.read_text().split("\n")[:-1]


def work(url: str, folder: Path, in_vain: set[str], die_at: str | None) -> None:
    """Work until every workflow has ended; die as soon as the named moment comes.

    A moment is "before STEP ARGUMENTS" or "after STEP SUBJECT": after is when its effect is there
    and the engine does not know yet.
    """
    notes = folder / "moments"

    def moment(name: str) -> None:
        with notes.open("a") as stream:
            stream.write(f"{name}\n")
        if name == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    real_step, real_relay = steps.in_thread, engine._relay

    async def step(done, *arguments):
        named = " ".join([done.__name__, *map(str, arguments)])
        moment(f"before {named}")
        result = await real_step(done, *arguments)
        moment(f"after {named}")
        return result

    real_heard = steps.heard

    async def heard(topic: str, days: float) -> bool:
        return await real_heard(topic, days * SHORT if DBOS.workflow_id in in_vain else days)

    def relay(event) -> None:
        named = f"relay {event.kind} {event.workflow}"  # keys name rows, which differ by round
        moment(f"before {named}")
        real_relay(event)
        moment(f"after {named}")

    steps.in_thread, engine._relay = step, relay
    for waiting in (call_back, card_replacement, complaint, held_transfer, survey):
        waiting.heard = heard
    settings = BankSettings(pin_cost=CHEAP, rules=())
    bank = Bank(url, pepper=PEPPER, clock=lambda: TOMORROW, settings=settings)
    desk = steps.Desk(bank, CardMaker(folder), PATIENCE)
    office = engine.BackOffice(desk, engine.office_url(url), polling_s=0.02)
    office.open()
    give_up_at = time.monotonic() + LONG_S
    while not (office.relay() == 0 and _all_ended()):
        _people_do_their_part(bank, in_vain)
        time.sleep(0.02)
        if time.monotonic() > give_up_at or _any_failed():
            _tell_what_is_waited_for()
            os._exit(1)
    (folder / "ended").touch()
    os._exit(0)


def workflow_of(complaint: Case) -> str:
    return f"complaint:{int(complaint.reference[:-1]) - 1000}"


def _all_ended() -> bool:
    return all(workflow.status == "SUCCESS" for workflow in DBOS.list_workflows())


def _any_failed() -> bool:
    return bool(DBOS.list_workflows(status="ERROR"))


def _tell_what_is_waited_for() -> None:
    """For whoever has to find out why a test hangs."""
    for workflow in DBOS.list_workflows():
        if workflow.status != "SUCCESS":
            print(f"{workflow.workflow_id} is {workflow.status}: {workflow.error}", file=sys.stderr)
            for one in DBOS.list_workflow_steps(workflow.workflow_id):
                error = one["error"]
                tries = [repr(each) for each in getattr(error, "errors", ())]
                print(one["function_name"], error or "", *tries, sep="\n  ", file=sys.stderr)
    sys.stderr.flush()


def _people_do_their_part(bank: Bank, in_vain: set[str]) -> None:
    """Late complaints are answered, tasks decided; Maria activates her debit card, never her
    credit card, and is reached by the second call."""
    waiting = {task.id for task in bank.tasks.waiting()}
    subjects = {workflow.split(":")[1] for workflow in in_vain}
    for case, _ in bank.cases.open_cases():
        if f"{workflow_of(case)}:late" in waiting:
            bank.cases.close(case.reference, "we are sorry", by="head")
    for task in bank.tasks.waiting():
        if task.kind in DECIDED and task.id.split(":")[0] not in subjects:
            _decide(bank, task)
    for card in bank.facts(1).cards:
        if card.status == "new" and card.kind == "debit":
            terms = {"card": card.id, "last4": card.last4}
            bank.orders.propose(
                "activate", terms, customer_id=1, call_id="c9", proposal_id=f"a{card.id}"
            )
            bank.orders.carry_out(f"a{card.id}", customer_id=1, call_id="c9")


def _decide(bank: Bank, task: Task) -> None:
    """Whoever has not voted yet does, until it is decided."""
    missed = task.id.endswith(":call:0")
    voted = {by for by, _, _ in task.votes}
    for name in sorted({"Ada", "Ben"} - voted)[: task.people]:
        task = bank.tasks.decide(task.id, "declined" if missed else "approved", by=name)
        if task.decision is not None:
            return
