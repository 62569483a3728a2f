"""How much audio the recogniser's encoder sees at once.

Whisper was trained on 30 s windows, padded with silence; its encoder costs the same for one word
as for 30 s. A shorter window costs in proportion, but below about 8 s the decoder no longer knows
where to stop (docs/decisions/0002-recogniser.md has the figures).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor

from voice.pcm import Samples, to_float

SAMPLE_RATE = 16000
LONGEST_SECONDS = 14.0
"""Longer audio is cut: of 28 s with pauses in them the decoder tends to drop the second half."""

FULL_FRAMES = 3000
_FRAME = 160
_MARGIN_SECONDS = 1.0
_CUT_WITHIN_SECONDS = 6.0
_PAUSE_FRAMES = 30


def frames_for(samples: Samples, floor_seconds: float) -> int:
    """Frames (10 ms, an even number) of a window for this audio and a margin of silence."""
    seconds = max(floor_seconds, len(samples) / SAMPLE_RATE + _MARGIN_SECONDS)
    return min(FULL_FRAMES, 2 * round(seconds * 50))


def log_mel(extractor: FeatureExtractor, samples: Samples, frames: int) -> npt.NDArray[np.float32]:
    """Features of shape (mels, frames) with digital silence after the audio, as in training.

    Padding the audio, not the features, keeps the silence as silent as the model knows it.
    """
    padded = np.zeros(frames * _FRAME, dtype=np.float32)
    audio = to_float(samples[: len(padded)])
    padded[: len(audio)] = audio
    mel: npt.NDArray[np.float32] = extractor(padded, padding=0)
    return mel[:, :frames]


def split_at_silences(samples: Samples, longest: float = LONGEST_SECONDS) -> Iterator[Samples]:
    """Cut audio into parts of at most `longest` seconds, each cut where it is quietest.

    Only the last 6 s of a full part are searched, so that no part gets much shorter than it
    must; joined, the parts are the audio again.
    """
    most = int(longest * SAMPLE_RATE)
    while len(samples) > most:
        search_from = most - int(_CUT_WITHIN_SECONDS * SAMPLE_RATE)
        cut = search_from + _quietest(samples[search_from:most])
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def _quietest(samples: Samples) -> int:
    """The sample in the middle of the 0.3 s with the least energy."""
    frames = np.square(samples[: len(samples) // _FRAME * _FRAME].astype(np.float64))
    energy = np.convolve(frames.reshape(-1, _FRAME).sum(axis=1), np.ones(_PAUSE_FRAMES), "valid")
    return (int(np.argmin(energy)) + _PAUSE_FRAMES // 2) * _FRAME
