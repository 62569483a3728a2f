"""The judge: every kind of mismatch is found, named, and nothing else is."""

import copy
from decimal import Decimal

import pytest

from server.replay.judge import judge
from server.replay.scenario import Scenario

NUMBER = "40217301"

SCENARIO = Scenario.model_validate(
    {
        "name": "pay-anna",
        "about": "A payment to a known payee",
        "today": "2026-03-16",
        "caller": {"voice": "slt"},
        "turns": [
            {
                "say": "send fifty dollars to Anna",
                "expect": {
                    "intent": "transfer",
                    "entities": [{"type": "money", "value": "50.00 USD"}],
                    "action": "confirm_transfer",
                    "said_contains": ["Anna Keller", "it's fifty dollars"],
                    "said_lacks": ["sent"],
                },
            },
            {"say": "yes please", "expect": {"action": "transfer_done"}},
        ],
        "expect": {
            "ended": "hangup",
            "books": {
                "balances": {f"{NUMBER}/checking": "2400.75"},
                "cards": {f"{NUMBER}/debit": "active"},
                "transfers": [
                    {"source": f"{NUMBER}/checking", "to": "Anna Keller", "amount": "50"}
                ],
            },
        },
    }
)


def turn(n: int, **more) -> dict:
    return {"type": "turn", "n": n, "heard": None, "intents": [], "entities": [], "said": ""} | more


TURNS = [
    turn(0, said="Hello.", action=None),
    turn(
        1,
        heard="Send $50 to Anna.",
        intents=[{"name": "transfer", "score": 0.94}, {"name": "balance", "score": 0.02}],
        entities=[
            {"type": "money", "value": "50.00 USD", "text": "$50"},
            {"type": "payee", "value": "Anna Keller", "text": "Anna"},
        ],
        said="To Anna  Keller: It’s fifty dollars. Is that right?",
        action="confirm_transfer",
    ),
    turn(2, heard="yes please", said="Done.", action="transfer_done"),
]


def books(checking: str, *transfers: dict) -> dict:
    return {
        "customers": [
            {
                "number": NUMBER,
                "name": "Maria Lopez",
                "accounts": [{"kind": "checking", "last4": "1234", "balance": checking}],
                "cards": [{"kind": "debit", "last4": "9876", "status": "active"}],
            }
        ],
        "transfers": list(transfers),
    }


def transfer(id_: int, amount: str = "50.00", to: str = "Anna Keller") -> dict:
    return {"id": id_, "source": f"{NUMBER}/checking", "to": to, "amount": amount}


BEFORE = books("2450.75", transfer(1, "50.00"))
AFTER = books("2400.75", transfer(1, "50.00"), transfer(2))


def mismatches(turns=TURNS, ended="hangup", before=BEFORE, after=AFTER, scenario=SCENARIO):
    return [str(m) for m in judge(scenario, turns, ended, before, after).mismatches]


def changed(n: int, **more) -> list[dict]:
    turns = copy.deepcopy(TURNS)
    turns[n] |= more
    return turns


def test_a_call_as_expected_passes():
    verdict = judge(SCENARIO, TURNS, "hangup", BEFORE, AFTER)
    assert verdict.passed
    assert verdict.scenario == "pay-anna"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"intents": [{"name": "balance", "score": 0.61}]},
            'turn 1: intent: expected transfer, got balance 0.61 (heard "Send $50 to Anna.")',
        ),
        ({"intents": []}, "expected transfer, got none"),
        ({"intents": None}, "without diagnostics"),
        (
            {"entities": [{"type": "money", "value": "15.00 USD", "text": "$15"}]},
            "turn 1: entity: expected money 50.00 USD, got money 15.00 USD",
        ),
        (
            {"entities": [{"type": "digits", "value": "50.00 USD", "text": "50"}]},
            "expected money 50.00 USD, got digits 50.00 USD",
        ),
        ({"action": "balance"}, "turn 1: action: expected confirm_transfer, got balance"),
        ({"action": None}, "expected confirm_transfer, got none"),
        ({"said": "It's fifty dollars."}, "turn 1: answer: expected to contain 'Anna Keller'"),
        (
            {"said": "Anna Keller: it's fifty dollars, sent."},
            "turn 1: answer: expected not to contain 'sent'",
        ),
    ],
)
def test_a_wrong_turn_is_named_with_what_was_expected_and_got(more, words):
    found = mismatches(changed(1, **more))
    assert len(found) == 1
    assert words in found[0]


