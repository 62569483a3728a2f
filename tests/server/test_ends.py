"""Ends of turns against pauses, judged by words where the dialog stands."""

import pytest

from server.bench.calls import SAMPLES
from server.bench.ends import Judged, judge_call, trade_off, wait_for
from server.replay.hosting import conversations_for_scenarios
from server.replay.scenario import load_scenario
from voice.turns import Fit, TurnSettings


def test_the_wait_is_the_turn_takers_own():
    settings = TurnSettings()
    assert wait_for(Fit.COMPLETE, 0.5) == pytest.approx(settings.quick, abs=0.04)
    assert wait_for(Fit.PARTIAL, 0.99) == pytest.approx(settings.patient, abs=0.04)
    assert wait_for(Fit.OPEN, 0.9) < wait_for(Fit.OPEN, 0.5) < wait_for(Fit.OPEN, 0.1)


def test_a_longer_wait_cuts_in_on_fewer_pauses():
    assert [Judged("open", False, wait).cut_in for wait in (0.3, 0.6, 0.9)] == pytest.approx(
        [1.0, 0.5, 0.0]
    )
    sheet = trade_off([Judged("open", True, 0.5), Judged("open", False, 0.3)])
    assert sheet.rows[-1] == ("all", "1", "500 / 500 / 500 / 500", "1", "1 of 1 (100.0%)")


def test_whole_turns_are_waited_for_less_than_their_beginnings(engines, tmp_path):
    scenario = load_scenario(SAMPLES / "transfer-payee" / "scenario.yaml")
    converse = conversations_for_scenarios(tmp_path, engines.understander)
    judged = list(judge_call(scenario, converse(scenario)[0], seed=1))
    wholes = [each.wait for each in judged if each.whole]
    begun = [each.wait for each in judged if not each.whole]
    assert len(wholes) == 5
    assert sum(wholes) / len(wholes) < 0.7 * sum(begun) / len(begun)
