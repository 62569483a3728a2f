"""PCM audio as int16 numpy arrays: WAV files in and out, levels and mixing.

Inside the assistant sound is always a one-dimensional int16 array; its rate travels beside it.
"""

import io
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from voice.errors import AudioFormatError

Samples = npt.NDArray[np.int16]
"""Mono audio, shape (n,), -32768 to 32767."""

Floats = npt.NDArray[np.float32]
"""Mono audio, shape (n,), -1.0 to 1.0."""

SILENCE_DBOV = -127.0
"""The lowest level that RFC 6465 can express; digital silence reads as this."""

_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_INTEGER_SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "ULAW", "ALAW")
_FLOAT_SUBTYPES = ("FLOAT", "DOUBLE")
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
_CONVERT = "convert it with: ffmpeg -i INPUT -ar 16000 -c:a pcm_s16le OUTPUT.wav"


def read_wav(path: Path, channel: int | None = None) -> tuple[Samples, int]:
    """Read a WAV file as mono.

    Takes 8, 16, 24 and 32-bit PCM, 32 and 64-bit float, and G.711 in WAV, at 8 to 48 kHz.

    Args:
        path: The file.
        channel: Which channel to take, from 0; None averages all of them.

    Returns:
        The samples and their rate in Hz. Float samples beyond full scale are clipped.

    Raises:
        AudioFormatError: The file is missing, empty, not a WAV, cut short, or of an encoding,
            a rate or a channel that cannot be taken. The message says what to do.
    """
    data = _bytes_of(path)
    _refuse_truncated(path, data)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _refuse_unknown(path, file)
            frames = _frames(path, file)
            rate = int(file.samplerate)
    except soundfile.LibsndfileError as error:
        raise AudioFormatError(f"{path}: not a readable WAV file ({error}); {_CONVERT}") from error
    if len(frames) == 0:
        raise AudioFormatError(f"{path}: the WAV file holds no samples; record it again")
    return _mono(path, frames, channel), rate


def write_wav(path: Path | BinaryIO, samples: Samples, rate: int) -> None:
    """Write a 16-bit WAV file.

    Args:
        path: The file, or a binary file object.
        samples: Shape (n,) for mono, (n, 2) for stereo (left, right).
        rate: Hz.

    Raises:
        AudioFormatError: The array is not int16 or has another shape.
    """
    stereo = samples.ndim == 2 and samples.shape[1] == 2
    if samples.dtype != np.int16 or not (samples.ndim == 1 or stereo):
        raise AudioFormatError(
            f"cannot write a {samples.dtype} array of shape {samples.shape} as WAV; "
            "give int16 of shape (n,) or (n, 2)"
        )
    soundfile.write(path, samples, rate, subtype="PCM_16", format="WAV")


def to_float(samples: Samples) -> Floats:
    """int16 to float32, full scale 1.0."""
    return samples.astype(np.float32) / np.float32(32768.0)


