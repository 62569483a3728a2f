from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3

from voice.errors import AudioFormatError
from voice.smart_turn import SmartTurn


@pytest.fixture(scope="module")
def smart_turn():
    return SmartTurn(threads=2)


@pytest.fixture(scope="module")
def pipecat_smart_turn():
    return LocalSmartTurnAnalyzerV3(cpu_count=2, sample_rate=16000)


def cuts(spoken):
    """The same speech as a turn in the making, over, very short, and longer than the model sees."""
    pause = np.zeros(4800, dtype=np.int16)
    half = spoken[: len(spoken) // 2]
    return [half, np.concatenate((spoken, pause)), spoken[:800], np.tile(spoken, 5)]


@pytest.mark.parametrize("call", ["balance-savings", "demo", "balance"])
def test_it_judges_as_pipecat_does(smart_turn, pipecat_smart_turn, recorded, call):
    for samples in cuts(recorded(call, 1)):
        theirs = pipecat_smart_turn._predict_endpoint(samples.astype(np.float32) / 32768.0)
        ours = smart_turn.complete_probability(samples)
        assert ours == pytest.approx(theirs["probability"], abs=1e-3)


def test_of_long_audio_only_the_last_eight_seconds_count(smart_turn, spoken):
    tail = np.tile(spoken, 8)[-8 * 16000 :]
    before = np.random.default_rng(1).normal(0, 3000, 16000).astype(np.int16)
    longer = np.concatenate((before, tail))
    assert smart_turn.complete_probability(longer) == smart_turn.complete_probability(tail)


def test_threads_may_share_it(smart_turn, spoken):
    turns = cuts(spoken)
    alone = [smart_turn.complete_probability(turn) for turn in turns]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(smart_turn.complete_probability, turns)) == alone


def test_no_audio_is_refused(smart_turn):
    with pytest.raises(AudioFormatError, match="no audio"):
        smart_turn.complete_probability(np.zeros(0, dtype=np.int16))


def test_digital_silence_gives_a_probability(smart_turn):
    assert 0.0 <= smart_turn.complete_probability(np.zeros(16000, dtype=np.int16)) <= 1.0
