"""From a studio voice to what a bank's line hears: level, band, codec, and the room around it."""

import numpy as np
import soxr
from scipy.signal import butter, ellip, sosfilt

from server.replay.scenario import Caller
from voice.codecs import decode, encode
from voice.pcm import Floats, Samples, mix_at_snr, to_int16

LEVEL_DBOV = -23.0
"""Active speech level of every recording (ITU-T P.56 speaks of -26; mobile callers are louder)."""

EDGE_SECONDS = 0.12
"""Silence kept before and after the words."""

_FADE_SECONDS = 0.03
_QUIETEST = 0.003


def recording(speech: Floats, rate: int, caller: Caller, noise: Samples | None = None) -> Samples:
    """One turn as it arrives at the bank.

    Args:
        speech: The voice, full scale 1.0.
        rate: Of speech, Hz.
        caller: Says the wire's rate, the codec and how loud the noise is.
        noise: The caller's surroundings at the wire's rate, at least as long as the speech.

    Returns:
        Samples at `caller.sample_rate`.
    """
    trimmed = _with_edges(speech, rate)
    samples = at_level(band(soxr.resample(trimmed, rate, caller.sample_rate), caller.sample_rate))
    if noise is not None:
        samples = mix_at_snr(samples, _banded(noise, caller.sample_rate), caller.snr_db)
        samples = _faded(samples, caller.sample_rate)
    return (
        samples
        if caller.encoding == "pcm16"
        else decode(encode(samples, caller.encoding), caller.encoding)
    )


def band(samples: Floats, rate: int) -> Floats:
    """The telephone band (300 to 3400 Hz) at 8 kHz; at 16 kHz a microphone's (from 70 Hz)."""
    if rate == 8000:
        # ITU-T G.712: even to within half a decibel from 300 to 3400 Hz, steep beyond.
        sections = ellip(6, 0.5, 40, [300, 3400], "bandpass", fs=rate, output="sos")
    else:
        sections = butter(2, 70, "highpass", fs=rate, output="sos")
    return np.asarray(sosfilt(sections, samples), np.float32)


def at_level(samples: Floats, dbov: float = LEVEL_DBOV) -> Samples:
    """Scaled so that the active 20 ms frames (within 30 dB of the loudest) are at a level.

    A peak beyond full scale turns the whole down: clipping is no part of these recordings.
    """
    powers = np.mean(np.square(samples[: len(samples) // 160 * 160].reshape(-1, 160)), axis=1)
    active = float(np.mean(powers[powers >= powers.max() / 1000.0]))
    gain = 10 ** (dbov / 20) / np.sqrt(active)
    return to_int16(samples * min(gain, 0.97 / float(np.max(np.abs(samples)))))


def _with_edges(speech: Floats, rate: int) -> Floats:
    loud = np.flatnonzero(np.abs(speech) > _QUIETEST * np.max(np.abs(speech)))
    edge = np.zeros(round(EDGE_SECONDS * rate), dtype=np.float32)
    return np.concatenate([edge, speech[loud[0] : loud[-1] + 1], edge])


def _banded(noise: Samples, rate: int) -> Samples:
    return to_int16(band(noise.astype(np.float32) / 32768.0, rate))


def _faded(samples: Samples, rate: int) -> Samples:
    """Noise that begins and ends within the recording must not click."""
    ramp = np.linspace(0.0, 1.0, round(_FADE_SECONDS * rate))
    shape = np.ones(len(samples))
    shape[: len(ramp)] = ramp
    shape[-len(ramp) :] = ramp[::-1]
    return np.rint(samples * shape).astype(np.int16)
