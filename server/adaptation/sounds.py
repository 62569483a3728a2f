"""How callers of a bank sound: two engines' voices in many pitches, over the telephone, in noise.

Flite's and Kokoro's voices, and the noise made of them, are not among these: they are what the
result is judged on.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import soxr

from server.replay.noise import make_noise
from server.replay.scenario import Caller
from server.replay.telephone import at_level, band, recording
from server.replay.voices import RATE, Voice, rendered
from voice.codecs import decode, encode
from voice.pcm import Floats, Samples, to_float, to_int16
from voice.resampling import resample
from voice.synthesiser import Synthesiser

Around = Literal["nothing", "street", "babble", "hum", "white"]

_GOOD: Final[tuple[Around, ...]] = ("nothing", "nothing", "street")
_BAD: Final[tuple[Around, ...]] = ("babble", "babble", "street", "hum", "white")
_LINE: Final = 8000
_HEARD: Final = 16000
_NOISE_SECONDS: Final = 30.0
_NOISE_SEED: Final = 900
"""Benches and scenarios count theirs from 0."""

_DIALECTS = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-us-nyc")
_TIMBRES = ("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7")
_HEARD_IN_A_CALL = "en-us"
STYLES = tuple(
    style
    for dialect in _DIALECTS
    for timbre in _TIMBRES
    if (style := dialect + timbre) != _HEARD_IN_A_CALL
)
"""Of espeak; without its plain American voice, which a recorded call speaks with."""


@dataclass(frozen=True, slots=True)
class Said:
    """A recording and what is said in it; "" where nobody speaks to us. int16 at 16 kHz."""

    text: str
    around: Around
    samples: Samples


class Callers:
    """Speaks sentences as many callers.

    Args:
        own_voice: The assistant's, whose pitch is changed.
        seed: Of voices, lines and noise.
    """

    def __init__(self, own_voice: Synthesiser, seed: int) -> None:
        self._own = own_voice
        self._random = random.Random(seed)  # noqa: S311
        self._generator = np.random.default_rng(seed)
        self._noises = {
            kind: make_noise(kind, _NOISE_SECONDS, _LINE, _NOISE_SEED + seed)
            for kind in ("street", "hum", "white")
        }
        self._spoken: list[Floats] = []

    def say(self, sentence: str) -> Iterator[Said]:
        """The same rendering over two lines: a good one or a street, and a bad one."""
        speech = self._speech(sentence)
        self._spoken.append(speech)
        for around in (self._random.choice(_GOOD), self._random.choice(_BAD)):
            yield Said(sentence, around, self._over_the_line(speech, around))

    def say_nothing(self) -> Said:
        """Noise, with nobody who speaks to us; after some sentences, of which babble is made."""
        around = self._random.choice(("nothing", *_BAD))
        count = round(self._random.uniform(0.5, 5.0) * _LINE)
        noise = to_float(self._noise(around, count))
        level = self._random.uniform(-50, -22) if around != "nothing" else -60.0
        line = decode(encode(at_level(band(noise, _LINE), level), "ulaw"), "ulaw")
        return Said("", around, resample(line, _LINE, _HEARD))

    def _speech(self, sentence: str) -> Floats:
        if self._random.random() < 0.5:
            pitch = self._random.uniform(0.86, 1.2)
            own = to_float(self._own.whole(sentence))
            return np.asarray(soxr.resample(own, self._own.sample_rate * pitch, RATE), np.float32)
        style = self._random.choice(STYLES)
        return rendered(sentence, Voice("espeak", style, self._random.uniform(0.75, 1.15)))

    def _over_the_line(self, speech: Floats, around: Around) -> Samples:
        noise = self._noise(around, len(speech) * _LINE // RATE + _LINE)
        caller = Caller(encoding="ulaw", snr_db=self._random.uniform(5, 20))
        line = recording(speech, RATE, caller, None if around == "nothing" else noise)
        heard = to_float(resample(line, _LINE, _HEARD)) * self._random.uniform(0.4, 1.3)
        before, after = self._random.randrange(800, 9000), self._random.randrange(1500, 4000)
        return to_int16(np.concatenate((self._hiss(before), heard, self._hiss(after))))

    def _hiss(self, count: int) -> Floats:
        return self._generator.normal(0, 1e-4, count).astype(np.float32)

    def _noise(self, around: Around, count: int) -> Samples:
        if around == "nothing":
            return to_int16(self._hiss(count))
        if around == "babble":
            return _babble(self._spoken, count, self._random)
        noise = self._noises[around]
        return np.resize(np.roll(noise, self._random.randrange(len(noise))), count)


def _babble(spoken: Sequence[Floats], count: int, source: random.Random) -> Samples:
    """Three to eight people who talk among themselves."""
    crowd = np.zeros(count, np.float32)
    for _ in range(source.choice((3, 5, 8, 8))):
        talk = np.concatenate([source.choice(spoken) for _ in range(3)])
        talk = np.resize(soxr.resample(talk, RATE, _LINE), count)
        crowd += source.uniform(0.5, 1.0) * np.roll(talk, source.randrange(count))
    return to_int16(crowd * (0.1 / max(1e-6, float(np.sqrt(np.mean(np.square(crowd)))))))
