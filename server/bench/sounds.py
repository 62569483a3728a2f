"""Sounds that must not stop an answer, synthesised from a seed: a cough, typing, an "mm-hm"."""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from voice.pcm import Samples, to_int16

PEAK = {"cough": 0.35, "typing": 0.12, "mm-hm": 0.2}


def make_sound(kind: str, sample_rate: int, seed: int) -> Samples:
    """A sound of a kind, the same for the same arguments.

    Args:
        kind: "cough", "typing" or "mm-hm".
        sample_rate: Hz.
        seed: Of everything that is random.
    """
    random = np.random.default_rng(seed)
    sound = _KINDS[kind](sample_rate, random)
    return to_int16((sound * (PEAK[kind] / np.abs(sound).max())).astype(np.float32))


def room_tone(samples: Samples, count: int, seed: int) -> Samples:
    """So many samples of the quiet that a recording has itself.

    Its quietest 50 ms, each time turned round or not and begun elsewhere, so that no loop is heard.
    """
    random = np.random.default_rng(seed)
    length = max(1, min(400, len(samples) // 4))
    starts = range(0, max(1, len(samples) - length), max(1, length // 2))
    quietest = min(
        starts, key=lambda s: float(np.mean(np.square(samples[s : s + length], dtype=float)))
    )
    piece = samples[quietest : quietest + length]
    pieces = [
        np.roll(piece, random.integers(length))[:: random.choice((1, -1))]
        for _ in range(count // length + 1)
    ]
    return np.concatenate(pieces)[:count].astype(np.int16)


def um(sample_rate: int, seed: int) -> Samples:
    """A drawn-out "um"."""
    random = np.random.default_rng(seed)
    pitch = random.uniform(95, 190)
    vowel = _voiced(
        sample_rate, 0.28, (pitch, pitch * 0.95), ((600, 120), (1150, 150), (2400, 200))
    )
    hum = _voiced(sample_rate, 0.25, (pitch * 0.95, pitch * 0.88), ((250, 80), (1000, 300)))
    sound = np.concatenate((vowel, 0.6 * hum))
    return to_int16((sound * (0.25 / np.abs(sound).max())).astype(np.float32))


def _cough(rate: int, random: np.random.Generator) -> np.ndarray:
    """Two or three bursts of throaty noise, each sharp at first and dying away."""
    bursts = []
    for _ in range(random.integers(2, 4)):
        at = np.arange(int(random.uniform(0.12, 0.2) * rate)) / rate
        burst = _band(random.standard_normal(len(at)), 300, 3000, rate)
        bursts += [burst * np.exp(-at / 0.05) * np.minimum(1, at / 0.004)]
        bursts += [np.zeros(int(random.uniform(0.1, 0.18) * rate))]
    return np.concatenate(bursts).astype(np.float32)


def _typing(rate: int, random: np.random.Generator) -> np.ndarray:
    """Keys pressed and let go, six or seven a second."""
    sound = np.zeros(int(1.5 * rate))
    at = 0.0
    while (at := at + random.uniform(0.08, 0.22)) < 1.4:
        for delay, level in ((0.0, random.uniform(0.5, 1.0)), (0.07, random.uniform(0.2, 0.5))):
            start = int((at + delay) * rate)
            click = random.standard_normal(int(0.012 * rate)) * np.exp(
                -np.arange(int(0.012 * rate)) / (0.003 * rate)
            )
            part = sound[start : start + len(click)]
            part += level * click[: len(part)]
    return _band(sound, 800, 3600, rate)


def _mm_hm(rate: int, random: np.random.Generator) -> np.ndarray:
    """Two hums with the lips closed, the second higher, a breath of quiet between."""
    pitch = random.uniform(95, 200)
    nasal = ((250, 80), (1000, 300), (2200, 400))
    first = _voiced(rate, 0.2, (pitch * 1.05, pitch * 0.95), nasal)
    second = _voiced(rate, 0.28, (pitch * 1.1, pitch * 1.25), nasal)
    return np.concatenate((first, np.zeros(int(0.05 * rate)), second)).astype(np.float32)


def _voiced(
    rate: int, seconds: float, pitch: tuple[float, float], formants: tuple[tuple[int, int], ...]
) -> np.ndarray:
    """Pulses of a gliding pitch through formants (Hz, bandwidth)."""
    count = int(seconds * rate)
    phase = np.cumsum(np.linspace(*pitch, count) / rate)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    sound = np.zeros(count)
    for n, (centre, width) in enumerate(formants):
        radius = np.exp(-np.pi * width / rate)
        turn = 2 * np.pi * centre / rate
        resonance = [[1 - radius, 0, 0, 1, -2 * radius * np.cos(turn), radius**2]]
        sound += sosfilt(resonance, pulses) / (1 + n)
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.03 * rate))
    return np.asarray(sound * edge / max(1e-9, np.abs(sound).max()), dtype=np.float32)


def _band(samples: np.ndarray, low: float, high: float, rate: int) -> np.ndarray:
    top = min(high, 0.45 * rate)
    sections = butter(2, (low, top), "band", fs=rate, output="sos")
    return np.asarray(sosfilt(sections, samples), dtype=np.float32)


_KINDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "cough": _cough,
    "typing": _typing,
    "mm-hm": _mm_hm,
}
