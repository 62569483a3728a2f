"""Voice activity: how probable it is that somebody speaks, window by window (Silero VAD).

The model file comes with pipecat. One session serves every call of the process; what a call
remembers (the recurrent state and the last 4 ms of audio) is its own.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files
from threading import Lock

import numpy as np
import onnxruntime

from voice.errors import AudioFormatError, ModelFileError
from voice.pcm import Samples, to_float

WINDOW = 512
"""Samples per window at 16 kHz: 32 ms."""

SAMPLE_RATE = 16000

_CONTEXT = 64
_STATE_SHAPE = (2, 1, 128)
_RESET_AFTER = 62
_QUIET = 0.1
_QUIET_WINDOWS = 12


class VoiceActivity:
    """Speech probabilities of one call; not thread-safe, and not meant to be shared.

    Long noise or music drags the recurrent state down until speech after it goes unnoticed. So
    the state starts afresh after 2 s (62 windows) and then as soon as 12 windows in a row (0.38 s)
    were clearly no speech; never while somebody talks.
    """

    def __init__(self) -> None:
        self._session = _shared_session()
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._state = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
        self._windows = 0
        self._quiet_windows = 0

    def process(self, samples: Samples) -> float:
        """Speech probability, 0 to 1, of the next window of 512 samples at 16 kHz.

        Raises:
            AudioFormatError: It is not 512 samples.
        """
        if samples.shape != (WINDOW,):
            raise AudioFormatError(f"voice activity takes 512 samples, not shape {samples.shape}")
        audio = np.concatenate((self._context, to_float(samples)))
        output, self._state = self._session.run(
            None, {"input": audio[None], "state": self._state, "sr": _RATE_INPUT}
        )
        self._context = audio[-_CONTEXT:]
        probability = float(output[0, 0])
        self._reset_when_due(probability)
        return probability

    def _reset_when_due(self, probability: float) -> None:
        self._windows += 1
        self._quiet_windows = self._quiet_windows + 1 if probability < _QUIET else 0
        if self._windows >= _RESET_AFTER and self._quiet_windows >= _QUIET_WINDOWS:
            self.reset()


def each_probability(samples: Samples) -> Iterator[float]:
    """Probability for each 32 ms of a recording at 16 kHz; the end is filled with zeros."""
    activity = VoiceActivity()
    for window in np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW):
        yield activity.process(window)


def speech_probabilities(samples: Samples) -> list[float]:
    """All of `each_probability`."""
    return list(each_probability(samples))


_RATE_INPUT = np.array(SAMPLE_RATE, dtype=np.int64)
_loading = Lock()


def _shared_session() -> onnxruntime.InferenceSession:
    with _loading:
        return _session()


@cache
def _session() -> onnxruntime.InferenceSession:
    """One thread and no spinning: a window is 0.1 ms of work, and many calls share the cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        with as_file(files("pipecat.audio.vad.data") / "silero_vad.onnx") as path:
            return onnxruntime.InferenceSession(
                path, sess_options=options, providers=["CPUExecutionProvider"]
            )
    except Exception as error:
        raise ModelFileError(
            f"the Silero VAD model in pipecat cannot be loaded ({error}); "
            "install it with: pip install --force-reinstall pipecat-ai==1.14.0"
        ) from error
