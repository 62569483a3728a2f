"""A microphone and a speaker without hardware, on one real-time sample clock.

The clock starts with the call. Frame k of the microphone covers the samples from k·F to
(k+1)·F and leaves when its last sample has been "captured". Received audio plays at its arrival
or when the audio before it ends, whichever is later: exactly what a small jitterless speaker does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from server.client.connection import FRAME_SECONDS
from server.clock import now
from server.recording import sounds
from voice.pcm import Samples

Sound = Callable[[int, int], Samples]
"""Sound along a call: from a sample on, so many of them."""


class SampleClock:
    """Counts samples in real time from its start.

    Args:
        sample_rate: Hz.
        now: A monotonic clock in seconds.
    """

    def __init__(self, sample_rate: int, now: Callable[[], float] = now) -> None:
        self.sample_rate = sample_rate
        self._now = now
        self._start = now()

    @property
    def began_at(self) -> float:
        """When sample 0 was, by the monotonic clock."""
        return self._start

    def start(self) -> None:
        """Sample 0 is now."""
        self._start = self._now()

    def position(self) -> int:
        """The sample that is now."""
        return int((self._now() - self._start) * self.sample_rate)

    def seconds_until(self, position: int) -> float:
        """Seconds from now until a sample is due; 0 where it is past."""
        return max(0.0, self._start + position / self.sample_rate - self._now())


class PacedMicrophone:
    """Speaks what it is given, silence in between, in 20 ms frames at real-time pace.

    Args:
        clock: Of the call.
        leak: What it picks up beside the caller, such as an echo.

    Attributes:
        leaks: All that it picks up.
    """

    def __init__(self, clock: SampleClock, leak: Sound | None = None) -> None:
        self._clock = clock
        self.leaks: list[Sound] = [leak] if leak else []
        self._frame = int(FRAME_SECONDS * clock.sample_rate)
        self._waiting: deque[Samples] = deque()
        self._sent: list[Samples] = []
        self.worst_lateness = 0.0

    @property
    def speaking(self) -> bool:
        """Whether something that was given is still to be sent."""
        return bool(self._waiting)

    @property
    def next_frame(self) -> int:
        """The number, from 0, of the frame that an utterance given now would begin with."""
        return len(self._sent) + len(self._waiting)

    def say(self, samples: Samples) -> tuple[int, int]:
        """Queue an utterance.

        Returns:
            Its place in the call, in samples: first, and one past the last.
        """
        began = self.next_frame * self._frame
        padded = np.pad(samples, (0, -len(samples) % self._frame))
        self._waiting.extend(np.split(padded, len(padded) // self._frame))
        return began, began + len(samples)

    async def frames(self) -> AsyncIterator[Samples]:
        """The frames, each when it is due; after a delay the missed ones come at once."""
        silence = np.zeros(self._frame, np.int16)
        while True:
            due = (len(self._sent) + 1) * self._frame
            await asyncio.sleep(self._clock.seconds_until(due))
            late = (self._clock.position() - due) / self._clock.sample_rate
            self.worst_lateness = max(self.worst_lateness, late)
            frame = self._waiting.popleft() if self._waiting else silence
            for leak in self.leaks:
                frame = _sum(frame, leak(due - self._frame, self._frame))
            self._sent.append(frame)
            yield frame

    def recording(self) -> Samples:
        """All that was sent, from the start of the call."""
        return np.concatenate(self._sent) if self._sent else np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Packet:
    """Audio that was received, in samples of the call: when it came, and from when it played."""

    arrived: int
    start: int
    samples: Samples

    @property
    def end(self) -> int:
        """One past its last sample."""
        return self.start + len(self.samples)


class PacedSpeaker:
    """Keeps account of what a speaker would have played, sample by sample."""

    def __init__(self, clock: SampleClock) -> None:
        self._clock = clock
        self._heard: list[Packet] = []
        self._ended = 0
        self._ended_samples = 0
        self._gains: list[tuple[int, float]] = [(0, 1.0)]

    @property
    def end(self) -> int:
        """Where the next audio to arrive would begin to play, in samples of the call."""
        behind = self._heard[-1].end if self._heard else 0
        return max(behind, self._clock.position())

    @property
    def playing(self) -> bool:
        """Whether received audio has still to leave the speaker."""
        return self.end > self._clock.position()

    @property
    def played(self) -> int:
        """Samples that have left the speaker since the call began."""
        now = self._clock.position()
        while self._ended < len(self._heard):
            packet = self._heard[self._ended]
            if packet.end > now:
                return self._ended_samples + max(0, now - packet.start)
            self._ended += 1
            self._ended_samples += len(packet.samples)
        return self._ended_samples

    def play(self, samples: Samples) -> None:
        """Take audio that has just arrived."""
        self._heard.append(Packet(self._clock.position(), self.end, samples))

    def duck(self, gain: float) -> None:
        """Play from now on at this gain."""
        self._gains.append((self._clock.position(), gain))

    def clear(self) -> None:
        """Drop what has not been played yet; what comes then has its own level again."""
        now = self._clock.position()
        self.duck(1.0)
        while self._heard and self._heard[-1].start >= now:
            self._heard.pop()
        if self._heard and self.playing:
            last = self._heard[-1]
            self._heard[-1] = Packet(last.arrived, last.start, last.samples[: now - last.start])

    def packet_from(self, position: int) -> Packet | None:
        """The first packet to begin at or after a sample."""
        return next((packet for packet in self._heard if packet.start >= position), None)

    def first_sound(self, position: int) -> int | None:
        """The first sound that has been received to be played at or after a sample."""
        for packet in self._heard:
            loud = packet.start + sounds(packet.samples) if packet.end > position else ()
            for at in loud:
                if at >= position:
                    return int(at)
        return None

    def between(self, position: int, count: int) -> Samples:
        """What plays from a sample on, silence included."""
        track = np.zeros(count, np.int16)
        for packet in reversed(self._heard):
            if packet.end <= position:
                break
            first, last = max(position, packet.start), min(position + count, packet.end)
            if first < last:
                part = packet.samples[first - packet.start : last - packet.start]
                track[first - position : last - position] = part
        return self._at_volume(track, position)

    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Where nothing was left to play until more came: first sample, and one past the last."""
        beside = pairwise(self._heard)
        return tuple((a.end, b.start) for a, b in beside if b.start > a.end)

    def recording(self) -> Samples:
        """All that was played, from the start of the call to the end of the last audio."""
        track = np.zeros(self._heard[-1].end if self._heard else 0, np.int16)
        for packet in self._heard:
            track[packet.start : packet.end] = packet.samples
        return self._at_volume(track, 0)

    def _at_volume(self, track: Samples, position: int) -> Samples:
        """A stretch that begins at a position, as loud as it was played."""
        changes = [*self._gains, (position + len(track), 1.0)]
        for (start, gain), (end, _) in pairwise(changes):
            if gain != 1.0 and end > position:
                part = slice(max(0, start - position), max(0, end - position))
                track[part] = (track[part] * gain).astype(np.int16)
        return track


def echo_of(speaker: PacedSpeaker, delay: int, decibels: float) -> Sound:
    """A speaker that leaks into the microphone.

    Args:
        speaker: What plays.
        delay: Samples that the echo is late.
        decibels: Its level against what plays; below 0.
    """
    gain = 10 ** (decibels / 20)

    def echo(position: int, count: int) -> Samples:
        return np.asarray(speaker.between(position - delay, count) * gain, dtype=np.int16)

    return echo


def _sum(a: Samples, b: Samples) -> Samples:
    return np.clip(np.add(a, b, dtype=np.int32), -32768, 32767).astype(np.int16)
