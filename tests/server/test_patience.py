"""A scripted caller says again what was misheard, and agrees to nothing else."""

import asyncio

import numpy as np
import pytest
from scripted_server import Script, scripted, tone

from server.caller import CallerTurn, place_call
from server.client.turns import OpenTurn
from server.replay.judge import judge
from server.replay.metrics import measured
from server.replay.patience import PatientCaller, read_back_other, read_back_wrong, read_backs_of
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


@pytest.mark.parametrize(
    ("read_back", "words"),
    [
        (READ_BACK.replace("50", "60"), "No, fifty dollars."),
        (READ_BACK.replace("Tom Becker", "Hanna Cole"), "No, to Tom Becker."),
        (
            READ_BACK.replace("50", "60").replace("Tom Becker", "Hanna Cole"),
            "No, fifty dollars to Tom Becker.",
        ),
    ],
)
def test_a_yes_that_is_answered_with_another_read_back_is_not_said_again(caller, read_back, words):
    wrong = [answer(4, "confirm_transfer", read_back, again) for again in (0, 1, 2)]
    assert said_to(caller, *wrong) == [words, words, "hang up"]


@pytest.mark.parametrize(
    "wrong",
    [
        answer(4, "confirm_transfer", READ_BACK.replace("5318", "5319")),
        answer(4, "confirm_block", "I'll block your debit card. Is that what you want?"),
    ],
)
def test_who_can_name_nothing_to_mend_hangs_up_and_does_not_say_yes(caller, wrong):
    assert said_to(caller, wrong) == ["hang up"]


def test_a_yes_is_said_again_to_the_question_it_was_meant_for(caller):
    again = "Once more: $50.00 to Tom Becker from your checking account ending in 5318."
    right = [answer(4, "confirm_transfer", again, tried) for tried in (0, 1, 2)]
    assert said_to(caller, *right) == ["yes", "yes", None]
    assert said_to(caller, answer(4, "clarify"), answer(4, "ask_payee")) == ["yes", "Tom Becker."]


@pytest.mark.parametrize("n", [3, 4])
def test_after_a_wrong_read_back_nobody_goes_on_with_a_yes(caller, n):
    sixty = answer(n, "confirm_transfer", READ_BACK.replace("50", "60"))
    unclear = [answer(n, "clarify", again=again) for again in (1, 2)]
    heard = said_to(caller, sixty, *unclear)
    assert heard[0] == "No, fifty dollars."
    assert "yes" not in heard
    assert heard[-1] == "hang up"


def test_a_correction_is_said_again_after_a_wrong_read_back(caller):
    caller.in_text = [*IN_TEXT[:4], IN_TEXT[3] | {"n": 4, "intents": [{"name": "correct"}]}]
    another = READ_BACK.replace("5318", "5319")
    assert said_to(caller, answer(4, "confirm_transfer", another)) == ["yes"]


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (READ_BACK, False),
        (f"Sorry. {READ_BACK} Is that what you want?", False),
        ("Once more: $50.00 to Tom Becker from your checking account ending in 5318.", False),
        (READ_BACK.replace("50", "60"), True),
        (READ_BACK.replace("Tom Becker", "Robber Mill"), True),
        (READ_BACK.replace("checking", "savings"), True),
        (READ_BACK.replace("5318.", "5318, on Friday, March 20."), True),
        ("One moment.", True),
    ],
)
def test_a_read_back_is_held_against_the_last_one_in_text(n, asked, wrong):
    told = answer(n, "confirm_transfer", asked)
    assert read_back_wrong(IN_TEXT, told) == wrong
    assert not read_back_other(IN_TEXT, told)


@pytest.mark.parametrize(
    ("read", "got"),
    [
        ("$5.00 to Robert Miller from your checking", "$5.00 to Robber Mill from your checking"),
        (
            "$5.00 to your savings account from your checking account",
            "$5.00 to your checking account from your savings account",
        ),
        (
            "$5.00 to Tom from your checking account, on Friday",
            "$5.00 to Tom from your checking account, on Monday",
        ),
    ],
)
def test_a_wrong_name_day_or_order_of_accounts_is_a_wrong_read_back(read, got):
    def asked(words: str) -> str:
        return f"I'll send {words}. Is that what you want?"

    in_text = [{"n": 3, "action": "confirm_transfer", "said": asked(read)}]
    assert read_back_wrong(in_text, answer(3, "confirm_transfer", asked(got)))
    assert not read_back_wrong(in_text, answer(3, "confirm_transfer", asked(read)))


def test_a_read_back_of_another_action_is_counted_apart():
    blocks = answer(4, "confirm_block", "I'll block your debit card.")
    early = answer(1, "confirm_transfer", READ_BACK)
    for other in (blocks, early):
        counted = read_backs_of(IN_TEXT, other)
        assert counted == {"read_backs": 1, "read_backs_wrong": 0, "read_backs_other": 1}
    assert read_backs_of(IN_TEXT, answer(4, "transfer_done")) == {}


def test_quotes_are_compared_as_the_judge_compares_them(caller):
    turns = list(SCENARIO.turns)
    expect = turns[2].expect.model_copy(update={"said_contains": ("I'll  send",)})
    turns[2] = turns[2].model_copy(update={"expect": expect})
    caller.scenario = SCENARIO.model_copy(update={"turns": tuple(turns)})
    curly = READ_BACK.replace("'", "’")
    assert said_to(caller, answer(3, "confirm_transfer", curly)) == [None]


def test_a_call_that_was_given_up_is_no_success_and_not_contained():
    records = [
        {"n": n, "heard": "x", "intents": None, "entities": [], "cleared": False, "said": "x"}
        | {"action": IN_TEXT[n]["action"]}
        for n in (1, 2, 3)
    ]
    books = {"customers": [], "transfers": []}

    def figures(ended: str) -> dict[str, float]:
        verdict = judge(SCENARIO, records, ended, books, books)
        assert not verdict.passed
        mismatches = [{"turn": m.turn} for m in verdict.mismatches]
        call = {"passed": False, "ended": ended, "mismatches": mismatches, "turns": records}
        return {metric.name: metric.value for metric in measured([call])}

    gave_up = figures("gave up")
    assert (gave_up["task success"], gave_up["containment"]) == (0.0, 0.0)


def test_nobody_agrees_where_there_should_be_no_question(caller):
    wrong = [answer(1, "confirm_block", "Block your card?", again) for again in (0, 1, 2)]
    assert said_to(caller, *wrong) == ["send Tom fifty dollars"] * 2 + ["hang up"]


def test_a_number_is_said_again_only_where_it_is_asked_again(caller):
    assert said_to(caller, answer(1, ASKED), answer(2, ASKED)) == [
        None,
        "four oh two one seven three oh eight",
    ]
    assert said_to(caller, answer(2, "tell_rates")) == ["send Tom fifty dollars"]


def test_a_yes_that_is_not_heard_is_keyed_where_a_key_is_offered(caller):
    offer = READ_BACK.replace("I'll send", "To check:").replace("Tom Becker", "{}")
    offer += " Press one to send it, two to cancel."
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
    assert (log.ended, seen.hung_up) == ("gave up", True)


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
