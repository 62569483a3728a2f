"""Edited flows in development: taken up by calls that can, refused with the line of a mistake."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import TODAY, Caller, Told, entity

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from dialog.script import ROOT
from dialog.watching import FOLDERS, Watch


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    root = tmp_path / "files"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder)
    return root


@pytest.fixture
def call(bank: Bank, copied: Path) -> Callable[[str], Caller]:
    def begin(call_id: str) -> Caller:
        told = Told()
        conversation = Conversation(
            bank=bank, understander=told, today=TODAY, call_id=call_id, root=copied
        )
        conversation.open()
        return Caller(conversation, told)

    return begin


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_nothing_is_read_again_while_nothing_is_edited(copied: Path) -> None:
    assert Watch("en", copied).look() is None


def test_a_call_with_nothing_under_way_takes_up_an_edited_reply(
    copied: Path, call: Callable[[str], Caller]
) -> None:
    caller, watch = call("c-1"), Watch("en", copied)
    edit(copied / "replies" / "en" / "everywhere.yaml", "Take your time.", "Please do.")
    assert watch.look() == "read again: replies/en/everywhere.yaml"
    caller.says("hello", "greet")
    assert caller.says("one moment", "wait").say == ("Please do.",)


def test_a_running_flow_keeps_the_steps_that_it_began_with(
    copied: Path, call: Callable[[str], Caller]
) -> None:
    caller, watch = call("c-1"), Watch("en", copied)
    caller.logs_in("40217308", "4821")
    caller.says("send money", "transfer", entity("payee", "Anna Keller"))
    edit(
        copied / "flows" / "transfer.yaml",
        "steps:\n",
        "steps:\n  - {say: transfer_limit, action: transfer_refused}\n  - end: done\n",
    )
    assert watch.look() == "read again: flows/transfer.yaml"
    answer = caller.says("for what", "why")
    assert answer.action == "help"
    assert "amount" in " ".join(answer.say)
    caller.says("forget it", "cancel")
    assert caller.says("send money", "transfer").action == "transfer_refused"
    assert call("c-2").says("send money", "transfer").action == "transfer_refused"


def test_a_mistake_keeps_the_old_flows_and_is_told_until_it_is_mended(
    copied: Path, call: Callable[[str], Caller]
) -> None:
    watch, flow = Watch("en", copied), copied / "flows" / "balance.yaml"
    edit(flow, "say: tell_balances", "say: tell_balanced")
    told = watch.look()
    lines = flow.read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "tell_balanced" in text)
    assert told is not None
    assert told.startswith(f"kept the old flows: {flow}:{line}: no reply tell_balanced: add it")
    assert watch.look() is None
    caller = call("c-1")
    caller.logs_in("40217308", "4821")
    assert "$2,450.75" in " ".join(caller.says("my balance", "balance").say)
    edit(flow, "say: tell_balanced", "say: tell_balances")
    assert watch.look() == "read again: flows/balance.yaml"


def test_what_has_ended_is_forgotten_where_its_flow_is_gone(
    copied: Path, call: Callable[[str], Caller]
) -> None:
    caller, watch = call("c-1"), Watch("en", copied)
    caller.logs_in("40217308", "4821")
    caller.says("what is planned", "pending_payments")
    (copied / "flows" / "pending_payments.yaml").unlink()
    assert watch.look() == "read again: flows/pending_payments.yaml"
    caller.says("hello", "greet")
    caller.says("sorry, savings", "correct", entity("account_kind", "savings"))
    assert all(e.frame.flow != "pending_payments" for e in caller.conversation.state.ended)
