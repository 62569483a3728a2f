from collections import Counter
from pathlib import Path

import pytest

from nlu.corpus.duplicates import near_duplicates, refuse_near_duplicates
from nlu.corpus.load import (
    FRESH_FOLDER,
    FRESH_MINIMUM,
    OUT_OF_SCOPE,
    TEST_FOLDER,
    TEST_MINIMUM,
    TRAIN_FOLDER,
    TRAIN_MINIMUM,
    Utterance,
    load_corpus,
)
from nlu.errors import CorpusError

REQUIRED = [
    "balance",
    "transactions",
    "transfer",
    "block_card",
    "unblock_card",
    "lost_card",
    "rates",
    "opening_hours",
    "branch_location",
    "repeat",
    "help",
    "start_over",
    "agent",
    "goodbye",
    "affirm",
    "deny",
    "cancel",
    "wait",
    "thanks",
    "greet",
    "louder",
    "slower",
    "why",
    "inform",
    "correct",
    "chitchat",
    "insult",
    "complaint",
    "card_limits",
    "change_limit",
    "call_back",
    "feedback",
    "card_replace",
    "card_activate",
    "travel_notice",
    "pin_help",
    "loan_rates",
    "loan_apply",
    "loan_payment",
    "mortgage",
    "open_account",
    "close_account",
    "statement",
    "change_address",
    "change_phone",
    "direct_debit",
    "scheduled_payment",
    "suggestion",
    "case_status",
    "spending",
    "pending_payments",
    "cancel_payment",
    "bill_payment",
    "add_payee",
    "payment_status",
    "dispute",
    "fraud_report",
    "fees",
    "exchange_rate",
    "investment",
    "savings_advice",
    "password_help",
    "identify",
    "explain",
    "refuse",
    "keep",
    "bills",
    "products",
    "recommendation",
    "profile",
    "change_profile",
]


@pytest.fixture(scope="module")
def train() -> list[Utterance]:
    return load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)


@pytest.fixture(scope="module")
def held_out() -> list[Utterance]:
    return load_corpus(TEST_FOLDER, TEST_MINIMUM)


@pytest.fixture(scope="module")
def fresh() -> list[Utterance]:
    return load_corpus(FRESH_FOLDER, FRESH_MINIMUM)


def test_the_corpus_covers_every_intent_that_the_dialog_knows(train, held_out):
    assert {u.intent for u in train} == {*REQUIRED, OUT_OF_SCOPE}
    assert {u.intent for u in held_out} == {*REQUIRED, OUT_OF_SCOPE}


def test_there_is_enough_that_is_out_of_scope(train, held_out):
    assert Counter(u.intent for u in train)[OUT_OF_SCOPE] >= 200
    assert Counter(u.intent for u in held_out)[OUT_OF_SCOPE] >= 80


def test_no_held_out_utterance_is_a_near_copy_of_a_training_one(train, held_out, fresh):
    assert near_duplicates(train, held_out) == []
    assert near_duplicates([*train, *held_out], fresh) == []


def test_the_fresh_lines_are_of_intents_that_training_knows(train, fresh):
    assert {u.intent for u in fresh} <= {u.intent for u in train}
    assert len(fresh) >= 300


@pytest.mark.parametrize(
    "copy",
    ["Could you look up how much I own in total?", "uh could you look up how much i own in totals"],
)
def test_a_planted_near_copy_is_refused(train, held_out, copy):
    planted = Utterance(copy, "balance", Path("planted.yaml"), 7)
    with pytest.raises(CorpusError, match=r"planted\.yaml:7.*reword"):
        refuse_near_duplicates([*train, planted], held_out)


@pytest.mark.parametrize(
    ("content", "line", "cure"),
    [
        ("balance:\n  - one\n  - two: three\n", 3, "quote it"),
        ("Block-Card:\n  - block it\n", 1, "snake_case"),
        ("balance:\n  - one\n  - ''\n", 3, "write it or drop it"),
        ("balance: hello\n", 1, "list of utterances"),
        ("- hello\n", 1, "intent_name"),
        ("balance:\n  - one\n  - 'two\n", 4, "mend the line"),
        ("balance:\n  - one\n  - two\n  - One\n", 4, "drop one"),
        ("balance:\n  - one\n  - two\nbalance:\n  - three\n  - four\n", 4, "one list"),
        ("balance:\n  - one\n", 1, "write more"),
    ],
)
def test_a_mistake_names_file_line_and_cure(tmp_path, content, line, cure):
    (tmp_path / "mine.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_corpus(tmp_path, 2)
    assert f"mine.yaml:{line}:" in str(caught.value)
    assert cure in str(caught.value)


def test_words_that_yaml_takes_for_values_stay_words(tmp_path):
    (tmp_path / "mine.yaml").write_text("deny:\n  - no\n  - 0472\n", encoding="utf-8")
    assert [u.text for u in load_corpus(tmp_path, 2)] == ["no", "0472"]


def test_a_folder_without_a_corpus_is_told(tmp_path):
    with pytest.raises(CorpusError, match=r"no \*\.yaml files"):
        load_corpus(tmp_path, 2)
