"""Our own voice is known when it comes back; no other voice is taken for it."""

from pathlib import Path

import numpy as np
import pytest

from voice.codecs import decode, encode
from voice.echo import EchoGuard
from voice.pcm import read_wav
from voice.resampling import resample

RATE = 16000
CALLS = Path(__file__).parents[2] / "audio_samples"
WINDOW = 512


def recorded(call: str, turn: int) -> np.ndarray:
    return resample(*read_wav(CALLS / call / f"{turn:02d}.wav"), RATE)


def returned(sent: np.ndarray, level: float, delay: float) -> np.ndarray:
    """What comes back: later, fainter, through a room and a telephone."""
    rng = np.random.default_rng(1)
    room = np.zeros(1600)
    room[0] = 1.0
    room[rng.integers(40, 1600, 12)] = rng.normal(0, 0.2, 12)
    late = np.pad(sent, (round(delay * RATE), 0))[: len(sent)]
    echo = np.convolve(late, room)[: len(sent)] * 10 ** (level / 20)
    line = resample(echo.clip(-32768, 32767).astype(np.int16), RATE, 8000)
    back = resample(decode(encode(line, "ulaw"), "ulaw"), 8000, RATE)
    return np.pad(back, (0, max(0, len(sent) - len(back))))[: len(sent)]


def likenesses(sent: np.ndarray, heard: np.ndarray) -> list[float]:
    """At every tenth window in which the microphone is loud."""
    guard, found = EchoGuard(), []
    for number, at in enumerate(range(0, min(len(sent), len(heard)) - WINDOW, WINDOW)):
        guard.sent(sent[at : at + WINDOW])
        guard.heard(heard[at : at + WINDOW])
        loud = np.abs(heard[max(0, at - RATE // 4) : at + WINDOW].astype(int)).max() > 300
        if number % 10 == 0 and at > RATE and loud:
            found.append(guard.likeness())
    return found


@pytest.mark.parametrize("level", [-15, -20])
@pytest.mark.parametrize("delay", [0.06, 0.12, 0.5])
def test_our_own_voice_is_known(level, delay):
    sent = np.tile(recorded("balance", 1), 2)
    found = likenesses(sent, returned(sent, level, delay))
    assert len(found) > 5
    assert np.percentile(found, 10) >= 0.5


@pytest.mark.parametrize("other", ["transfer-payee", "street-noise", "demo"])
def test_another_voice_is_none_of_ours(other):
    sent = np.tile(recorded("balance", 1), 3)
    found = likenesses(sent, np.tile(recorded(other, 1), 2))
    assert len(found) > 5
    assert np.percentile(found, 90) < 0.5


def test_a_caller_over_the_echo_is_heard():
    sent = np.tile(recorded("balance", 1), 3)
    caller = np.tile(recorded("transfer-payee", 1), 2)
    both = caller[: len(sent)] + returned(sent, -20, 0.12)[: len(caller)]
    assert np.median(likenesses(sent, both)) < 0.5


def test_silence_is_no_echo():
    guard = EchoGuard()
    assert not guard.is_echo()
    guard.sent(recorded("balance", 1))
    assert not guard.is_echo()
