"""What happens to a caller's voice on the way: room, voice, level, codec and network, seeded.

```
speech → speed, pitch → reverberation → gain → clipping → codec → packet loss, jitter → wire
                                    noise ↗ (all through the call)            echo ↗
```
"""

from typing import Annotated, Self

import av
import av.filter
import numpy as np
import soxr
from pydantic import Field, model_validator
from scipy.signal import fftconvolve

from dialog.strict_yaml import Strict
from server.caller import ECHO_DELAY
from server.client.sound import Sound
from server.replay.codecs import CodecName, through_codec
from server.replay.noise import NoiseKind, make_noise
from server.replay.telephone import LEVEL_DBOV
from voice.concealment import repeated
from voice.pcm import Floats, Samples, to_int16

PACKET = 0.02
"""Seconds of sound in one packet."""
PLAYOUT = 0.06
"""Seconds that a jitter buffer holds: what comes later than that is lost."""
FADED_AFTER = 3
"""Packets in a row after which concealment has faded to silence (60 ms, as G.711 Appendix I)."""
BACKGROUND_SECONDS = 30.0


class Condition(Strict):
    """How a call is degraded; nothing given leaves it as it is, and is named clean.

    Attributes:
        name: For reports.
        codec: Through which the caller's voice goes.
        loss: Share of packets lost, 0 to 1.
        burst: Packets that are lost in a row, on average (Gilbert's model).
        jitter_ms: Standard deviation of the packets' delay; those beyond the buffer are lost.
        noise, snr_db: Around the caller all through the call, against active speech.
        reverberation: Seconds in which the room's sound falls by 60 dB.
        gain_db: Added to the level.
        clip_db: Level above which samples are cut, in dB of full scale.
        speed: 1.2 speaks a fifth faster at the same pitch.
        semitones: Higher or lower at the same speed.
        echo_db, echo_ms: Level of our own voice in the microphone, and how much later it is there.
        seed: Of all that is random.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]
    codec: CodecName | None = None
    loss: float = Field(default=0.0, ge=0, lt=1)
    burst: float = Field(default=1.0, ge=1)
    jitter_ms: float = Field(default=0.0, ge=0)
    noise: NoiseKind | None = None
    snr_db: float = 20.0
    reverberation: float = Field(default=0.0, ge=0, le=3)
    gain_db: float = Field(default=0.0, ge=-60, le=40)
    clip_db: float | None = Field(default=None, le=0)
    speed: float = Field(default=1.0, ge=0.5, le=2)
    semitones: float = Field(default=0.0, ge=-12, le=12)
    echo_db: float | None = Field(default=None, lt=0)
    echo_ms: float = Field(default=1000 * ECHO_DELAY, ge=0, le=1000)
    seed: int = 1

    @model_validator(mode="after")
    def _bursts_can_be(self) -> Self:
        if self.loss > 0 and self.burst * (1 - self.loss) < self.loss:
            raise ValueError("loss is too high for its burst: lengthen the burst")
        return self

    @model_validator(mode="after")
    def _is_heard(self) -> Self:
        for given, of in (("snr_db", "noise"), ("burst", "loss"), ("echo_ms", "echo_db")):
            if given in self.model_fields_set and not getattr(self, of):
                raise ValueError(f"{given} needs {of}: add it, or remove {given}")
        fields = type(self).model_fields.items()
        other = {name for name, field in fields if getattr(self, name) != field.default}
        if other <= {"name", "seed"} and self.name != "clean":
            raise ValueError("it changes nothing: say what it does, or name it clean")
        return self


CLEAN = Condition(name="clean")


def degraded(samples: Samples, rate: int, condition: Condition, seed: int) -> Samples:
    """One utterance under a condition; the same for the same arguments.

    Args:
        samples: int16 at the wire's rate.
        rate: Hz.
        condition: What happens to it; noise and echo are the call's, see `background`.
        seed: Of this utterance.
    """
    random = np.random.default_rng((condition.seed, seed))
    sound = _voice(samples.astype(np.float32) / 32768.0, rate, condition)
    if condition.reverberation:
        sound = _in_a_room(sound, rate, condition.reverberation, random)
    sound = sound * 10 ** (condition.gain_db / 20)
    if condition.clip_db is not None:
        limit = 10 ** (condition.clip_db / 20)
        sound = np.clip(sound, -limit, limit)
    wired = to_int16(np.clip(sound, -1.0, 1.0))
    if condition.codec is not None:
        wired = through_codec(wired, rate, condition.codec)
    return _over_the_network(wired, rate, condition, random)


def background(condition: Condition, rate: int, chance: int = 1) -> Sound | None:
    """The noise around the caller, endless; None where it is quiet. Each chance has its own."""
    if condition.noise is None:
        return None
    noise = make_noise(condition.noise, BACKGROUND_SECONDS, rate, condition.seed + chance - 1)
    level = 10 ** ((LEVEL_DBOV + condition.gain_db - condition.snr_db) / 20)
    rms = float(np.sqrt(np.mean(np.square(noise.astype(np.float64) / 32768.0))))
    loop = to_int16(noise.astype(np.float32) / 32768.0 * (level / rms))

    def around(position: int, count: int) -> Samples:
        return np.take(loop, np.arange(position, position + count), mode="wrap")

    return around


def _voice(sound: Floats, rate: int, condition: Condition) -> Floats:
    """Pitch moves by playing at another speed, and time is then stretched back."""
    pitch = 2 ** (condition.semitones / 12)
    if pitch != 1.0:
        sound = soxr.resample(sound, rate * pitch, rate)
    tempo = condition.speed / pitch
    return sound if tempo == 1.0 else _stretched(sound, rate, tempo)


def _stretched(sound: Floats, rate: int, tempo: float) -> Floats:
    """Faster or slower at the same pitch: FFmpeg's WSOLA."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono")
    stretch, sink = graph.add("atempo", str(tempo)), graph.add("abuffersink")
    source.link_to(stretch)
    stretch.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), "flt", "mono")
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    parts: list[Floats] = []
    while True:
        try:
            parts.append(np.asarray(graph.pull().to_ndarray(), np.float32).reshape(-1))
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts)


