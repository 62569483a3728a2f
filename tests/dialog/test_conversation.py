"""What holds at any point of a call."""

from typing import Any

import pytest
from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.bank.values import Receipt
from dialog.errors import BankUnavailable, OutcomeUnknown
from nlu.understanding import ScoredIntent, Understanding

MARIA = ("40217308", "4821")


def times_paid(bank: Bank, amount: int) -> int:
    account = next(a for a in bank.facts(1).accounts if a.kind == "checking")
    return sum(1 for t in bank.transactions(account.id, 1) if t.amount == amount)


def test_thinking_changes_nothing(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("send fifty to Anna", "transfer", money("50"), entity("payee", "Anna Keller"))
    caller.says("mm", "affirm", confidence=0.1)
    yes = ScoredIntent("affirm", 0.99)
    caller.told.meanings["yes"] = Understanding("yes", (yes,), (), 1.0, in_scope=True)
    before = caller.conversation.state
    thoughts = [caller.conversation.think("yes") for _ in range(3)]
    assert caller.conversation.state == before
    first = caller.conversation.commit(thoughts[0])
    assert first.action == "transfer_done"
    second = caller.conversation.commit(thoughts[1])
    assert second.action != "transfer_done"
    assert times_paid(bank, -50) == 1


def test_a_silent_caller_is_asked_twice_and_then_let_go(caller: Caller) -> None:
    actions = [caller.conversation.silence() for _ in range(3)]
    assert [a.action for a in actions] == ["ask_again_silence", "ask_again_silence", "goodbye"]
    assert actions[2].end == "goodbye"
    assert actions[0].say != actions[1].say


def test_somebody_who_asks_to_wait_is_given_time(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    assert caller.says("hold on", "wait").action == "wait"
    for _ in range(3):
        assert caller.conversation.silence().end is None


def test_who_asks_for_a_moment_may_still_want_nothing_else(caller: Caller) -> None:
    caller.says("are you open on Saturday", "opening_hours")
    caller.says("hang on a second", "wait")
    assert caller.says("no thanks", "deny").end == "goodbye"


@pytest.mark.parametrize(
    ("words", "intent"),
    [("hello, I'm back", "greet"), ("mumble", "inform"), ("say that again", "repeat")],
)
def test_a_choice_that_is_repeated_can_still_be_made(
    caller: Caller, words: str, intent: str
) -> None:
    choices = caller.says("card", "inform").expectation.choices
    caller.says("one moment please", "wait")
    answer = caller.says(words, intent)
    assert answer.action == "repeat"
    assert answer.expectation.choices == choices
    chosen = caller.says("the first one", "inform", entity("ordinal", "1"))
    assert chosen.action == "ask_customer_number"


def test_not_understood_helps_then_offers_then_hands_over(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    answers = [caller.says("mumble", "inform") for _ in range(4)]
    assert [a.action for a in answers] == ["clarify", "offer_person", "offer_person", "hand_over"]
    assert len({a.say for a in answers}) == 4
    assert "keys" in " ".join(answers[1].say)
    assert answers[3].end == "transfer"


def test_noise_is_not_taken_for_words(caller: Caller) -> None:
    thought = caller.conversation.think("", is_speech=False)
    assert thought.understanding is None
    assert caller.conversation.commit(thought).action == "clarify"


def test_repeat_says_the_last_answer_again(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    told = caller.says("balance", "balance")
    again = caller.says("what", "repeat")
    assert again.action == "repeat"
    assert again.say[1:] == told.say


def test_a_person_is_given_a_summary_without_secrets(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("send fifty", "transfer", money("50"))
    answer = caller.says("a human please", "agent")
    assert answer.action == "hand_over"
    assert answer.end == "transfer"
    assert "Maria" in answer.summary
    assert "50.00" in answer.summary
    assert "4021" not in answer.summary


def test_zero_on_the_keys_reaches_a_person(caller: Caller) -> None:
    assert caller.keys("0#").end == "transfer"


def test_a_transfer_confirmed_on_the_keys(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("pay Anna", "transfer", entity("payee", "Anna Keller"))
    answer = caller.keys("12*50#")
    assert "$12.50 to Anna Keller" in answer.say[-1]
    assert caller.keys("1").action == "transfer_done"


def test_no_after_anything_else_ends_the_call(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("balance", "balance")
    assert caller.says("no that's all", "deny").end == "goodbye"


def test_two_requests_in_one_breath(caller: Caller, bank: Bank) -> None:
    caller.logs_in("51082645", "0472")
    for text, intent in (("block my card", "block_card"), ("what's my balance", "balance")):
        scored = (ScoredIntent(intent, 0.95),)
        caller.told.meanings[text] = Understanding(text, scored, (), 1.0, in_scope=True)
    answer = caller.says("block my card and what's my balance", "block_card")
    assert answer.action == "confirm_block"
    answer = caller.says("yes", "affirm")
    said = " ".join(answer.say)
    assert "blocked" in said or "no longer" in said
    assert "$512.30" in said


def test_out_of_scope_is_said_honestly(caller: Caller) -> None:
    answer = caller.says("what is the capital of France", None, in_scope=False)
    assert answer.action == "out_of_scope"


@pytest.mark.parametrize(
    "intent",
    [
        "card_limits",
        "travel_notice",
        "pin_help",
        "loan_rates",
        "loan_payment",
        "mortgage",
        "open_account",
        "close_account",
        "change_address",
        "change_phone",
        "direct_debit",
        "fees",
        "exchange_rate",
        "investment",
        "savings_advice",
        "password_help",
        "rates",
        "opening_hours",
        "branch_location",
    ],
)
def test_every_known_question_gets_an_answer(caller: Caller, intent: str) -> None:
    answer = caller.says("question", intent)
    assert answer.action in {"tell_knowledge", "tell_rates", "tell_hours", "offer_person"}
    assert answer.end is None
    if answer.action == "offer_person":
        assert caller.says("no thanks", "deny").end is None


@pytest.mark.parametrize(
    "intent",
    [
        "balance",
        "transactions",
        "transfer",
        "bill_payment",
        "payment_status",
        "block_card",
        "unblock_card",
        "change_limit",
        "dispute",
        "fraud_report",
        "loan_apply",
        "card_replace",
        "card_activate",
    ],
)
def test_what_needs_a_login_asks_for_it(caller: Caller, intent: str) -> None:
    assert caller.says("please", intent).expectation.kind == "customer_number"


@pytest.mark.parametrize(
    "intent",
    [
        "repeat",
        "help",
        "start_over",
        "agent",
        "goodbye",
        "cancel",
        "wait",
        "thanks",
        "greet",
        "louder",
        "slower",
        "why",
        "chitchat",
        "insult",
    ],
)
def test_what_may_be_said_at_any_point(caller: Caller, intent: str) -> None:
    assert caller.says("so", intent).say
    if not caller.conversation.state.end:
        caller.logs_in(*MARIA)
        caller.says("send money", "transfer")
        assert caller.says("so", intent).say


@pytest.mark.parametrize("intent", ["goodbye", "start_over"])
def test_nothing_is_thrown_away_for_words_that_were_hardly_heard(
    caller: Caller, intent: str
) -> None:
    caller.logs_in(*MARIA)
    caller.says("send money", "transfer")
    answer = caller.says("the next", intent, score=0.62, confidence=0.31)
    assert answer.end is None
    assert caller.conversation.state.stack


class Failing(Bank):
    """A real bank whose named method fails."""

    failure: tuple[str, Exception] | None = None

    def execute_transfer(self, *args: Any, **named: Any) -> Receipt:
        if self.failure and self.failure[0] == "before":
            raise self.failure[1]
        receipt = super().execute_transfer(*args, **named)
        if self.failure and self.failure[0] == "after":
            error, self.failure = self.failure[1], None
            raise error
        return receipt


def fails(caller: Caller, when: str, error: Exception) -> Any:
    caller.conversation._bank.__class__ = Failing
    caller.conversation._bank.failure = (when, error)  # type: ignore[attr-defined]
    caller.logs_in(*MARIA)
    caller.says("send fifty to Anna", "transfer", money("50"), entity("payee", "Anna Keller"))
    return caller.says("yes", "affirm")


def test_a_bank_that_does_not_answer_is_told_and_nothing_was_done(caller: Caller) -> None:
    answer = fails(caller, "before", BankUnavailable("locked"))
    assert answer.action == "bank_unavailable"
    assert "nothing was done" in " ".join(answer.say).lower()


def test_a_connection_lost_in_the_commit_is_asked_again(caller: Caller, bank: Bank) -> None:
    answer = fails(caller, "after", OutcomeUnknown("gone"))
    assert answer.action == "transfer_done"
    assert times_paid(bank, -50) == 1


def test_what_breaks_unexpectedly_does_not_leave_the_caller_in_silence(caller: Caller) -> None:
    answer = fails(caller, "before", ZeroDivisionError("4821"))
    assert answer.say
    assert "can't" in answer.say[0]
    assert answer.expectation.kind == "yes_no"


def test_facts_that_cannot_be_read_are_told(
    caller: Caller, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.logs_in(*MARIA)

    def gone(self: Bank, customer_id: int) -> Any:
        raise BankUnavailable("disk full")

    monkeypatch.setattr(Bank, "facts", gone)
    assert caller.says("balance", "balance").action == "bank_unavailable"


def test_a_word_of_an_offered_option_goes_before_a_request_that_is_only_likely(
    caller: Caller,
) -> None:
    caller.logs_in(*MARIA)
    for score, action in ((0.65, "ask_payee"), (0.9, "offer_person")):
        assert caller.says("payments", None).action == "clarify"
        assert caller.says("I want to make one", "open_account", score=score).action == action
        caller.says("never mind", "cancel")


def test_never_mind_takes_back_what_it_names_and_drops_all_where_it_names_nothing(
    caller: Caller,
) -> None:
    caller.logs_in(*MARIA)
    for words, action in (
        ("never mind, leave the amount", "confirm_transfer"),
        ("never mind, leave everything as it is", "transfer_cancelled"),
    ):
        anna = entity("payee", "Anna Keller")
        caller.says("send fifty dollars to Anna", "transfer", money("50.00"), anna)
        assert caller.says("I want to change the amount", "correct").action == "ask_amount"
        assert caller.says(words, "cancel", score=0.97, others={"keep": 0.94}).action == action
