"""A browser over WebRTC: pipecat's small connection (aiortc) as a line, events beside it."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import structlog
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from pipecat.frames.frames import Frame, InputTransportMessageFrame
from pipecat.transports.smallwebrtc.transport import RawAudioTrack

from server.channels.browser.peer import Peer
from server.channels.gap import GAP, Gap
from server.channels.keypad import Keypad
from server.channels.order import HELD
from server.channels.pace import Pace
from server.channels.serializer import MISTAKES
from server.channels.sound import WireSound
from server.protocol import Dtmf, Hangup, Played, ProtocolError, parse_message
from voice.concealment import Concealment
from voice.pcm import Samples
from voice.turns import RATE

log = structlog.get_logger()

WAITING = 0.2
"""Seconds of our sound that may wait for their time; a barge-in drops them."""

MOST_WAITING = 100
"""Keys and messages that may wait to be read; more are dropped."""

MOST_UNSENT = 256 * 1024
"""Bytes of messages that may wait for a client; one that does not read them is given up."""

REPORT_EVERY = 0.2
MEASURE_EVERY = 1.0
PACKET = 0.02
TICK = 0.01
STALL = 0.05
"""Most seconds of a tick that count as a gap: while our own loop stands still, packets wait."""


class Speaker(RawAudioTrack):
    """Our sound, sent 10 ms at a time; what waits can be dropped."""

    def __init__(self) -> None:
        super().__init__(sample_rate=RATE)

    @property
    def waiting(self) -> int:
        """Samples that have not been sent."""
        return len(self._chunk_queue) * (RATE // 100)

    def clear(self) -> int:
        """Drop what waits; gives how many samples that were."""
        dropped = self.waiting
        self._chunk_queue.clear()
        return dropped

    async def recv(self) -> AudioFrame:
        """The next 10 ms, on both channels: aiortc's encoder would make two of one, 3 dB softer."""
        return both(await super().recv())


