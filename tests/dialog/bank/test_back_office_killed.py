"""A back office killed at any step loses nothing and does nothing twice; on both databases."""

import shutil
from collections import Counter
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import killed_office
import psycopg
import pytest
from bank_callers import Somebody, meet, plain
from children import CHILDREN
from sqlalchemy import make_url

from dialog.backoffice.engine import WORKFLOWS
from dialog.bank.bank import Bank
from dialog.bank.values import TransferOrder

PATIENCE_S = 120
LETTERS = {"transfer_made", "transfer_declined", "call_back_booked", "call_back_missed"}

Who = dict[str, Any]


def ask_for_everything(bank: Bank) -> set[str]:
    """One of every workflow, and of those that wait for people one that waits in vain.

    Gives the workflows of those that nobody answers in time.
    """
    maria = meet(bank, "Maria")
    who: Who = {"customer_id": maria.id, "call_id": "c1"}
    in_vain = ask_for_answers_and_cards(bank, maria, who)
    ask_for_money(bank, maria, who)
    ask_for_people(bank, who)
    started = {event.workflow.split(":")[0] for event in bank.office.waiting()}
    assert started == set(WORKFLOWS)
    return in_vain | {"held_transfer:held-in-vain", "call_back:call-in-vain", "survey:rate-in-vain"}


def ask_for_answers_and_cards(bank: Bank, maria: Somebody, who: Who) -> set[str]:
    """Complaints answered in time and late, new cards that come and do not; gives the late ones."""
    answered = bank.cases.open("complaint", "a wrong fee", request_id="r1", **who)
    bank.cases.close(answered.reference, "we pay it back", by="desk")
    late = bank.cases.open("complaint", "nobody calls me back", request_id="r2", **who)
    for kind, card in sorted(maria.cards.items()):
        order = f"new-{kind}"
        bank.orders.propose("replace", {"card": card}, proposal_id=order, **who)
        bank.orders.carry_out(order, **who)
    return {killed_office.workflow_of(late), "card_replacement:new-credit"}


def ask_for_money(bank: Bank, maria: Somebody, who: Who) -> None:
    """Loans decided by the scorecard and by people, a planned payment, transfers that are held."""
    for order, amount in (("small-loan", 200000), ("large-loan", 2500000)):
        terms = {"amount_minor": amount, "months": 60, "income_minor": 900000}
        bank.orders.propose("loan", {**terms, "employment": "employed"}, proposal_id=order, **who)
        bank.orders.carry_out(order, **who)
    payment = TransferOrder(
        customer_id=maria.id,
        from_account_id=maria.checking,
        amount=Decimal("10.00"),
        currency="USD",
        to_account_id=maria.savings,
        first_on=date(2026, 3, 17),
    )
    bank.propose_transfer(payment, call_id="c1", proposal_id="pay")
    bank.schedules.arrange("pay", **who)
    for proposal, amount in (("held", "200.00"), ("held-in-vain", "300.00")):
        order = maria.order(amount, to="Anna Keller")
        bank.propose_transfer(order, call_id="c1", proposal_id=proposal)
        bank.hold_transfer(proposal, **who)


def ask_for_people(bank: Bank, who: Who) -> None:
    """Calls that reach the customer or do not, bad answers that are looked at or are not."""
    for order in ("call", "call-in-vain"):
        terms = {"day": "2026-03-17", "hour": 10, "about": "my mortgage"}
        bank.orders.propose("call_back", terms, proposal_id=order, **who)
        bank.orders.carry_out(order, **who)
    for order in ("rate", "rate-in-vain"):
        terms = {"words": "one, nobody helped me", "flows": "transfer"}
        bank.orders.propose("survey", terms, proposal_id=order, **who)
        bank.orders.carry_out(order, **who)


def effects(bank: Bank, folder: Path) -> dict[str, object]:
    """All that the workflows did, inside the bank and outside."""
    bank.check()
    assert bank.check_audit().findings == ()
    books = bank.books()
    made = set((folder / "made").read_text().split("\n")) - {""}
    return {
        "letters": Counter((letter["key"], letter["kind"]) for letter in bank.letters()),
        "cards": sorted(str(card) for card in books["customers"][0]["cards"]),
        "accounts": books["customers"][0]["accounts"],
        "transfers": sorted((t["amount"], t["to"]) for t in books["transfers"]),
        "tasks": sorted(task.id for task in bank.tasks.waiting()),
        "unheard": len(bank.office.waiting()),
        "made": made,
    }


class Rounds:
    """Copies of one bank in which everything was asked for and nothing is done yet."""

    def __init__(self, url: str, tmp_path: Path, open_bank) -> None:
        self._url, self._folder, self._open = url, tmp_path, open_bank
        bank = open_bank(url)
        self._in_vain = ask_for_everything(bank)
        bank.close()
        self._count = 0

    @contextmanager
    def copy(self):
        self._count += 1
        folder = self._folder / f"round-{self._count}"
        folder.mkdir()
        if self._url.startswith("sqlite"):
            shutil.copy(make_url(self._url).database, folder / "bank.db")
            yield f"sqlite:///{folder / 'bank.db'}", folder
            return
        name = f"round_{self._count}_{make_url(self._url).database}"
        with psycopg.connect(plain(self._url), autocommit=True, dbname="postgres") as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {make_url(self._url).database}")
            try:
                yield make_url(self._url).set(database=name).render_as_string(False), folder
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, url: str, folder: Path, die_at: str | None) -> int | None:
        asked = (url, folder, self._in_vain, die_at)
        child = CHILDREN.Process(target=killed_office.work, args=asked)
        child.start()
        child.join(PATIENCE_S)
        if child.is_alive():  # it must not go on beside the tests that follow
            child.kill()
            child.join()
            return None
        return child.exitcode

    def judge(self, die_at: str | None) -> tuple[dict[str, object], list[str]]:
        with self.copy() as (url, folder):
            if die_at is not None:
                assert self.run(url, folder, die_at) == -9, f"nobody died {die_at}"
            assert self.run(url, folder, None) == 0
            bank = self._open(url)
            try:
                return effects(bank, folder), killed_office.moments_of(folder / "moments")
            finally:
                bank.close()


def all_is_done_once(rounds: Rounds, every: int) -> int:
    wanted, moments = rounds.judge(None)
    assert wanted["unheard"] == 0
    assert wanted["transfers"] == [("10.00", "40217308/savings"), ("200.00", "Anna Keller")]
    assert {kind for _, kind in wanted["letters"]} >= LETTERS
    killed = 0
    for die_at in list(dict.fromkeys(moments))[::every]:
        assert rounds.judge(die_at)[0] == wanted, die_at
        killed += 1
    return killed


def test_a_killed_back_office_goes_on_where_it_was(url, tmp_path, open_bank):
    assert all_is_done_once(Rounds(url, tmp_path, open_bank), every=24) >= 4


@pytest.mark.slow
def test_a_back_office_killed_at_every_step_does_everything_once(url, tmp_path, open_bank):
    assert all_is_done_once(Rounds(url, tmp_path, open_bank), every=1) >= 110
