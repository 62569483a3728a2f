"""Recorded calls to measure with: which turns are of what kind, and which were answered rightly."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dialog.conversation import Conversation
from server.caller import CallLog
from server.errors import ServerError
from server.render import Turn, spoken_turn
from server.replay.judge import judge
from server.replay.run import converse_in_text
from server.replay.scenario import Scenario, find_scenarios, load_scenario
from server.replay.scenario import Turn as Does

SAMPLES = Path(__file__).parents[2] / "audio_samples"
NO_BOOKS: dict[str, list[object]] = {"customers": [], "transfers": []}

EVERY = 3
"""Of so many calls one is drawn first where not all are wanted."""

TurnType = Literal["open question", "yes/no", "digits", "command"]
TURN_TYPES: tuple[TurnType, ...] = ("open question", "yes/no", "digits", "command")

QUESTIONS = frozenset(
    {"balance", "transactions", "rates", "loan_rates", "opening_hours", "help", "repeat"}
)
ANSWERS = frozenset({"affirm", "deny", "goodbye"})
"""Intents that answer a yes/no question; "goodbye" answers "is there anything else?"."""
DIGITS_ASKED = frozenset({"ask_customer_number", "ask_pin", "login_failed"})


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A scenario and where its recordings lie."""

    scenario: Scenario
    folder: Path


def recorded_calls(
    root: Path, limit: int | None = None, *, without: frozenset[str] = frozenset(), seed: int = 1
) -> list[RecordedCall]:
    """Scenarios in a seeded order.

    Args:
        root: Folder of scenarios.
        limit: How many; None takes all.
        without: Tags of scenarios to leave out.
        seed: Of the order.

    Raises:
        ServerError: There are none.
    """
    calls = [RecordedCall(load_scenario(file), file.parent) for file in find_scenarios(root)]
    calls = [c for c in calls if not without & set(c.scenario.tags) and _is_recorded(c.scenario)]
    if not calls:
        raise ServerError(f"no recorded calls in {root}: run the bench from a checkout, or --calls")
    random.Random(seed).shuffle(calls)  # noqa: S311
    return calls[:limit]


def _is_recorded(scenario: Scenario) -> bool:
    """Some scenarios are for text only."""
    return all(turn.wav is not None for turn in scenario.turns if turn.say is not None)


def drawn_evenly(calls: Sequence[RecordedCall], turns: int) -> list[RecordedCall]:
    """Calls from all over a list in which, together, at least so many turns are spoken; else all.

    Every n-th is taken, then those between, until there are enough.
    """
    picked: set[int] = set()
    spoken = 0
    for start in range(EVERY):
        for place in range(start, len(calls), EVERY):
            if spoken < turns:
                picked.add(place)
                spoken += sum(turn.say is not None for turn in calls[place].scenario.turns)
    return [call for place, call in enumerate(calls) if place in picked]


def turn_type(scenario: Scenario, n: int) -> TurnType | None:
    """What kind of thing the caller says in turn n (from 1); None where nothing is said."""
    turn = scenario.turns[n - 1]
    if turn.say is None:
        return None
    before = scenario.turns[n - 2].expect.action if n > 1 else None
    intent = turn.expect.intent
    if before in DIGITS_ASKED and intent is None and _mostly_numbers(turn):
        return "digits"
    if intent in ANSWERS:
        return "yes/no"
    return "open question" if intent in QUESTIONS else "command"


def _mostly_numbers(turn: Does) -> bool:
    words = re.findall(r"\w+", (turn.say or "").lower())
    return 2 * sum(bool(re.fullmatch(_NUMBERS, word)) for word in words) >= len(words)


_NUMBERS = r"zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"


def right_turns(scenario: Scenario, turns: Sequence[Turn], ended: str) -> set[int]:
    """Numbers of the turns that were answered as the scenario expects."""
    verdict = judge(scenario, turns, ended, NO_BOOKS, NO_BOOKS)
    wrong = {mismatch.turn for mismatch in verdict.mismatches}
    return {turn["n"] for turn in turns if turn["n"] not in wrong}


def right_in_call(scenario: Scenario, log: CallLog) -> set[int]:
    """The same of a voice call."""
    return right_turns(scenario, [spoken_turn(turn) for turn in log.turns], log.ended)


def heard_rightly(
    scenario: Scenario, n: int, heard: str, conversation: Callable[[], Conversation]
) -> bool:
    """Whether the dialog answers words as turn n expects, all turns before it heard perfectly.

    Args:
        scenario: The call.
        n: Of the turn, from 1.
        heard: What a recogniser made of that turn.
        conversation: Makes a new one with a fresh bank.
    """
    if not heard.strip():
        return False
    turns = (*scenario.turns[: n - 1], scenario.turns[n - 1].model_copy(update={"say": heard}))
    told = scenario.model_copy(update={"turns": turns})
    answered, ended = converse_in_text(told, conversation())
    return n in right_turns(told, answered, ended)
