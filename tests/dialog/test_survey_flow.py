"""One question after the call: read for score and mood, reported by what was done."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from calling import CHEAP, PEPPER, TODAY, Caller, Told

from dialog.bank.bank import Bank
from dialog.bank.orders import Orders
from dialog.bank.settings import BankSettings
from dialog.bank.surveys import analyse
from dialog.conversation import Conversation
from dialog.errors import BankUnavailable
from dialog.turns import Response
from nlu.understander import Understander

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "score", "sentiment"),
    [
        ("five, that was quick and easy", 5, "good"),
        ("two, I had to repeat myself", 2, "bad"),
        ("it was not good at all", None, "bad"),
        ("not bad", None, "good"),
        ("three", 3, "neither"),
        ("one", 1, "bad"),
        ("that was a good one", None, "good"),
        ("It took only 2 minutes, great", None, "good"),
        ("one of the best calls I ever had", None, "neither"),
        ("two minutes and it was done, quick", None, "good"),
        ("I called three times", None, "neither"),
        ("I'd give it a four because it was easy", 4, "good"),
        ("well, I guess a solid 4", 4, "good"),
        ("you get four out of five from me", 4, "good"),
        ("four of five", 4, "good"),
        ("four i suppose you were hard to understand", 4, "bad"),
        ("quick and easy. Five.", 5, "good"),
        ("hm", None, "neither"),
    ],
)
def test_an_answer_is_read(words: str, score: int | None, sentiment: str) -> None:
    found = analyse(words, NOW)
    assert (found.score, found.sentiment) == (score, sentiment)


def rates(caller: Caller, words: str) -> None:
    assert caller.says("I want to rate this call", "feedback").action == "ask_survey"
    assert caller.says(words, "inform").action == "survey_taken"


def test_a_bad_answer_is_reported_by_what_was_done_and_followed(caller: Caller, bank: Bank) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("my transactions", "transactions")
    rates(caller, "two, the card machine part was confusing")
    by_flow = {one.flow: one for one in bank.surveys.report()}
    assert by_flow["list_transactions"].mean == 2.0
    assert by_flow["list_transactions"].reasons[0].startswith("cards: two")
    assert bank.office.waiting()[-1].workflow.startswith("survey:")


def test_a_good_answer_is_nobodys_task(caller: Caller, bank: Bank) -> None:
    caller.logs_in("40217308", "4821")
    rates(caller, "five, great")
    assert bank.office.waiting() == []
    assert bank.surveys.report()[0].mean == 5.0


@pytest.fixture
def asked(bank_url: str, encoder_dir: Path) -> Iterator[Conversation]:
    """A call whose words are really understood, and which has been asked how it was."""
    settings = BankSettings(pin_cost=CHEAP, survey_share=1.0)
    bank = Bank(bank_url, pepper=PEPPER, clock=lambda: NOW, settings=settings)
    call = Conversation(
        bank=bank, understander=understander(encoder_dir), today=TODAY, call_id="c1"
    )
    call.open()
    for turn in ("what's my balance", "40217308", "4821"):
        call.hear(turn)
    call.hear("send fifty dollars to Anna")
    assert call.hear("goodbye").action == "ask_survey"
    assert [frame.flow for frame in call.state.stack] == ["survey_offer"]
    yield call
    bank.close()


@cache
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("I want to cancel my card because it was stolen", "ask_card"),
        ("I would like to speak to a real person please", "hand_over"),
        ("wait, don't hang up, I have another question", "ask_anything_else"),
        ("actually there is something else I need", "ask_anything_else"),
        ("forget it, send ten dollars to Tom", "confirm_transfer"),
        ("can you say that again please I did not hear it", "repeat"),
    ],
)
def test_what_is_no_rating_does_not_end_the_call(
    asked: Conversation, said: str, action: str
) -> None:
    assert asked.hear(said).action == action


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("five, you helped me to block my card quickly", "survey_taken"),
        ("I would give it a four because the transfer was easy", "survey_taken"),
        ("hm", "goodbye"),
        ("cancel", "goodbye"),
        ("no thanks", "goodbye"),
    ],
)
def test_a_rating_ends_the_call(asked: Conversation, said: str, action: str) -> None:
    answer = asked.hear(said)
    assert (answer.action, answer.end) == (action, "goodbye")


Ends = Callable[..., Response]


@pytest.fixture
def ends(bank_url: str, clock: list[datetime]) -> Iterator[Ends]:
    """Makes a call that tells transactions and ends with a goodbye; gives the last answer."""
    banks: list[Bank] = []

    def end(call_id: str = "c1", *, share: float = 1.0, pins: tuple[str, ...] = ("4821",)):
        settings = BankSettings(pin_cost=CHEAP, survey_share=share)
        bank = Bank(bank_url, pepper=PEPPER, clock=lambda: clock[0], settings=settings)
        banks.append(bank)
        told = Told()
        caller = Caller(
            Conversation(bank=bank, understander=told, today=TODAY, call_id=call_id), told
        )
        caller.conversation.open()
        caller.says("it's me", "identify")
        for pin in pins:
            caller.logs_in("40217308", pin)
        caller.says("my transactions", "transactions")
        return caller.says("goodbye", "goodbye")

    yield end
    for bank in banks:
        bank.close()


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


def test_a_customer_is_asked_before_the_goodbye_and_not_again_for_a_quarter(
    ends: Ends, clock: list[datetime]
) -> None:
    assert ends("c1").action == "ask_survey"
    assert ends("c2").action == "goodbye"
    clock[0] += timedelta(days=89)
    assert ends("c3").action == "goodbye"
    clock[0] += timedelta(days=2)
    assert ends("c4").action == "ask_survey"


def test_nobody_is_asked_where_the_bank_has_switched_it_off_or_after_a_wrong_pin(
    ends: Ends,
) -> None:
    assert ends("c1", share=0.0).action == "goodbye"
    assert ends("c2", pins=("0000", "4821")).action == "goodbye"


def test_a_goodbye_comes_where_nothing_can_be_written(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise BankUnavailable("locked")

    monkeypatch.setattr(Orders, "propose", fails)
    assert ends("c1").end == "goodbye"


def test_a_share_of_calls_is_asked(ends: Ends, clock: list[datetime]) -> None:
    asked = []
    for n in range(10):
        asked.append(ends(f"call-{n}", share=0.5).action == "ask_survey")
        clock[0] += timedelta(days=100)
    assert 2 <= sum(asked) <= 8
