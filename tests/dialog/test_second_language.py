"""A second language is files and no edit: a call in a made-up one has no English word in it."""

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from calling import TODAY, Caller, Told, entity, money

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from dialog.script import ROOT, load

WORD = re.compile(r"\{[^{}]*\}|[^\W\d_]+")
NAMES = {"Maria", "Anna", "Keller", "Tom", "Becker", "City", "Power", "Hanna", "Cole"}


def made_up(value: Any) -> Any:
    """Every word of a text as "Zork"; the names of values, figures and signs stay."""
    if isinstance(value, str):
        return WORD.sub(lambda m: m.group() if m.group().startswith("{") else "zork", value)
    if isinstance(value, list):
        # Variants must differ.
        return [f"{made_up(one)}{'!' * n}" for n, one in enumerate(value)]
    return {key: one if key == "count" else made_up(one) for key, one in value.items()}


@pytest.fixture(scope="module")
def zork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flows with the replies and the knowledge of a language that nobody speaks."""
    root = tmp_path_factory.mktemp("zork")
    copytree(ROOT / "flows", root / "flows")
    for path in (ROOT / "replies" / "en").glob("*.yaml"):
        read = yaml.safe_load(path.read_text("utf-8"))
        write(root / "replies" / "xx" / path.name, made_up(read))
    known = yaml.safe_load((ROOT / "knowledge" / "en.yaml").read_text("utf-8"))
    for topic in known["topics"]:
        topic["answers"] = made_up(topic["answers"])
    known["terms"] = {"zork": ["zork", "zork zork"]}
    for menu in known["menus"]:
        for option in menu["options"]:
            option["label"] = "zork"
    write(root / "knowledge" / "xx.yaml", known)
    words = yaml.safe_load((ROOT / "lexicon" / "en.yaml").read_text("utf-8"))
    write(root / "lexicon" / "xx.yaml", words)
    return root


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True), "utf-8")


@pytest.fixture
def caller(bank: Bank, zork: Path) -> Caller:
    told = Told()
    conversation = Conversation(
        bank=bank, understander=told, today=TODAY, call_id="c-1", language="xx", root=zork
    )
    caller = Caller(conversation, told)
    caller.answers.append(conversation.open())
    return caller


def english(caller: Caller) -> set[str]:
    """The words of all answers that are neither of the language nor names."""
    said = " ".join(sentence for answer in caller.answers for sentence in answer.say)
    return {word for word in WORD.findall(said) if word.lower() != "zork"} - NAMES


def test_the_files_of_a_second_language_are_checked_like_the_first(zork: Path) -> None:
    assert load(zork, "xx").replies.replies.keys() == load(ROOT, "en").replies.replies.keys()


TALKS: dict[str, Callable[[Caller], Any]] = {
    "balance": lambda c: c.says("b", "balance"),
    "transfer": lambda c: (
        c.says("t", "transfer", money("50"), entity("payee", "Anna Keller")),
        c.says("n", "inform", money("60")),
        c.says("y", "affirm"),
    ),
    "later": lambda c: (
        c.says("t", "transfer", money("5"), entity("payee", "Tom Becker")),
        c.says("w", "inform", entity("recurrence", "month")),
        c.says("y", "affirm"),
        c.says("p", "pending_payments"),
    ),
    "refused": lambda c: (
        c.says("t", "transfer", money("9000"), entity("payee", "Anna Keller")),
        c.says("n", "deny"),
        c.says("z", "inform", money("0")),
    ),
    "card": lambda c: (
        c.says("c", "block_card"),
        c.says("d", "inform", entity("card_kind", "debit")),
    ),
    "asides": lambda c: (
        c.says("t", "transfer"),
        c.says("w", "why"),
        c.says("e", "explain"),
        c.says("r", "refuse"),
        c.says("h", "help"),
        c.says("l", "louder"),
        c.says("x", None),
        c.says("x", None),
    ),
    "small talk": lambda c: (c.says("i", "insult"), c.says("j", "chitchat"), c.says("k", "thanks")),
    "knowledge": lambda c: (c.says("o", "opening_hours"), c.says("r", "rates")),
    "spending": lambda c: c.says("s", "spending"),
    "silence": lambda c: c.answers.append(c.conversation.silence()),
    "goodbye": lambda c: c.says("g", "goodbye"),
}


@pytest.mark.parametrize("talk", TALKS)
def test_nothing_english_is_said_in_another_language(caller: Caller, talk: str) -> None:
    caller.says("l", "identify")
    caller.keys("40217308#")
    caller.keys("4821#")
    TALKS[talk](caller)
    assert english(caller) == set()
    assert len(caller.answers) >= 4
