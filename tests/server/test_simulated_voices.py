"""Simulated callers: they reach their goal, or leave the books as they were; each has their way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from server.client.turns import OpenTurn
from server.engines import Engines
from server.replay.callers import by_test_voice
from server.replay.hosting import application_for_scenarios
from server.replay.judge import judge
from server.replay.reading import ScenarioError
from server.replay.results import Replayed
from server.replay.run import run_voice
from server.replay.scenario import Scenario, load_scenario
from server.replay.simulated import PATIENCE, PERSONALITIES, SimulatedCaller, simulated
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings
from voice.pcm import Samples, level_dbov

CALLS = Path(__file__).parents[2] / "scenarios" / "simulated"
LINE = 8000
ANY = Scenario.model_validate(
    {"name": "a", "about": "", "today": "2026-03-16", "goal": {"customer": "maria"}}
)


def voice(_: str) -> Samples:
    at = np.arange(LINE) / LINE
    return (6000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16)


def caller(personality: str, seed: int = 1) -> SimulatedCaller:
    goal = {"customer": "maria", "pay": "30.00", "to": "Tom Becker", "personality": personality}
    fields = {"name": "a", "about": "", "today": "2026-03-16", "goal": goal}
    who = simulated(Scenario.model_validate(fields), voice, seed)
    assert who is not None
    return who


def asks(action: str, said: str = "") -> OpenTurn:
    turn = OpenTurn(1, "speech", "", 0, 0)
    turn.listening, turn.said = {"action": action}, [said]
    return turn


def answers(who: SimulatedCaller, action: str, said: str = "") -> Any:
    turn = who.next_turn(asks(action, said))
    assert turn is not None
    return turn


def first_turns(personality: str) -> list[Any]:
    return [answers(caller(personality, seed), "greeting") for seed in range(20)]


def test_who_is_slow_speaks_slowly_and_pauses():
    plain, slow = first_turns("plain"), first_turns("slow")
    assert len(slow[0].samples) == pytest.approx(len(plain[0].samples) / 0.8, rel=0.05)
    assert max(turn.pause for turn in plain) == pytest.approx(0.4)
    assert max(turn.pause for turn in slow) > 2.0


def test_who_interrupts_does_not_hear_answers_out_but_for_questions_for_a_yes():
    assert not any(turn.barge_in for turn in first_turns("plain"))
    assert 8 <= sum(turn.barge_in is not None for turn in first_turns("interrupting")) <= 19
    asked = [answers(caller("interrupting", n), "confirm_transfer") for n in range(20)]
    assert not any(turn.barge_in for turn in asked)


def test_who_mumbles_is_soft_and_who_is_angry_loud_and_high():
    plain, mumbling, angry = (first_turns(name)[0] for name in ("plain", "mumbling", "angry"))
    level = level_dbov(plain.samples)
    assert level_dbov(mumbling.samples) == pytest.approx(level - 10, abs=1)
    assert level_dbov(angry.samples) > level + 5
    heights = [
        np.argmax(np.abs(np.fft.rfft(turn.samples))) * LINE / len(turn.samples)
        for turn in (plain, angry)
    ]
    assert heights[1] / heights[0] == pytest.approx(2 ** (1 / 12), rel=0.02)
    assert any(turn.label.startswith("listen, ") for turn in first_turns("angry"))


def test_who_changes_their_mind_does_so_once_and_means_what_they_said_last():
    who, asked = caller("changing"), "I'll send $30.00 to Tom Becker."
    assert "no wait, make it forty dollars" in answers(who, "confirm_transfer", asked).label
    assert "make it forty dollars" in answers(who, "confirm_transfer", asked).label
    agreed = answers(who, "confirm_transfer", "I'll send $40.00 to Tom Becker.").label
    assert agreed.endswith("yes, please")
    assert answers(caller("plain"), "confirm_transfer", asked).label == "yes, please"


def test_nobody_agrees_to_what_they_do_not_want_or_talks_for_ever():
    who = caller("plain")
    wrong = answers(who, "confirm_transfer", "I'll send $30.00 to Anna Keller.")
    assert wrong.label == "no, to Tom Becker"
    for _ in range(PATIENCE - 1):
        answers(who, "clarify")
    assert who.next_turn(asks("clarify")) is None


def test_a_call_that_is_over_before_anybody_speaks_reached_nothing():
    wanted = caller("plain").written_down(ANY)
    empty = {"customers": [], "transfers": [], "audit": []}
    verdict = judge(wanted, [], "goodbye", empty, empty)
    assert [m.what for m in verdict.mismatches] == ["turn", "transfer"]


def test_a_goal_that_cannot_be_is_told(tmp_path):
    path = tmp_path / "odd.yaml"
    for goal, message in (
        ({"customer": "nobody"}, "no customer nobody"),
        ({"customer": "maria", "pay": "5"}, "pay needs to"),
    ):
        fields = {"name": "odd", "about": "", "today": "2026-03-16", "goal": goal}
        path.write_text(yaml.safe_dump(fields))
        with pytest.raises(ScenarioError, match=rf"odd.yaml:.*{message}"):
            load_scenario(path)


def called(name: str, engines: Engines, chance: int, **more: Any) -> Replayed:
    serve = application_for_scenarios(Settings(), engines)
    work = run_voice(CALLS / f"{name}.yaml", serve, speak=by_test_voice, chance=chance, **more)
    return run_in_virtual_time(work)


@pytest.mark.slow
@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_caller_gets_what_they_want_or_nothing_moves(name, engines):
    result = called(name, engines, chance=5)
    print(name, result.ended, [turn["words"] for turn in result.turns[1:]], result.lines())
    assert result.ended in ("hangup", "transfer", "goodbye")
    moved = [m for m in result.verdict.mismatches if m.expected == "no other transfer"]
    assert not moved, "what was not wanted"


@pytest.mark.slow
def test_a_call_can_be_had_again_by_its_seed(engines, tmp_path):
    one, two = (
        called("slow", engines, chance=3, record=tmp_path / name) for name in ("one.wav", "two.wav")
    )
    assert one.passed, one.lines()
    assert [t["heard"] for t in one.turns] == [t["heard"] for t in two.turns]
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
