"""A scripted caller says again what was misheard, and agrees to nothing else."""

import asyncio

import numpy as np
import pytest
from scripted_server import Script, scripted, tone

from server.caller import CallerTurn, place_call
from server.client.turns import OpenTurn
from server.replay.judge import judge
from server.replay.patience import PatientCaller, read_back_wrong
from server.replay.scenario import ExpectedTurn, Scenario

SCENARIO = Scenario.model_validate(
    {
        "name": "pay-tom",
        "about": "A payment",
        "today": "2026-03-16",
        "turns": [
            {"say": "send Tom fifty dollars", "expect": {"said_lacks": ["sixty"]}},
            {"say": "four oh two one seven three oh eight"},
            {"keys": "4821#", "expect": {"action": "confirm_transfer"}},
            {"say": "yes"},
        ],
    }
)
ASKED, PAYEE, PIN = "ask_customer_number", "ask_payee", "ask_pin"
READ_BACK = "I'll send $50.00 to Tom Becker from your checking account ending in 5318."
IN_TEXT = [
    {"n": 0, "action": "greet", "said": "Welcome."},
    {"n": 1, "action": ASKED, "said": "Your customer number?"},
    {"n": 2, "action": PIN, "said": "Your PIN?"},
    {"n": 3, "action": "confirm_transfer", "said": READ_BACK},
    {"n": 4, "action": "transfer_done", "said": "Done."},
]


def silence(label: str) -> CallerTurn:
    return CallerTurn(samples=np.zeros(80, np.int16), label=label)


@pytest.fixture
def caller() -> PatientCaller:
    turns = [CallerTurn(keys=t.keys) if t.keys else silence(t.say or "") for t in SCENARIO.turns]
    return PatientCaller(SCENARIO, turns, IN_TEXT, silence)


def answer(n: int, action: str, said: str = "", again: int = 0) -> OpenTurn:
    turn = OpenTurn(n, "keys" if n == 3 else "speech", "", 0, 0, again)
    turn.said, turn.listening = [said], {"action": action}
    return turn


def said_to(caller: PatientCaller, *answers: OpenTurn) -> list[str | None]:
    found = [caller(each) for each in answers]
    return [each.label if isinstance(each, CallerTurn) else each for each in found]


def test_who_is_answered_rightly_goes_on(caller):
    answers = [answer(n, IN_TEXT[n]["action"], IN_TEXT[n]["said"]) for n in (1, 2, 3, 4)]
    assert said_to(caller, *answers) == [None] * 4


def test_what_was_not_understood_is_said_again_and_then_gone_on_from(caller):
    answers = [answer(1, "clarify", again=again) for again in (0, 1, 2)]
    assert said_to(caller, *answers) == ["send Tom fifty dollars"] * 2 + [None]


def test_a_name_or_an_amount_that_is_asked_for_is_told(caller):
    assert said_to(caller, answer(3, PAYEE)) == ["Tom Becker."]
    assert said_to(caller, answer(3, "ask_amount")) == ["fifty dollars."]


@pytest.mark.parametrize(
    ("read_back", "words"),
    [
        (READ_BACK.replace("Tom Becker", "Hanna Cole"), "No, to Tom Becker."),
        (READ_BACK.replace("50", "15"), "No, fifty dollars."),
        (
            READ_BACK.replace("50", "15").replace("Tom Becker", "Hanna Cole"),
            "No, fifty dollars to Tom Becker.",
        ),
        (
            READ_BACK.replace("checking account ending in 5318", "savings account ending in 5047"),
            "No, from checking.",
        ),
        (READ_BACK.replace("5318", "5319"), "send Tom fifty dollars"),
    ],
)
def test_nobody_agrees_to_what_they_did_not_say(caller, read_back, words):
    wrong = [answer(3, "confirm_transfer", read_back, again) for again in (0, 1, 2)]
    assert all(read_back_wrong(IN_TEXT, each) for each in wrong)
    assert said_to(caller, *wrong) == [words, words, "hang up"]


