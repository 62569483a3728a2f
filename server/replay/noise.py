"""Our own noise, synthesised from a seed: a street, a room full of voices, a humming line."""

from collections.abc import Callable
from itertools import product
from typing import Literal

import numpy as np
import soxr
from scipy.signal import butter, sosfilt

from server.replay.voices import RATE, require_words, speak
from voice.pcm import Floats, Samples, to_int16

NoiseKind = Literal["street", "babble", "hum", "white"]

_TALKERS = ("flite-slt", "flite-rms", "flite-awb", "flite-kal")
_TALK = (
    "So I told her that we would never make it before the shop closes, and she just laughed.",
    "The train was late again this morning, and nobody could say why, as usual.",
    "He wants to paint the whole kitchen yellow, can you imagine, the whole kitchen.",
    "They had fresh bread and soup, and the little one ate all of the olives.",
)
_LEVEL = 0.1


def make_noise(kind: NoiseKind, seconds: float, rate: int, seed: int) -> Samples:
    """Noise of a kind, the same for the same arguments.

    Args:
        kind: "street" (rumble and passing cars), "babble" (eight people talking), "hum" (mains
            at 60 Hz with its harmonics, and hiss) or "white".
        seconds: How much of it.
        rate: Hz.
        seed: Of everything that is random.

    Raises:
        VoiceError: Babble is made of flite's voices and flite is not installed.
    """
    random = np.random.default_rng(seed)
    noise = KINDS[kind](round(seconds * rate), rate, random)
    return to_int16(noise * (_LEVEL / np.sqrt(np.mean(np.square(noise)))))


def require_noise(kind: NoiseKind | None) -> None:
    """Refuse what `make_noise` could not make.

    Raises:
        VoiceError: As there.
    """
    for line, name in product(_TALK, _TALKERS) if kind == "babble" else ():
        require_words(line, name)


def _street(count: int, rate: int, random: np.random.Generator) -> Floats:
    """Traffic falls off by 6 dB an octave; a car nearby is louder and brighter."""
    far = _filtered(random.standard_normal(count), butter(1, 100, fs=rate, output="sos"))
    near = _filtered(random.standard_normal(count), butter(1, 400, fs=rate, output="sos"))
    street = far + 0.7 * near * (0.3 + _passing_cars(count, rate, random))
    return np.asarray(street, np.float32)


def _passing_cars(count: int, rate: int, random: np.random.Generator) -> Floats:
    """Loudness over time: a bump of about two seconds for every car, one every three seconds."""
    at = np.arange(count) / rate
    cars = max(1, round(count / rate / 3))
    passes = random.uniform(0, count / rate, cars)
    widths = random.uniform(0.5, 1.2, cars)
    bumps = [
        np.exp(-0.5 * ((at - when) / width) ** 2)
        for when, width in zip(passes, widths, strict=True)
    ]
    return np.asarray(np.sum(bumps, axis=0), np.float32)


def _babble(count: int, rate: int, random: np.random.Generator) -> Floats:
    crowd = np.zeros(count, dtype=np.float32)
    for talker in range(2 * len(_TALKERS)):
        name = _TALKERS[talker % len(_TALKERS)]
        said = np.concatenate([speak(line, name) for line in random.permutation(_TALK)])
        talk = np.resize(soxr.resample(said, RATE, rate), count)
        crowd += random.uniform(0.5, 1.0) * np.roll(talk, random.integers(len(said)))
    return crowd


def _hum(count: int, rate: int, random: np.random.Generator) -> Floats:
    at = np.arange(count) / rate
    hum = np.zeros(count)
    for harmonic in range(1, 25):
        phase = random.uniform(0, 2 * np.pi)
        hum += np.sin(2 * np.pi * 60 * harmonic * at + phase) / harmonic
    return np.asarray(hum + 0.05 * random.standard_normal(count), np.float32)


def _white(count: int, _rate: int, random: np.random.Generator) -> Floats:
    return random.standard_normal(count).astype(np.float32)


def _filtered(samples: np.ndarray, sections: np.ndarray) -> Floats:
    filtered = sosfilt(sections, samples)
    return np.asarray(filtered / np.std(filtered), np.float32)


KINDS: dict[NoiseKind, Callable[[int, int, np.random.Generator], Floats]] = {
    "street": _street,
    "babble": _babble,
    "hum": _hum,
    "white": _white,
}
