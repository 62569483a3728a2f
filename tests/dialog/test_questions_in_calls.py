"""Questions in a call: banking goes first, documents answer the rest in their own words."""

import re
from functools import partial
from pathlib import Path

import pytest
from calling import TODAY, Caller

from dialog.bank.bank import Bank
from dialog.bank.loans.conditions import conditions
from dialog.bank.settings import BankSettings, CardLimits
from dialog.conversation import Conversation
from nlu.corpus.load import FRESH_FOLDER, TEST_FOLDER, load_corpus
from nlu.questions.answering import PACKAGED_DOCUMENTS
from nlu.questions.documents import read_documents
from nlu.training.asked import OWN
from nlu.understander import Understander
from nlu.understanding import Quote

QUESTION = "how many digits are in the code you send"


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def call(bank: Bank, understander: Understander) -> Conversation:
    conversation = Conversation(bank=bank, understander=understander, today=TODAY, call_id="c-1")
    conversation.open()
    return conversation


def test_a_question_is_answered_with_its_source_as_the_reason(call: Conversation) -> None:
    answer = call.hear(QUESTION)
    assert answer.action == "tell_knowledge"
    assert answer.reason.startswith("answered from security/codes.md (0.")
    assert "six digits" in answer.say[0]


def test_a_question_about_the_own_account_is_never_answered_from_documents(
    call: Conversation,
) -> None:
    lines = [
        *load_corpus(TEST_FOLDER, 1),
        *load_corpus(FRESH_FOLDER, 1),
    ]
    own = [line.text for line in lines if line.intent in OWN]
    assert len(own) > 40
    answered = [text for text in own if "answered from" in call.think(text).decision.reason]
    assert answered == []


def test_a_passage_is_told_before_a_request_only_where_nothing_is_under_way(
    caller: Caller,
) -> None:
    quote = Quote("Up to $500.", "cash/withdraw-own.md", 0.97)
    asked = partial(caller.says, "how much does a machine give", "card_limits", quote=quote)
    assert asked(score=0.6).reason == "answered from cash/withdraw-own.md (0.97)"
    assert "answered from" not in asked(score=0.95).reason
    both = asked(score=0.6, others={"change_limit": 0.35})
    assert "answered from" not in both.reason
    assert caller.says("my balance", "balance").action == "ask_customer_number"
    assert "answered from" not in asked(score=0.6).reason


def test_nothing_is_answered_while_a_pin_is_asked_for(call: Conversation) -> None:
    call.hear("what's my balance")
    call.key("40217308#")
    assert call.expectation.secret
    assert "answered from" not in call.hear(QUESTION).reason


def test_a_question_before_a_yes_is_answered_and_moves_no_money(
    call: Conversation, bank: Bank
) -> None:
    call.key("40217308#")
    call.key("4821#")
    before = {a.kind: a.balance for a in bank.facts(1).accounts}
    assert call.hear("send 40 dollars to Anna").action == "confirm_transfer"
    answer = call.hear(QUESTION)
    assert "answered from security/codes.md" in answer.reason
    assert call.expectation.kind == "yes_no"
    assert {a.kind: a.balance for a in bank.facts(1).accounts} == before
    assert call.hear("yes").action == "transfer_done"


def test_the_documents_say_what_the_bank_does() -> None:
    texts = {p.source: p.text for p in read_documents(PACKAGED_DOCUMENTS)}
    lent, limits, bank = conditions(), CardLimits(), BankSettings()
    loans = texts["loans/personal.md"]
    assert f"${lent.amount.least:,} to ${lent.amount.most:,}" in loans
    assert re.findall(r"[\d.]+(?=%)", loans) == [str(band.rate) for band in lent.rates]
    assert f"${limits.cash} and spend ${limits.purchases:,}" in texts["cards/debit-limits.md"]
    assert f"${bank.transfer_limit:,.0f} a day to one person" in texts["payments/phone-limits.md"]
    assert bank.code_lifetime.seconds == 5 * 60
    assert "good for five minutes" in texts["security/codes.md"]
