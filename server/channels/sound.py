"""The sound of one wire: its codec and rate to 16 kHz and back, as two unbroken streams."""

import numpy as np
from pipecat.frames.frames import InputAudioRawFrame

from voice.codecs import Encoding, decode, encode
from voice.pcm import Samples
from voice.resampling import Resampler
from voice.turns import RATE


class WireSound:
    """Both directions of one call.

    Args:
        rate: Of the wire, Hz.
        encoding: Of the wire.
    """

    def __init__(self, rate: int, encoding: Encoding = "pcm16") -> None:
        self.rate = rate
        self.encoding: Encoding = encoding
        self._inward = Resampler(rate, RATE)
        self._outward = Resampler(RATE, rate)

    def decoded(self, data: bytes) -> Samples:
        """The samples of a message, still at the wire's rate.

        Raises:
            AudioFormatError: Not a whole number of samples.
        """
        return decode(data, self.encoding)

    def inward(self, samples: Samples) -> InputAudioRawFrame | None:
        """The caller's next samples, at 16 kHz; None while the filter fills."""
        heard = self._inward.process(samples)
        if len(heard) == 0:
            return None
        return InputAudioRawFrame(audio=heard.tobytes(), sample_rate=RATE, num_channels=1)

    def outward(self, samples: Samples) -> bytes:
        """Our next samples (16 kHz) in the wire's codec and rate."""
        return encode(self._outward.process(samples), self.encoding)

    def restart(self) -> None:
        """What was going out is dropped: the next samples begin a new stream."""
        self._outward.process(np.empty(0, np.int16), last=True)

    def to_ours(self, samples: int) -> int:
        """A count of the wire's samples at 16 kHz."""
        return samples * RATE // self.rate

    def to_wire(self, samples: int) -> int:
        """A count of samples at 16 kHz at the wire's rate."""
        return samples * self.rate // RATE
