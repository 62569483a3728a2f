"""Recorded callers and the recogniser, for the tests of sound."""

from collections.abc import Callable
from pathlib import Path

import pytest

from voice.pcm import Samples, read_wav
from voice.recogniser import Recogniser
from voice.resampling import resample

RECORDINGS = Path(__file__).resolve().parents[2] / "audio_samples"


@pytest.fixture(scope="session")
def recorded() -> Callable[[str, int], Samples]:
    """One turn of a recorded call at 16 kHz, by the call's name and the turn's number."""

    def read(call: str, turn: int) -> Samples:
        samples, rate = read_wav(RECORDINGS / call / f"{turn:02d}.wav")
        return resample(samples, rate, 16000)

    return read


@pytest.fixture(scope="session")
def spoken(recorded: Callable[[str, int], Samples]) -> Samples:
    """A caller's sentence over the telephone."""
    return recorded("balance-savings", 1)


@pytest.fixture(scope="session")
def recogniser(whisper_dir: Path) -> Recogniser:
    return Recogniser(whisper_dir)
