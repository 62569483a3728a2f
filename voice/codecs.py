"""Telephone codecs: linear PCM and G.711 (ITU-T G.711, RFC 3551 PCMU and PCMA).

Both laws are tables: 256 entries to decode, 65,536 to encode, so a 20 ms packet costs
microseconds and every value is exact.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from voice.errors import AudioFormatError
from voice.pcm import Samples

Encoding = Literal["pcm16", "ulaw", "alaw"]

_ULAW_BIAS = 33
_ULAW_CLIP = 8159


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Samples to wire bytes: two a sample for "pcm16" (little-endian), one for G.711.

    Raises:
        AudioFormatError: The encoding is unknown.
    """
    if encoding == "pcm16":
        return samples.astype("<i2", copy=False).tobytes()
    if encoding not in _ENCODERS:
        raise _unknown(encoding)
    return _ENCODERS[encoding][samples.astype(np.int16, copy=False).view(np.uint16)].tobytes()


def decode(data: bytes, encoding: Encoding) -> Samples:
    """Wire bytes to samples.

    Raises:
        AudioFormatError: "pcm16" of odd length, or the encoding is unknown.
    """
    if encoding == "pcm16":
        if len(data) % 2:
            raise AudioFormatError(f"pcm16 audio of {len(data)} bytes: send two bytes a sample")
        return np.frombuffer(data, dtype="<i2").astype(np.int16)
    if encoding not in _DECODERS:
        raise _unknown(encoding)
    return _DECODERS[encoding][np.frombuffer(data, dtype=np.uint8)]


def _unknown(encoding: str) -> AudioFormatError:
    return AudioFormatError(f"encoding {encoding!r} is unknown: use pcm16, ulaw or alaw")


def _all_samples() -> npt.NDArray[np.int64]:
    """Every int16 value in the order of its bits read as uint16."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)


def _exponent(magnitude: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Position of the highest set bit, from 0."""
    return np.frexp(np.maximum(magnitude, 1))[1].astype(np.int64) - 1


def _ulaw_encoder() -> npt.NDArray[np.uint8]:
    """14 bits, biased so that every segment's mantissa has a leading one (G.711 table 2a)."""
    linear = _all_samples() >> 2
    magnitude = np.minimum(np.abs(linear), _ULAW_CLIP) + _ULAW_BIAS
    segment = _exponent(magnitude) - 5
    code = np.minimum((segment << 4) | ((magnitude >> (segment + 1)) & 0x0F), 0x7F)
    return np.asarray(code ^ np.where(linear < 0, 0x7F, 0xFF), dtype=np.uint8)


def _alaw_encoder() -> npt.NDArray[np.uint8]:
    """13 bits, even bits inverted (G.711 table 1a)."""
    linear = _all_samples() >> 3
    magnitude = np.where(linear < 0, -linear - 1, linear)
    segment = np.maximum(_exponent(magnitude) - 4, 0)
    shift = np.maximum(segment, 1)
    code = (segment << 4) | ((magnitude >> shift) & 0x0F)
    return np.asarray(code ^ np.where(linear < 0, 0x55, 0xD5), dtype=np.uint8)


def _ulaw_decoder() -> Samples:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_decoder() -> Samples:
    code = np.arange(256) ^ 0x55
    segment = (code & 0x70) >> 4
    mantissa = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, mantissa, (mantissa + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_ENCODERS = {"ulaw": _ulaw_encoder(), "alaw": _alaw_encoder()}
_DECODERS = {"ulaw": _ulaw_decoder(), "alaw": _alaw_decoder()}