def to_int16(samples: npt.NDArray[np.floating]) -> Samples:
    """Float, full scale 1.0, to int16; rounds to nearest and clips what is beyond full scale."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), dtype=np.int16)


def level_dbov(samples: Samples) -> float:
    """Root mean square level in dBov (0: a full-scale square wave), at least SILENCE_DBOV."""
    if len(samples) == 0:
        return SILENCE_DBOV
    power = float(np.mean(np.square(samples.astype(np.float64) / 32768.0)))
    return SILENCE_DBOV if power == 0.0 else max(SILENCE_DBOV, 10.0 * float(np.log10(power)))


def mix_at_snr(speech: Samples, noise: Samples, snr_db: float, rate: int = 16000) -> Samples:
    """Add noise to speech at a signal-to-noise ratio.

    The speech level is that of its active 20 ms frames (within 30 dB of the loudest), so pauses
    do not make the noise quieter. Noise is repeated or cut to the speech's length. A mix beyond
    full scale is turned down as a whole, which keeps the ratio.

    Args:
        speech: What is said.
        noise: The noise, at the same rate.
        snr_db: Speech to noise ratio in dB.
        rate: Of both, Hz.

    Raises:
        AudioFormatError: The noise is empty or digital silence.
    """
    if len(speech) == 0:
        return speech.copy()
    if not np.any(noise):
        raise AudioFormatError("the noise to mix in is empty or silent; give a recording of noise")
    bed = np.resize(noise, len(speech)).astype(np.float64)
    target = _active_rms(speech, rate // 50) / 10 ** (snr_db / 20)
    mixed = speech + bed * (target / np.sqrt(np.mean(np.square(bed))))
    peak = np.max(np.abs(mixed)) / 32767.0
    return to_int16(mixed / max(1.0, peak) / 32768.0)


def _active_rms(speech: Samples, frame: int) -> float:
    padded = np.pad(speech.astype(np.float64), (0, -len(speech) % frame))
    powers = np.mean(np.square(padded.reshape(-1, frame)), axis=1)
    active = powers[powers >= powers.max() / 1000.0]
    return float(np.sqrt(active.mean()))


def _bytes_of(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AudioFormatError(f"{path}: cannot be read: {error.strerror}") from error
    if not data:
        raise AudioFormatError(f"{path}: the file is empty; record it again")
    if data[:4] not in (b"RIFF", b"RIFX", b"RF64"):
        raise AudioFormatError(f"{path}: not a WAV file; {_CONVERT}")
    return data


def _refuse_truncated(path: Path, data: bytes) -> None:
    """libsndfile reads what is there of a file cut short; a caller should know instead."""
    declared = _declared_data_size(data)
    if declared is None:
        raise AudioFormatError(f"{path}: cut short, it has no samples; copy or record it again")
    size, offset = declared
    if size not in _UNKNOWN_SIZES and offset + size > len(data):
        have = len(data) - offset
        raise AudioFormatError(
            f"{path}: cut short, {have} of {size} bytes of samples; copy or record it again"
        )


def _declared_data_size(data: bytes) -> tuple[int, int] | None:
    """Size that the data chunk claims and where its bytes begin; None where there is none."""
    number = ">I" if data[:4] == b"RIFX" else "<I"
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int(struct.unpack_from(number, data, at + 4)[0])
        if name == b"data":
            return size, at + 8
        at += 8 + size + size % 2
    return None


def _refuse_unknown(path: Path, file: soundfile.SoundFile) -> None:
    if file.subtype not in _INTEGER_SUBTYPES + _FLOAT_SUBTYPES:
        raise AudioFormatError(f"{path}: {file.subtype_info} inside WAV is not taken; {_CONVERT}")
    if file.samplerate not in _RATES:
        rates = ", ".join(str(rate) for rate in _RATES)
        raise AudioFormatError(
            f"{path}: {file.samplerate} Hz is not taken (only {rates}); {_CONVERT}"
        )


def _frames(path: Path, file: soundfile.SoundFile) -> Samples:
    """Shape (n, channels). Integers are shifted by the library exactly; floats are ours."""
    if file.subtype in _INTEGER_SUBTYPES:
        return np.asarray(file.read(dtype="int16", always_2d=True), dtype=np.int16)
    floats = file.read(dtype="float32", always_2d=True)
    if not np.all(np.isfinite(floats)):
        raise AudioFormatError(f"{path}: holds samples that are no numbers; {_CONVERT}")
    return to_int16(floats)


def _mono(path: Path, frames: Samples, channel: int | None) -> Samples:
    channels = frames.shape[1]
    if channel is not None and not 0 <= channel < channels:
        raise AudioFormatError(f"{path}: has no channel {channel}; it has {channels}, from 0")
    if channels == 1 or channel is not None:
        return np.ascontiguousarray(frames[:, channel or 0])
    return np.asarray(np.rint(frames.mean(axis=1)), dtype=np.int16)
