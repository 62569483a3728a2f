"""Callers with goals and mistakes: every call ends well, and no money goes elsewhere."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from calling import CHEAP, PEPPER, TODAY
from simulated_caller import Goal, SimulatedCaller, draw_goal

from dialog.bank.bank import Bank
from dialog.bank.settings import BankSettings
from dialog.conversation import Conversation
from nlu.understander import Understander

LEAST_SUCCESS = 0.95


@dataclass(frozen=True)
class Ended:
    goal: Goal
    how: str
    success: bool
    right_money: bool
    words: str


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def simulate(demo_file: Path, tmp_path: Path, understander: Understander) -> Callable[[int], Ended]:
    def one(number: int) -> Ended:
        random = Random(number)
        goal = draw_goal(random)
        path = tmp_path / f"{number}.db"
        shutil.copy(demo_file, path)
        bank = Bank(
            f"sqlite:///{path}",
            pepper=PEPPER,
            clock=lambda: datetime(2026, 3, 16, 12, tzinfo=UTC),
            settings=BankSettings(pin_cost=CHEAP),
        )
        known = {transfer["id"] for transfer in bank.books()["transfers"]}
        conversation = Conversation(
            bank=bank, understander=understander, today=TODAY, call_id=f"call-{number}"
        )
        caller = SimulatedCaller(conversation, goal, random)
        how = caller.talk()
        books = bank.books()
        made = [t for t in books["transfers"] if t["id"] not in known]
        bank.close()
        path.unlink()
        return judge(goal, caller, how, made, books)

    return one


def judge(goal: Goal, caller: SimulatedCaller, how: str, made: list, books: dict) -> Ended:
    wanted = []
    if goal.kind == "transfer":
        source = goal.source or "checking"
        wanted = [(f"{goal.who.number}/{source}", goal.payee, f"{goal.amount:.2f}")]
    got = [(t["source"], t["to"], t["amount"]) for t in made]
    done = caller.told and how != "stuck"
    if goal.kind == "transfer":
        done = got == wanted
    if goal.kind == "card":
        me = next(c for c in books["customers"] if c["number"] == goal.who.number)
        blocked = [c["kind"] for c in me["cards"] if c["status"] == "blocked"]
        done = blocked == [goal.card]
    words = "\n".join([f"{goal}", *caller.said, f"=> {how}, {got}"])
    return Ended(goal, how, done, not got or got == wanted, words)


def check(calls: list[Ended]) -> None:
    wrong = [call for call in calls if call.how == "stuck" or not call.right_money]
    assert not wrong, wrong[0].words
    feasible = [call for call in calls if call.goal.feasible]
    failed = [call for call in feasible if not call.success]
    share = 1 - len(failed) / len(feasible)
    ends = Counter(call.how for call in calls)
    reached = f"{share:.1%} of {len(feasible)} feasible goals reached"
    print(f"{len(calls)} calls ended in {dict(ends)}; {reached}")
    assert share >= LEAST_SUCCESS, "\n\n".join(call.words for call in failed[:5])


def test_sixty_callers_end_well(simulate: Callable[[int], Ended]) -> None:
    check([simulate(number) for number in range(60)])


@pytest.mark.slow
def test_a_thousand_callers_end_well(simulate: Callable[[int], Ended]) -> None:
    check([simulate(number) for number in range(1000, 2000)])
