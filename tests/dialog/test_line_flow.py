"""A hand-over: the place in line is told, urgent callers go first, the mood is in the summary."""

import pytest
from calling import TODAY, Caller, Told

from dialog.bank.bank import Bank
from dialog.bank.waiting_line import NewWaiting
from dialog.conversation import Conversation
from dialog.errors import BankUnavailable
from dialog.turns import Response
from nlu.understanding import Feelings, ScoredIntent, Understanding


def waits(bank: Bank, *calls: str) -> None:
    for call in calls:
        bank.line.join(NewWaiting(call, None, False, "calm", "waits"))


def feels(caller: Caller, text: str, intent: str, **feelings: float) -> Response:
    meant = (ScoredIntent(intent, 0.95),)
    caller.told.meanings[text] = Understanding(
        text, meant, (), 0.95, in_scope=True, feelings=Feelings(**feelings)
    )
    return caller.conversation.hear(text)


@pytest.fixture
def fresh(bank: Bank) -> Caller:
    told = Told()
    call = Conversation(bank=bank, understander=told, today=TODAY, call_id="mine")
    call.open()
    return Caller(call, told)


def test_the_place_in_line_is_told(fresh: Caller, bank: Bank) -> None:
    waits(bank, "a", "b")
    answer = fresh.says("a person please", "agent")
    assert answer.end == "transfer"
    assert "number 3 in line" in answer.say[-1]
    assert bank.line.waiting()[2].summary == answer.summary


def test_nobody_before_the_caller_is_not_worth_a_word(fresh: Caller, bank: Bank) -> None:
    answer = fresh.says("a person please", "agent")
    assert "line" not in answer.say[-1]
    assert [one.call_id for one in bank.line.waiting()] == ["mine"]


@pytest.mark.parametrize(
    ("feeling", "word"), [({"anger": 0.9}, "angry"), ({"distress": 0.9}, "distressed")]
)
def test_an_angry_or_distressed_caller_goes_first_and_the_colleague_is_told(
    fresh: Caller, bank: Bank, feeling: dict[str, float], word: str
) -> None:
    waits(bank, "a", "b")
    answer = feels(fresh, "I want somebody now", "agent", negative=0.9, **feeling)
    assert "in line" not in " ".join(answer.say)
    assert bank.line.waiting()[0].call_id == "mine"
    assert f"Mood: {word}" in answer.summary


def test_who_tells_of_a_death_goes_first(fresh: Caller, bank: Bank) -> None:
    waits(bank, "a")
    fresh.says("my wife passed away, let me speak to somebody", "agent")
    assert bank.line.waiting()[0].call_id == "mine"


def test_anger_fades_and_is_told_as_past(fresh: Caller, bank: Bank) -> None:
    waits(bank, "a")
    feels(fresh, "what a mess", "balance", negative=0.9, anger=0.8)
    for _ in range(3):
        fresh.says("when do you open", "opening_hours")
    answer = fresh.says("a person please", "agent")
    assert "upset earlier" in answer.summary
    assert "number 2" in answer.say[-1]


def test_who_comes_back_is_out_of_the_line_and_joins_at_its_end(fresh: Caller, bank: Bank) -> None:
    fresh.says("a person please", "agent")
    fresh.conversation.take_back()
    assert bank.line.waiting() == []
    waits(bank, "a")
    assert "number 2" in fresh.says("a person please", "agent").say[-1]


def test_a_line_that_cannot_be_read_does_not_keep_the_caller(
    fresh: Caller, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(new: NewWaiting) -> int:
        raise BankUnavailable("the database is gone")

    monkeypatch.setattr(bank.line, "join", gone)
    assert fresh.says("a person please", "agent").end == "transfer"
