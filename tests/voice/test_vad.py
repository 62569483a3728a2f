import threading

import numpy as np
import pytest

from voice.errors import AudioFormatError
from voice.vad import WINDOW, VoiceActivity, speech_probabilities


def windows(samples):
    return samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)


def test_speech_is_heard_and_the_silence_around_it_is_not(spoken):
    edge = np.zeros(16000, dtype=np.int16)
    probabilities = speech_probabilities(np.concatenate((edge, spoken, edge)))
    speech = probabilities[31 : 31 + len(spoken) // WINDOW]
    assert max(probabilities[:25]) < 0.2
    assert max(probabilities[-20:]) < 0.2
    assert np.mean(np.array(speech) > 0.5) > 0.6


@pytest.mark.parametrize("loudness", [5, 300, 8000])
def test_hiss_is_no_speech(loudness):
    hiss = np.random.default_rng(3).normal(0, loudness, 5 * 16000)
    assert max(speech_probabilities(hiss.clip(-32768, 32767).astype(np.int16))) < 0.5


def test_calls_share_the_model_and_not_what_they_hear(spoken):
    alone = [VoiceActivity().process(window) for window in windows(spoken)[:1]]
    heard, silent = VoiceActivity(), VoiceActivity()
    together = []
    for window in windows(spoken):
        together.append(heard.process(window))
        silent.process(np.zeros(WINDOW, dtype=np.int16))
    assert together == speech_probabilities(windows(spoken).ravel())
    assert together[0] == alone[0]


def test_calls_on_several_threads_hear_what_they_hear_alone(spoken):
    expected = speech_probabilities(windows(spoken).ravel())
    results = []

    def listen():
        activity = VoiceActivity()
        results.append([activity.process(window) for window in windows(spoken)])

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_probabilities_are_those_of_the_model_in_pipecat(spoken):
    from importlib.resources import files

    from pipecat.audio.vad.silero import SileroOnnxModel

    theirs = SileroOnnxModel(str(files("pipecat.audio.vad.data") / "silero_vad.onnx"))
    ours = VoiceActivity()
    for window in windows(spoken)[:60]:
        expected = theirs(window.astype(np.float32) / 32768.0, 16000).item()
        assert ours.process(window) == pytest.approx(expected, abs=1e-6)


def test_speech_is_still_heard_after_a_minute_of_noise(spoken):
    hiss = np.random.default_rng(4).normal(0, 400, 60 * 16000).astype(np.int16)
    after = speech_probabilities(np.concatenate((hiss, spoken)))[60 * 16000 // WINDOW :]
    assert np.mean(np.array(after) > 0.5) > 0.6


def test_a_reset_forgets_the_call(spoken):
    activity = VoiceActivity()
    first = [activity.process(window) for window in windows(spoken)]
    activity.reset()
    assert [activity.process(window) for window in windows(spoken)] == first


def test_a_window_of_another_length_is_refused():
    with pytest.raises(AudioFormatError, match="512 samples"):
        VoiceActivity().process(np.zeros(160, dtype=np.int16))