def test_who_has_no_voice_for_other_words_says_the_same_again(caller):
    caller.say = lambda _: None
    assert said_to(caller, answer(3, PAYEE)) == ["send Tom fifty dollars"]


def test_nobody_agrees_where_there_should_be_no_question(caller):
    wrong = [answer(1, "confirm_block", "Block your card?", again) for again in (0, 1, 2)]
    assert said_to(caller, *wrong)[-1] == "hang up"


def test_a_number_is_said_again_only_where_it_is_asked_again(caller):
    assert said_to(caller, answer(1, ASKED), answer(2, ASKED)) == [
        None,
        "four oh two one seven three oh eight",
    ]
    assert said_to(caller, answer(2, "tell_rates")) == ["send Tom fifty dollars"]


def test_a_yes_that_is_not_heard_is_keyed_where_a_key_is_offered(caller):
    offer = "To check: $50.00 to {} from your checking. Press one to send it, two to cancel."
    right = answer(4, "confirm_transfer", offer.format("Tom Becker"))
    assert caller(right).keys == "1#"
    wrong = answer(4, "confirm_transfer", offer.format("Hanna Cole"))
    assert caller(wrong).keys is None


async def test_what_is_said_again_answers_for_the_same_turn():
    tries: list[tuple[int, int]] = []
    loops: list[object] = []

    def insist(answered: OpenTurn) -> CallerTurn | None:
        tries.append((answered.n, answered.again))
        loops.append(asyncio._get_running_loop())
        again = answered.n == 1 and answered.again < 2
        return CallerTurn(samples=tone(0.2, 16000, 300.0), label="again") if again else None

    turns = [CallerTurn(samples=tone(0.2, 16000, 300.0), label="once")] * 2
    async with scripted(Script(delay=0.2)) as (url, _):
        log = await place_call(url, turns, insist=insist)
    assert set(loops) == {None}, "who thinks or speaks does not stop the line"
    assert tries == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert [(t.n, t.again) for t in log.turns] == [(0, 0), *tries]
    assert [turn.said for turn in log.turns[1:]] == [(f"answer {n}",) for n in (1, 2, 3, 4)]


async def test_who_gives_up_hangs_up_without_the_next_words():
    turns = [CallerTurn(samples=tone(0.2, 16000, 300.0))] * 2
    async with scripted(Script(delay=0.2)) as (url, seen):
        log = await place_call(url, turns, insist=lambda _: "hang up")
    assert len(log.turns) == 2
    assert (log.ended, seen.hung_up) == ("hangup", True)


def test_the_last_answer_counts_and_no_answer_may_say_what_it_must_lack():
    def turns(*said: str) -> list[dict]:
        one = {"n": 1, "heard": "x", "intents": None, "entities": [], "cleared": False}
        return [one | {"said": words, "action": ASKED} for words in said]

    scenario = SCENARIO.model_copy(update={"turns": SCENARIO.turns[:1]})
    books = {"customers": [], "transfers": []}

    def verdict(*said: str) -> bool:
        return judge(scenario, turns(*said), "hangup", books, books).passed

    assert verdict("Sorry?", "Your number, please.")
    told = {"intents": [{"name": "inform", "score": 0.9}], "entities": []}
    meant = {"intents": [{"name": "transfer", "score": 0.9}]}
    wants = scenario.turns[0].model_copy(update={"expect": ExpectedTurn(intent="transfer")})
    once = scenario.model_copy(update={"turns": (wants,)})
    first, last = turns("Sorry?", "Your number, please.")
    assert judge(once, [first | meant, last | told], "hangup", books, books).passed
    assert not judge(once, [first | told, last | told], "hangup", books, books).passed
    assert not verdict("Sixty dollars, right?", "Your number, please.")
    wants = scenario.turns[0].model_copy(
        update={"expect": scenario.turns[0].expect.model_copy(update={"action": "clarify"})}
    )
    scenario = scenario.model_copy(update={"turns": (wants,)})
    assert not verdict("Sorry?", "Your number, please.")
