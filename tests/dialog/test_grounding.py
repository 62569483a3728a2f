"""What counts as a plain "yes": the words are read again, and other readings may cast doubt."""

import pytest

from dialog.flow import Confirm
from dialog.grounding import is_plain_yes, words_of
from dialog.script import script
from nlu.locales.locale import load_locale
from nlu.understanding import ScoredIntent, Understanding

LEXICON = script("en").lexicon
ANSWERS = load_locale("en").answers
DEEDS = LEXICON.deeds_of["transfer"]
IN_TWO_WAYS = {p for p in ANSWERS.agreed if LEXICON.no_assent.search(p)}
"""Phrases that agree to much, and to money only beside a yes: "it's okay"."""


def heard(text: str, *rivals: tuple[str, float], affirm: float = 0.98) -> Understanding:
    intents = (ScoredIntent("affirm", affirm),)
    return Understanding(text, intents, (), 0.9, in_scope=True, rivals=rivals)


@pytest.mark.parametrize("phrase", [p for p in ANSWERS.agreed if p not in ANSWERS.deeds])
def test_both_locks_know_the_same_yeses(phrase: str) -> None:
    assert is_plain_yes(heard(phrase), LEXICON, DEEDS) is (phrase not in IN_TWO_WAYS)
    assert is_plain_yes(heard(f"yes, {phrase}"), LEXICON, DEEDS)


@pytest.mark.parametrize("phrase", ANSWERS.deeds)
def test_a_deed_is_a_yes_to_some_flow(phrase: str) -> None:
    assert any(is_plain_yes(heard(phrase), LEXICON, deeds) for deeds in LEXICON.deeds_of.values())


@pytest.mark.parametrize("phrase", ["block it", "report it", "order it", "lower it"])
def test_another_flows_deed_is_no_yes_to_a_payment(phrase: str) -> None:
    assert not is_plain_yes(heard(phrase), LEXICON, DEEDS)
    assert not is_plain_yes(heard(f"yes, {phrase}"), LEXICON, DEEDS)


def test_words_by_the_flow_name_flows_that_there_are() -> None:
    flows = script("en").flows
    asked = {s.confirm for flow in flows.values() for s in flow.steps if isinstance(s, Confirm)}
    assert LEXICON.deeds_of.keys() <= flows.keys() | asked
    assert LEXICON.needless.keys() <= flows.keys()


@pytest.mark.parametrize("phrase", ANSWERS.polite)
def test_courtesy_takes_nothing_from_a_yes(phrase: str) -> None:
    doubtful = bool(LEXICON.doubt.intersection(words_of(phrase)))
    assert is_plain_yes(heard(f"{phrase} yes"), LEXICON, DEEDS) is not doubtful


@pytest.mark.parametrize(
    "text",
    [
        "yes to Tom",
        "the transfer was made yesterday",
        "yes, but not now",
        "right?",
        "please",
        "sixty",
        "yes he said",
        "is that what you want",
        "",
    ],
)
def test_a_yes_that_only_the_understander_hears_is_none(text: str) -> None:
    assert not is_plain_yes(heard(text), LEXICON, DEEDS)


@pytest.mark.parametrize(
    ("rivals", "plain"),
    [
        ([("Yeah.", 0.3), ("Yes please.", 0.1)], True),
        ([("Man.", 0.09)], True),
        ([("Yours.", 0.2)], True),
        ([("Here.", 0.25), ("One there.", 0.2)], False),
        ([("Yes, but not now.", 0.06)], False),
        ([("Guess not.", 0.1)], False),
        ([("Yes, not.", 0.02)], True),
    ],
)
def test_other_readings_cast_doubt_on_a_yes(rivals: list[tuple[str, float]], plain: bool) -> None:
    assert is_plain_yes(heard("Yes.", *rivals), LEXICON, DEEDS) is plain