def _in_a_room(sound: Floats, rate: int, seconds: float, random: np.random.Generator) -> Floats:
    """Exponentially falling noise after the direct sound (Polack's model), at half its energy."""
    at = np.arange(int(seconds * rate)) / rate
    tail = random.standard_normal(len(at)) * 10 ** (-3 * at / seconds)
    tail *= np.sqrt(0.5 / np.sum(np.square(tail)))
    response = np.concatenate(([1.0], np.zeros(int(0.005 * rate)), tail))
    rung: Floats = fftconvolve(sound, response)[: len(sound) + len(tail) // 2].astype(np.float32)
    return rung


def _over_the_network(
    samples: Samples, rate: int, condition: Condition, random: np.random.Generator
) -> Samples:
    size = int(PACKET * rate)
    count = -(-len(samples) // size)
    lost = _lost(count, condition, random)
    if condition.jitter_ms:
        late = random.normal(0.0, condition.jitter_ms / 1000, count) > PLAYOUT
        lost = lost | late
    return concealed(samples, rate, lost) if lost.any() else samples


def _lost(count: int, condition: Condition, random: np.random.Generator) -> np.ndarray:
    """Gilbert's model: two states, so that losses come in bursts."""
    leave = 1 / condition.burst
    enter = condition.loss * leave / (1 - condition.loss)
    draws, lost, gone = random.random(count), np.zeros(count, bool), False
    for place, draw in enumerate(draws):
        gone = draw >= leave if gone else draw < enter
        lost[place] = gone
    return lost


def concealed(samples: Samples, rate: int, lost: np.ndarray) -> Samples:
    """Lost packets replaced by the voice's last period, fading out (as G.711 Appendix I does).

    Args:
        samples: int16.
        rate: Hz.
        lost: One flag per 20 ms packet.
    """
    size, out, run = int(PACKET * rate), samples.copy(), 0
    for place in map(int, np.flatnonzero(lost)):
        run = run + 1 if place > 0 and lost[place - 1] else 1
        begin, end = place * size, min((place + 1) * size, len(samples))
        fade = max(0.0, 1.0 - (run - 1) / FADED_AFTER)
        out[begin:end] = (repeated(out[:begin], rate, end - begin) * fade).astype(np.int16)
    return out
