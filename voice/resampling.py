"""Sample rate conversion: streaming with little delay, and whole recordings.

A streaming resampler must not cost what the caller feels. libsoxr's stream holds audio back in
blocks: 40 to 117 ms between 8, 16 and 22.05 kHz, even at its low quality. This one is a polyphase
FIR (windowed sinc; Crochiere and Rabiner, "Multirate Digital Signal Processing", 1983): it gives
out every sample that its window allows, which is 3 ms behind at 8 kHz and 1.5 ms at 16 kHz.
"""

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt
import soxr

from voice.errors import AudioFormatError
from voice.pcm import Samples

_HALF_LENGTH = 24
"""Window to either side, in samples of the lower rate: 3.5 kHz pass, 4 kHz stop at 8 kHz."""

_KAISER_BETA = 6.0
"""About 63 dB down in the stop band, well below the noise of G.711."""

_CUTOFF = 0.47
"""Of the lower rate: the middle of the transition band."""


def resample(samples: Samples, in_rate: int, out_rate: int) -> Samples:
    """Convert a whole recording (libsoxr, high quality); the first sample stays the first."""
    _check(in_rate, out_rate)
    if in_rate == out_rate or len(samples) == 0:
        return samples.copy()
    return np.asarray(soxr.resample(samples, in_rate, out_rate, quality="HQ"), dtype=np.int16)


class Resampler:
    """Converts one stream of audio, chunk by chunk; one per direction of a call.

    Output sample n stands for the time n / out_rate of the input, from the first sample on, so a
    position in one stream is a position in the other. Chunks of any length give the same samples
    as the whole at once. The delay is `delay_ms`.
    """

    def __init__(self, in_rate: int, out_rate: int) -> None:
        _check(in_rate, out_rate)
        common = gcd(in_rate, out_rate)
        self._up, self._down = out_rate // common, in_rate // common
        self._filters = _phases(self._up, self._down)
        self._reach = self._filters.shape[1] // 2
        self._same = in_rate == out_rate
        self._in_rate = in_rate
        self._held: npt.NDArray[np.float32]
        self._first: int  # input position of _held[0]
        self._taken: int
        self._given: int
        self._restart()

    @property
    def delay_ms(self) -> float:
        """How far the output runs behind the input."""
        return 0.0 if self._same else 1000.0 * self._reach / self._in_rate

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """Take the next samples, give out all that are ready.

        Args:
            samples: Mono int16 at in_rate, any number.
            last: The stream ends here: give out the rest and be ready for a new stream.

        Returns:
            Mono int16 at out_rate; over the stream ceil(n * out_rate / in_rate) samples.
        """
        if self._same:
            return samples.copy()
        self._taken += len(samples)
        self._held = np.concatenate((self._held, samples.astype(np.float32)))
        if last:
            self._held = np.pad(self._held, (0, self._reach))
        ready = self._output(self._ready_until(last))
        if last:
            self._restart()
        return ready

    def _restart(self) -> None:
        self._held = np.zeros(self._reach - 1, dtype=np.float32)
        self._first = 1 - self._reach
        self._taken = 0
        self._given = 0

    def _ready_until(self, last: bool) -> int:
        """The output position up to which every window is filled."""
        known = self._taken if last else self._taken - self._reach
        return max(self._given, -(-known * self._up // self._down))

    def _output(self, until: int) -> Samples:
        at = np.arange(self._given, until, dtype=np.int64) * self._down
        starts = at // self._up - self._reach + 1 - self._first
        columns = np.arange(2 * self._reach)
        windows = self._held[starts[:, None] + columns]
        summed = np.einsum("nk,nk->n", windows, self._filters[at % self._up])
        self._given = until
        self._forget()
        return np.asarray(np.clip(np.rint(summed), -32768, 32767), dtype=np.int16)

    def _forget(self) -> None:
        keep_from = self._given * self._down // self._up - self._reach + 1
        self._held = self._held[keep_from - self._first :]
        self._first = keep_from


def _check(in_rate: int, out_rate: int) -> None:
    if not (4000 <= in_rate <= 192000 and 4000 <= out_rate <= 192000):
        raise AudioFormatError(
            f"cannot convert {in_rate} Hz to {out_rate} Hz: rates are 4000 to 192000 Hz"
        )


@lru_cache(32)
def _phases(up: int, down: int) -> npt.NDArray[np.float32]:
    """One low-pass filter for each fractional position: shape (up, 2 * reach).

    Row p weighs the inputs i - reach + 1 ... i + reach for an output at i + p / up. Each row sums
    to 1, so a constant stays that constant.
    """
    slower = max(1.0, down / up)  # input samples per sample of the lower rate
    reach = int(np.ceil(_HALF_LENGTH * slower))
    offsets = np.arange(1 - reach, reach + 1)[None, :] - (np.arange(up) / up)[:, None]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1.0 - (offsets / reach) ** 2, 0.0, 1.0)))
    taps = window * np.sinc(2.0 * _CUTOFF / slower * offsets)
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), dtype=np.float32)
