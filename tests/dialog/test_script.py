"""The files that people edit: what holds in ours, and what a mistake in them says."""

import shutil
from functools import cache
from pathlib import Path

import pytest
import yaml

from dialog.errors import FlowError
from dialog.everywhere import ALWAYS, SMALL_TALK
from dialog.flow import Confirm
from dialog.grounding import AUDIBLE, is_echo, words_of
from dialog.lines import Plural
from dialog.script import ROOT, load, script

CORPUS = ROOT.parent / "nlu" / "corpus"


@cache
def corpus() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in CORPUS.glob("*.yaml"):
        found |= yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
    return found


def strict_questions() -> list[str]:
    lines = script("en")
    keys = [
        step.confirm
        for flow in lines.flows.values()
        for step in flow.steps
        if isinstance(step, Confirm) and step.strict
    ]
    texts: list[str] = []
    for key in keys:
        for reply in (lines.replies.replies[key], lines.replies.replies[f"{key}_again"]):
            assert not isinstance(reply, Plural)
            texts += reply
    assert len(texts) >= 8
    return texts


def test_every_intent_of_the_corpus_has_an_answer() -> None:
    lines = script("en")
    answered = {*lines.by_intent, *lines.topics, *ALWAYS, *SMALL_TALK}
    answered |= {"affirm", "deny", "inform", "correct", "keep", "refuse", "out_of_scope"}
    assert corpus().keys() <= answered


def test_no_strict_question_contains_what_people_say_to_agree() -> None:
    for question in strict_questions():
        for agreed in corpus()["affirm"]:
            assert not is_echo(words_of(agreed), (question,)), (agreed, question)


def test_plain_agreement_holds_no_word_of_doubt() -> None:
    doubt = script("en").lexicon.doubt
    assert not [text for text in corpus()["affirm"] if doubt & set(words_of(text))]


def test_what_may_be_missed_of_a_question_is_only_its_tail() -> None:
    for question in strict_questions():
        if "}" not in question:
            continue  # consent: it names no value that could be missed
        last_value = question.rindex("}")
        spoken = question.replace("{amount}", "$9,999.99").replace("{recipient}", "Blue River")
        tail = len(question) - last_value
        assert tail / (len(spoken) + 60) > 1 - AUDIBLE, question


def test_every_reply_has_two_variants_that_differ() -> None:
    for key, reply in script("en").replies.replies.items():
        for variants in (reply.one, reply.other) if isinstance(reply, Plural) else (reply,):
            assert len(set(variants)) == len(variants) >= 2, key


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for folder in ("flows", "replies", "knowledge", "lexicon"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("flows/balance.yaml", "unless: has_accounts", "unless: has_acounts", "no condition"),
        ("flows/balance.yaml", "say: tell_balances", "say: tell_balanced", "no reply"),
        ("flows/balance.yaml", "call: login", "call: logon", "no flow"),
        ("flows/balance.yaml", "call: login", "cal: login", "not a step"),
        ("flows/balance.yaml", "about:", "abuot:", "abuot"),
        ("flows/balance.yaml", "flow: balance", "flow: balances", "name the file"),
        ("flows/transfer.yaml", "deny: cancelled", "deny: canceled", "no label"),
        ("flows/transfer.yaml", "spent: spent, ", "", "may end with spent"),
        ("flows/transfer.yaml", "collect: amount", "collect: sum", "no slot"),
        ("flows/transfer.yaml", "by: likely_source", "by: any_source", "no guess"),
        ("flows/transfer.yaml", "act: execute_transfer", "act: pay", "no action"),
        ("flows/transfer.yaml", "among: own_accounts", "among: accounts", "no options"),
        ("flows/login.yaml", "check: customer_number", "check: number", "no check"),
        ("flows/login.yaml", "intents: [identify]", "intents: [identify, rates]", "rates"),
        ("replies/en/login.yaml", "{tries_left}", "{tries}", "no value tries"),
        ("replies/en/everywhere.yaml", "cancelled:", "greeting:", "twice"),
        ("replies/en/cards.yaml", "card_gone:", "greeting:", "another file"),
        ("knowledge/en.yaml", "      default:", "      standard:", "default"),
        ("lexicon/en.yaml", "doubt: [", "doubt: [[", "not YAML"),
        ("lexicon/en.yaml", 'unfinished: "', 'unfinished: "(', "not a regular expression"),
        ("lexicon/en.yaml", '  - "{polite}(?:{deed})', '  - "{police}(?:{deed})', "police"),
        ("lexicon/en.yaml", "no_assent:\n", "no_assent:\n  - 1\n", "as text"),
    ],
)
def test_a_mistake_names_file_line_and_cure(
    copied: Path, file: str, old: str, new: str, message: str
) -> None:
    path = copied / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(FlowError, match=message) as caught:
        load(copied, "en")
    assert str(copied) in str(caught.value)


def test_the_line_is_the_mistakes_own(copied: Path) -> None:
    path = copied / "flows" / "balance.yaml"
    text = path.read_text("utf-8").replace("say: tell_balances", "say: tell_balanced")
    path.write_text(text, "utf-8")
    line = next(n for n, s in enumerate(text.splitlines(), 1) if "tell_balanced" in s)
    with pytest.raises(FlowError, match=f"balance.yaml:{line}: "):
        load(copied, "en")


def test_a_language_without_files_is_told(copied: Path) -> None:
    with pytest.raises(FlowError, match=r"xx/forms\.yaml: cannot be read"):
        load(copied, "xx")
