"""A turn through a telephone codec and back: what the codec leaves of it.

G.711 is our own (voice/codecs.py), GSM 06.10 is libsndfile's, G.722 and Opus are FFmpeg's by PyAV.
"""

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, cast

import av
import numpy as np
import soundfile
import soxr

from voice.codecs import Encoding, decode, encode
from voice.pcm import Samples, to_int16

CodecName = Literal["g711-ulaw", "g711-alaw", "g722", "gsm", "opus"]
OPUS_BITRATE = 16_000
"""Bits a second: what a mobile call over the internet uses when the network is poor."""


def through_codec(samples: Samples, rate: int, codec: CodecName) -> Samples:
    """Encoded and decoded, of the same length and rate, without the codec's own delay.

    Args:
        samples: int16 mono.
        rate: Hz; where the codec has another one, the sound goes there and back.
        codec: Which.
    """
    own, pass_through = _CODECS[codec]
    at_own = _at(samples, rate, own)
    back = _at(pass_through(at_own), own, rate)
    return np.resize(np.pad(back, (0, max(0, len(samples) - len(back)))), len(samples))


def _at(samples: Samples, rate: int, wanted: int) -> Samples:
    if rate == wanted:
        return samples
    return to_int16(soxr.resample(samples.astype(np.float32) / 32768.0, rate, wanted))


def _g711(encoding: Encoding) -> Callable[[Samples], Samples]:
    return lambda samples: decode(encode(samples, encoding), encoding)


def _gsm(samples: Samples) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="WAV", subtype="GSM610")
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="int16")[0], np.int16)


def _g722(samples: Samples) -> Samples:
    return _by_ffmpeg(samples, 16_000, "g722", None)


def _opus(samples: Samples) -> Samples:
    return _by_ffmpeg(samples, 48_000, "libopus", OPUS_BITRATE)


def _by_ffmpeg(samples: Samples, rate: int, name: str, bitrate: int | None) -> Samples:
    """Every packet through an encoder and a decoder; what the encoder adds first is cut off."""
    encoder = cast(av.AudioCodecContext, av.CodecContext.create(name, "w"))
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16"
    encoder.time_base = Fraction(1, rate)
    if bitrate is not None:
        encoder.bit_rate = bitrate
        encoder.options = {"application": "voip"}
    decoder = cast(av.AudioCodecContext, av.CodecContext.create(name, "r"))
    decoder.sample_rate, decoder.layout = rate, "mono"
    encoder.open()
    size = encoder.frame_size or rate // 50
    decoded: list[Samples] = []
    padded = np.pad(samples, (0, -len(samples) % size + 2 * size))
    for at in range(0, len(padded), size):
        frame = av.AudioFrame.from_ndarray(padded[None, at : at + size], "s16", "mono")
        frame.sample_rate, frame.pts = rate, at
        for packet in encoder.encode(frame):
            decoded += [_samples(each) for each in decoder.decode(packet)]
    whole = np.concatenate(decoded)
    return whole[_delay(samples, whole, rate) :][: len(samples)]


def _samples(frame: av.AudioFrame) -> Samples:
    values = frame.to_ndarray().reshape(-1)
    if values.dtype != np.int16:
        return to_int16(values.astype(np.float32))
    return values.astype(np.int16)


def _delay(before: Samples, after: Samples, rate: int) -> int:
    """Where the sound lies after the codec: the peak of the correlation within 60 ms."""
    count, window = min(len(before), len(after), 4 * rate), int(0.06 * rate)
    a, b = before[:count].astype(np.float64), after[:count].astype(np.float64)
    size = 2 * count
    correlation = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size), size)
    return int(np.argmax(correlation[:window]))


_CODECS: dict[CodecName, tuple[int, Callable[[Samples], Samples]]] = {
    "g711-ulaw": (8000, _g711("ulaw")),
    "g711-alaw": (8000, _g711("alaw")),
    "g722": (16_000, _g722),
    "gsm": (8000, _gsm),
    "opus": (48_000, _opus),
}
