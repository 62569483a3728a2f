"""`tellerline flows check` and `draw`: what they find in flows, ours and broken ones."""

import ast
import shutil
from pathlib import Path

import pytest
from calling import Caller, entity, money

from dialog.decision import Way
from dialog.errors import FlowError
from dialog.flow_lint import count_ways, lint, untested
from dialog.flow_picture import picture
from dialog.flow_ways import reachable
from dialog.lines import DECIDED_BY_CODE, SAID_BY_CODE
from dialog.script import ROOT, load, script


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for folder in ("flows", "replies", "knowledge", "lexicon"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def edited(root: Path, file: str, old: str, new: str) -> list[str]:
    """What is found after an edit, as the editor reads it."""
    path = root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return [str(found) for found in lint(root, "en", load(root, "en"))]


def line_of(root: Path, file: str, words: str) -> int:
    lines = (root / file).read_text("utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if words in line)


def test_nothing_is_amiss_in_our_flows() -> None:
    assert lint(ROOT, "en", script("en")) == []


def test_a_step_behind_an_end_is_never_come_to(copied: Path) -> None:
    found = edited(
        copied,
        "flows/person.yaml",
        "  - end: transfer\n",
        "  - end: transfer\n  - {say: hand_over, action: hand_over}\n",
    )
    line = line_of(copied, "flows/person.yaml", "{say: hand_over")
    assert found == [
        f"{copied}/flows/person.yaml:{line}: say hand_over is never come to: "
        "let a step lead to it or remove it"
    ]


def test_a_step_between_two_opposite_conditions_is_never_come_to(copied: Path) -> None:
    """Both `when` and `unless` of one condition have led away before it."""
    found = edited(
        copied,
        "flows/pending_payments.yaml",
        "  - end: done\n",
        "  - {end: done, when: any_pending}\n  - {end: done, unless: any_pending}\n"
        "  - {say: nothing_pending, action: tell_pending}\n",
    )
    assert ["say nothing_pending is never come to" in one for one in found] == [True]


def test_a_label_that_nothing_goes_to_is_told(copied: Path) -> None:
    found = edited(copied, "flows/balance.yaml", "  - call: login", "  - id: who\n    call: login")
    assert [one.split(": ", 1)[1] for one in found] == ["nothing goes to who: remove the id"]


def test_a_reply_that_nothing_says_is_told_with_its_line(copied: Path) -> None:
    found = edited(
        copied,
        "replies/en/cards.yaml",
        "card_gone:",
        "card_lent:\n  - Lent.\n  - Gone.\ncard_gone:",
    )
    line = line_of(copied, "replies/en/cards.yaml", "card_lent:")
    assert found == [
        f"{copied}/replies/en/cards.yaml:{line}: nothing says card_lent: "
        "let a step say it or remove it"
    ]


def test_a_result_that_a_called_flow_never_ends_with_is_told(copied: Path) -> None:
    found = edited(copied, "flows/add_payee.yaml", "{failed: dropped}", "{lost: dropped}")
    assert any("step_up never ends with lost" in one for one in found)


def test_a_reply_that_only_the_code_says_may_not_be_missing(copied: Path) -> None:
    path = copied / "replies" / "en" / "everywhere.yaml"
    path.write_text(path.read_text("utf-8").replace("give_up:", "given_up:"), "utf-8")
    with pytest.raises(FlowError, match=r"replies/en: no reply give_up: add it"):
        load(copied, "en")


def test_every_reply_that_the_code_says_is_on_the_list() -> None:
    """Else a second language could lack it, and nobody would know before a call."""
    said = {key for path in ROOT.glob("*.py") for key in _said(ast.parse(path.read_text("utf-8")))}
    known = script("en").replies.replies
    assert said & known.keys() <= set(SAID_BY_CODE)
    assert set(SAID_BY_CODE) <= {
        node.value
        for path in ROOT.glob("*.py")
        if path.stem != "lines"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }


def test_every_decision_that_the_code_names_is_on_the_list() -> None:
    """Else a scenario could not expect it."""
    named: set[str] = set()
    for path in ROOT.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        named |= {*_given(tree, "say", 1), *_given(tree, "mark", 0)}
    assert named == set(DECIDED_BY_CODE)
    assert named < script("en").actions


def _said(tree: ast.AST) -> list[str]:
    return _given(tree, "say", 0)


def _given(tree: ast.AST, method: str, place: int) -> list[str]:
    """The texts that stand in one argument of `.method(...)`."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and len(n.args) > place)
    mine = (c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == method)
    texts = (n for call in mine for n in ast.walk(call.args[place]) if isinstance(n, ast.Constant))
    return [str(text.value) for text in texts]


def test_a_call_leaves_the_ways_that_it_took(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("fifty dollars to Anna", "transfer", money("50"), entity("payee", "Anna Keller"))
    declined = caller.says("no", "deny")
    flow = script("en").flows["transfer"]
    confirm = next(
        n for n, s in enumerate(flow.steps) if getattr(s, "confirm", "") == "confirm_transfer"
    )
    assert Way("transfer", confirm, "deny") in declined.path
    seen = {way for answer in caller.answers for way in answer.path}
    missing = untested(ROOT, script("en"), seen)
    assert len(missing) == count_ways(ROOT, script("en")) - len(seen)
    named = [str(one).split(": ", 1)[1] for one in missing if one.path.stem == "transfer"]
    assert "act execute_transfer: no scenario comes this way" in named
    assert "confirm confirm_transfer by deny: no scenario comes this way" not in named


def test_what_is_done_at_the_bank_is_told_with_its_result(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("fifty dollars to Anna", "transfer", money("50"), entity("payee", "Anna Keller"))
    assert caller.says("yes", "affirm").did == ("execute_transfer: ok",)


@pytest.mark.parametrize("name", sorted(script("en").flows))
def test_a_picture_shows_every_step_that_can_be_come_to(name: str) -> None:
    flow = script("en").flows[name]
    source = picture(flow).source
    nodes = {line.split()[0] for line in source.splitlines() if line.strip() and "->" not in line}
    shown = {str(at) for at in reachable(flow) if not hasattr(flow.steps[at], "go")}
    assert shown <= nodes
    for at in shown:
        arrows = [line for line in source.splitlines() if f"-> {at} " in f"{line} "]
        assert arrows, f"nothing leads to step {at} in the picture of {name}"
