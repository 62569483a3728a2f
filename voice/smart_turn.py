"""End of turn: has the caller finished, judged by how it sounds (Smart Turn v3.2).

The model (BSD-2-Clause, in pipecat's wheel) is a Whisper-tiny encoder with a classifier over the
last 8 s of audio. One instance serves every call of the process.
"""

from importlib.resources import as_file, files

import numpy as np
import onnxruntime
from pipecat.audio.turn.smart_turn._whisper_features import compute_whisper_log_mel_features

from voice.errors import AudioFormatError, ModelFileError
from voice.pcm import Floats, Samples, to_float

SAMPLE_RATE = 16000
MAX_SECONDS = 8

_MAX_SAMPLES = MAX_SECONDS * SAMPLE_RATE


class SmartTurn:
    """Judges whether a turn is complete; thread-safe and blocking (call it off the event loop).

    Args:
        threads: ONNX Runtime threads for one judgement.

    Raises:
        ModelFileError: The model that pipecat brings cannot be loaded.
    """

    def __init__(self, threads: int = 1) -> None:
        self._session = _load(threads)

    def complete_probability(self, samples: Samples) -> float:
        """Probability, 0 to 1, that the caller has finished speaking.

        Args:
            samples: The turn so far, mono int16 at 16 kHz, with the silence after it; of more
                than 8 s the end counts.

        Raises:
            AudioFormatError: There is no audio to judge.
        """
        if len(samples) == 0:
            raise AudioFormatError("no audio to judge an end of turn by; give the turn's samples")
        # Bit for bit pipecat's features: the int8 model turns a difference of 1e-6 in them into
        # one of 0.1 to 0.2 in a probability near the middle.
        mel = compute_whisper_log_mel_features(_eight_seconds(samples), do_normalize=True)
        inputs = {"input_features": mel[None]}
        return float(self._session.run(None, inputs)[0][0, 0])


def _eight_seconds(samples: Samples) -> Floats:
    """The end of the audio, with zeros before it where it is short, as the model was trained."""
    audio = np.zeros(_MAX_SAMPLES, dtype=np.float32)
    tail = to_float(samples[-_MAX_SAMPLES:])
    audio[_MAX_SAMPLES - len(tail) :] = tail
    return audio


def _load(threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = files("pipecat.audio.turn.smart_turn.data") / "smart-turn-v3.2-cpu.onnx"
    try:
        with as_file(source) as path:
            return onnxruntime.InferenceSession(
                path, sess_options=options, providers=["CPUExecutionProvider"]
            )
    except Exception as error:
        raise ModelFileError(
            f"the Smart Turn model in pipecat cannot be loaded ({error}); "
            "install it with: pip install --force-reinstall pipecat-ai==1.14.0"
        ) from error
