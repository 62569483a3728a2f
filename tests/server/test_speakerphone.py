"""A whole call on a speakerphone: our own voice comes back, and the assistant does not hear it."""

from pathlib import Path

import pytest

from server.replay.hosting import application_for_scenarios
from server.replay.matrix import load_matrix
from server.replay.suite import cases, replay
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings

SAMPLES = Path(__file__).parents[2] / "audio_samples"


@pytest.mark.slow
def test_the_assistant_does_not_hear_itself_in_a_whole_call(engines):
    """-15 dB and 120 ms: as many turns as the caller has, and the right ledger."""
    matrix = load_matrix(SAMPLES / "speakerphone.yml")
    serve = application_for_scenarios(Settings(), engines)
    work = replay(
        cases([SAMPLES / "transfer-payee" / "scenario.yaml"], matrix), by="voice", serve=serve
    )
    (result,) = run_in_virtual_time(work).results
    record = result.json()
    assert not record["mismatches"], record["mismatches"]
    assert len(record["turns"]) == 6
    assert not [turn for turn in record["turns"][1:] if not turn["heard"]]