def test_only_an_answer_that_was_spoken_over_may_leave_its_action_untold():
    over = SCENARIO.turns[1].model_copy(update={"barge_in": 1.0})
    scenario = SCENARIO.model_copy(update={"turns": (SCENARIO.turns[0], over)})
    assert mismatches(changed(1, action=None), scenario=scenario) == []
    assert len(mismatches(changed(1, action="balance"), scenario=scenario)) == 1
    assert len(mismatches(changed(1, action=None))) == 1


def test_the_intent_must_be_the_best_one():
    intents = [{"name": "balance", "score": 0.5}, {"name": "transfer", "score": 0.4}]
    assert "got balance 0.50" in mismatches(changed(1, intents=intents))[0]


def test_a_call_that_ends_early_names_the_turn_it_did_not_reach():
    found = mismatches(TURNS[:2], ended="lost")
    assert found == [
        "turn 2: turn: expected to be reached, got call was over before it (lost)",
        "call: end: expected hangup, got lost",
    ]


@pytest.mark.parametrize("ended", ["error", "timeout", "lost"])
def test_a_broken_call_never_passes_even_where_no_end_is_expected(ended):
    free = SCENARIO.model_copy(
        update={"expect": SCENARIO.expect.model_copy(update={"ended": None})}
    )
    assert mismatches(scenario=free, ended=ended) == [
        f"call: end: expected a call that ends by itself, got {ended}"
    ]
    assert mismatches(scenario=free, ended="goodbye") == []


def test_money_that_did_not_move_is_found():
    found = mismatches(after=BEFORE)
    assert found == [
        f"call: balance of {NUMBER}/checking: expected 2400.75, got 2450.75",
        f"call: transfer: expected 50 from {NUMBER}/checking to Anna Keller, got no transfer",
    ]


def test_money_that_moved_twice_is_found():
    after = books("2400.75", transfer(1), transfer(2), transfer(3))
    assert mismatches(after=after) == [
        "call: transfer: expected no other transfer, "
        f"got 50.00 from {NUMBER}/checking to Anna Keller"
    ]


def test_money_that_went_to_somebody_else_is_found():
    found = mismatches(after=books("2400.75", transfer(1), transfer(2, to="Tom Becker")))
    assert len(found) == 2
    assert "to Anna Keller, got 50.00" in found[0]
    assert "expected no other transfer" in found[1]


def test_a_blocked_card_and_an_account_that_is_not_there_are_found():
    after = copy.deepcopy(AFTER)
    after["customers"][0]["cards"][0]["status"] = "blocked"
    after["customers"][0]["accounts"][0]["kind"] = "savings"
    assert mismatches(after=after) == [
        f"call: balance of {NUMBER}/checking: expected 2400.75, got no account",
        f"call: card {NUMBER}/debit: expected active, got blocked",
    ]


def test_amounts_are_compared_as_amounts():
    after = books("2400.750", transfer(1), transfer(2, amount="50"))
    assert mismatches(after=after) == []
    after["customers"][0]["accounts"][0]["balance"] = Decimal("2400.75")
    assert mismatches(after=after) == []


def test_transfers_are_not_looked_at_where_none_are_given():
    expect = SCENARIO.expect.books.model_copy(update={"transfers": None})
    call = SCENARIO.expect.model_copy(update={"books": expect})
    free = SCENARIO.model_copy(update={"expect": call})
    assert mismatches(scenario=free, after=books("2400.75", transfer(9, "7.00"))) == []