class WebRtcLine:
    """The line of a connection that has been answered.

    Args:
        connection: pipecat's.
    """

    def __init__(self, connection: Peer) -> None:
        self._connection = connection
        self._speaker = Speaker()
        self._keypad = Keypad()
        self._sound = WireSound(48000)
        self._waiting: deque[Frame] = deque()
        self._heard: asyncio.Queue[Samples] = asyncio.Queue(100)
        self._sent = self._clears = 0
        self._reported, self._reported_at = -1, 0.0
        self._pace = Pace()
        self._mistakes = 0
        self._round_trip: float | None = None
        self._gone = False
        connection.replace_audio_track(self._speaker)
        connection.event_handler("app-message")(self._on_message)
        for name in ("disconnected", "closed", "failed"):
            connection.event_handler(name)(self._on_gone)

    @property
    def delay(self) -> dict[str, float]:
        """One packet, those held up, half the round trip; the browser's buffer is not told."""
        held = self._connection.held_up
        held_up = {"reordering": held * PACKET} if held else {}
        network = {} if self._round_trip is None else {"network": self._round_trip / 2}
        return {"packet": PACKET, **held_up, **network}

    async def connected(self, within: float) -> bool:
        """Whether sound can flow, in time."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and not self._gone:
            if self._connection.pc.connectionState == "connected":
                await self._connection.connect()
                return True
            await asyncio.sleep(0.02)
        return False

    async def frames(self) -> AsyncIterator[Frame]:
        """What the caller says and presses, until the connection is gone."""
        listening = asyncio.create_task(self._listen())
        gap, at, now = Gap(0.0, GAP + HELD * PACKET), 0.0, time.monotonic()
        measured_at = now
        try:
            while not self._gone:
                while self._waiting:
                    yield self._waiting.popleft()
                before, now = now, time.monotonic()
                at += min(now - before, STALL)
                if not self._heard.empty():
                    gap.heard(at)
                    while not self._heard.empty():
                        if frame := self._sound.inward(self._heard.get_nowait()):
                            yield frame
                elif (
                    self._connection.is_connected()
                    and (silence := gap.silence(at))
                    and not await self._connection.give_up()  # sound that waits comes first
                ):
                    yield silence
                if report := self._report(now):
                    yield report
                if now - measured_at > MEASURE_EVERY:
                    self._round_trip, measured_at = await self._connection.round_trip(), now
                await asyncio.sleep(TICK)
            yield InputTransportMessageFrame(message=Hangup(type="hangup"))
        finally:
            listening.cancel()

    async def _listen(self) -> None:
        track = self._connection.audio_input_track()
        mended, due = Concealment(self._sound.rate), 0
        while track is not None:
            try:
                frame = await track.recv()
            except MediaStreamError:
                self._gone = True
                return
            if isinstance(frame, AudioFrame):
                if frame.sample_rate != self._sound.rate:
                    self._sound = WireSound(frame.sample_rate)
                    mended, due = Concealment(frame.sample_rate), 0
                lost = (frame.pts or 0) - due
                due += lost + frame.samples
                if not 0 < lost <= GAP * frame.sample_rate:
                    lost = 0  # silence stands in for more
                if self._heard.full():
                    self._heard.get_nowait()  # nobody reads: the oldest goes
                self._heard.put_nowait(mended.process(mono(frame), lost))

    def _report(self, now: float) -> InputTransportMessageFrame | None:
        waiting = self._speaker.waiting
        played = max(0, self._sent - waiting)
        if played == self._reported or (waiting and now - self._reported_at < REPORT_EVERY):
            return None
        self._reported, self._reported_at = played, now
        return InputTransportMessageFrame(
            message=Played(type="played", samples=played, clear=self._clears)
        )

    async def play(self, samples: Samples) -> None:
        """Queue audio once less than `WAITING` waits."""
        while self._speaker.waiting > WAITING * RATE and not self._gone:
            await asyncio.sleep(TICK)
        whole = np.pad(samples, (0, -len(samples) % (RATE // 100)))
        self._speaker.add_audio_bytes(whole.astype(np.int16).tobytes())
        self._sent += len(whole)

    async def clear(self) -> None:
        """Drop what waits."""
        self._clears += 1
        self._sent -= self._speaker.clear()
        self._waiting.append(
            InputTransportMessageFrame(
                message=Played(type="played", samples=max(0, self._sent), clear=self._clears)
            )
        )

    async def tell(self, event: dict[str, Any]) -> None:
        """An event, on the data channel."""
        self._send(event)

    def _send(self, message: dict[str, Any]) -> None:
        if self._connection.unsent > MOST_UNSENT and not self._gone:
            log.info("client_does_not_read")
            self._gone = True
        if not self._gone:
            self._connection.send_app_message(message)

    async def hand_over(self, summary: str) -> bool:
        """The page was told by the event."""
        return True

    async def close(self) -> None:
        """End the connection once what waits has been sent."""
        deadline = time.monotonic() + 2 * WAITING
        while self._speaker.waiting and time.monotonic() < deadline and not self._gone:
            await asyncio.sleep(TICK)
        self._gone = True
        await self._connection.disconnect()

    async def _on_message(self, _connection: object, message: object) -> None:
        if len(self._waiting) > MOST_WAITING:
            return  # nobody reads
        try:
            self._pace.message()
            self._waiting.extend(self._asked(message if isinstance(message, dict) else {}))
        except ProtocolError as error:
            self._mistakes += 1
            error.fatal = error.fatal or self._mistakes >= MISTAKES
            self._waiting.append(InputTransportMessageFrame(message=error))

    def _asked(self, message: dict[str, Any]) -> list[Frame]:
        """What a message of the page is to the call."""
        parsed = parse_message(message)
        if isinstance(parsed, Dtmf):
            key = self._keypad.press(parsed.digit, time.monotonic(), way="page")
            return [key] if key else []
        return [InputTransportMessageFrame(message=parsed)] if isinstance(parsed, Hangup) else []

    async def _on_gone(self, _connection: object) -> None:
        self._gone = True


def mono(frame: AudioFrame) -> Samples:
    """A frame of one or several channels as one."""
    samples = frame.to_ndarray().reshape(-1)
    channels = len(frame.layout.channels)
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1)
    return np.asarray(samples, np.int16)


def both(frame: AudioFrame) -> AudioFrame:
    """A frame of one channel as one of two that are alike."""
    samples = np.repeat(np.asarray(frame.to_ndarray(), np.int16).reshape(1, -1), 2, axis=1)
    twice = AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    twice.sample_rate, twice.pts, twice.time_base = frame.sample_rate, frame.pts, frame.time_base
    return twice
