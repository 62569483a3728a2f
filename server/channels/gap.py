"""Silence in place of what does not come: a caller who sends nothing while silent, lost packets.

Without it a turn would never end. Time is passed in, in seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from pipecat.frames.frames import Frame, InputAudioRawFrame

from server.clock import now as clock_now
from voice.turns import RATE

GAP = 0.12
"""Seconds without a packet after which silence stands in, where packets may be lost."""

STREAM_GAP = 0.5
"""The same over TCP, which loses nothing: what is late comes yet, and belongs between the words."""

HELD_GAP = 2.0
"""The same where silence is sent too, over networks that may hold it up: the caller is on hold."""

FILL = 0.04
"""Seconds of silence at once: every frame costs the call's pipeline the same."""


class Gap:
    """One caller's; counted from when it is made.

    Args:
        now: Seconds.
        after: Seconds without sound after which silence stands in.

    Attributes:
        heard_at: When sound last came.
    """

    def __init__(self, now: float, after: float = GAP) -> None:
        self._after = after
        self.heard(now)

    def heard(self, now: float) -> None:
        """Sound has come."""
        self.heard_at = now
        self._filled_to = now + self._after

    def silence(self, now: float) -> InputAudioRawFrame | None:
        """What has been missing until now, once it is worth a frame."""
        missing = now - self._filled_to
        if missing < FILL:
            return None
        self._filled_to = now
        return silent(round(missing * RATE))


def silent(samples: int) -> InputAudioRawFrame:
    """So many samples of silence; none at all tells that a line on hold is alive."""
    return InputAudioRawFrame(audio=bytes(2 * samples), sample_rate=RATE, num_channels=1)


async def filled(
    frames: AsyncIterator[Frame],
    clock: Callable[[], float] = clock_now,
    *,
    after: float = STREAM_GAP,
) -> AsyncIterator[Frame]:
    """The frames of a stream, with silence wherever its sound has a gap.

    Args:
        frames: Of the stream, over TCP.
        clock: Monotonic seconds.
        after: Seconds without sound after which silence stands in.
    """
    gap = Gap(clock(), after)
    coming = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            await asyncio.wait({coming}, timeout=FILL)
            if not coming.done():
                if silence := gap.silence(clock()):
                    yield silence
                continue
            if (frame := coming.result()) is None:
                return
            if isinstance(frame, InputAudioRawFrame):
                gap.heard(clock())
            yield frame
            coming = asyncio.ensure_future(anext(frames, None))
    finally:
        coming.cancel()
