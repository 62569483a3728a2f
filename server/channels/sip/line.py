"""One SIP call as a line: decoded PCM in and out of baresip's buffers, keys, hold, REFER."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import structlog
from baresip import (
    AudioInfo,
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    Call,
    CallState,
    CallStats,
    Event,
    StackEvent,
    TransferFailed,
)
from pipecat.frames.frames import Frame, InputAudioRawFrame, InputTransportMessageFrame

from server.channels.declick import Declick
from server.channels.gap import Gap, silent
from server.channels.keypad import Held, Keypad, Press
from server.channels.sound import WireSound
from server.protocol import Hangup, Played
from voice.dtmf import ToneKeys
from voice.pcm import Samples
from voice.turns import RATE

log = structlog.get_logger()

TICK = 0.01
AHEAD = 0.2
"""Seconds written before they are due; a barge-in flushes them, so they cost nothing."""

TRACE_WITHIN = 0.25
"""Seconds that the trace of an INFO may be behind its key, which comes by another thread."""

HOLD_TICK = 1.0
REPORT_EVERY = 0.2
DRAIN_WITHIN = 2.0
ESTABLISHED_WITHIN = 10.0
TRANSFER_WITHIN = 45.0
LONGEST_SUMMARY = 400
BUFFER_MS = 40
"""What the adaptive jitter buffer starts with (see `stack.py`)."""


class SipLine:
    """The line of a call that has been answered.

    Args:
        call: baresip's.
        person: SIP URI to which callers are handed over; None where nobody is.
        tells_summary: The person's INVITE may carry the summary, too.
        by_info: Tells whether the key that has just come came by INFO.
        call_id: Our name of the call, which the person is told.
        keys_in_sound: Tones in the sound are keys, too.
    """

    def __init__(
        self,
        call: Call,
        *,
        person: str | None,
        tells_summary: bool,
        by_info: Callable[[], bool],
        call_id: str,
        keys_in_sound: bool = False,
    ) -> None:
        self._call = call
        self._person = person
        self._tells_summary = tells_summary
        self._by_info = by_info
        self._call_id = call_id
        self._keypad = Keypad()
        self._held = Held()
        self._tones = ToneKeys() if keys_in_sound else None
        self._pressed: deque[Press] = deque()
        self._read_at: float | None = None
        self._ticked_at = time.monotonic()
        self._infos: bool | None = None  # unknown before the first key
        self._waiting: deque[Frame] = deque()
        self._in = self._out = WireSound(RATE)
        self._declick = Declick(RATE)
        self._channels = (1, 1)
        self._written = 0
        self._reported = -1
        self._reported_at = 0.0
        self._clears = 0
        self._buffer_ms = BUFFER_MS
        call.on(self._on_event)
        call.on_rtcp(self._on_rtcp)

    @property
    def delay(self) -> dict[str, float]:
        """The jitter buffer before us; ours to the wire is one packet."""
        try:
            packet = self._call.audio.info().tx_ptime_ms / 1000
        except BaresipError:
            return {}
        return {"jitter_buffer": self._buffer_ms / 1000, "packet": packet}

    def _on_rtcp(self, stats: CallStats) -> None:
        if stats.jbuf_delay_ms is not None:
            self._buffer_ms = stats.jbuf_delay_ms

    async def ready(self) -> None:
        """Wait until sound can go both ways.

        Raises:
            BaresipError: The call has ended, or has no sound.
        """
        await self._call.wait_established(ESTABLISHED_WITHIN)
        deadline = time.monotonic() + ESTABLISHED_WITHIN
        while time.monotonic() < deadline:
            try:
                info = self._call.audio.info()
                if info.tx_ready and info.rx_ready:
                    return self._tune(info)
            except AudioNotActive:
                pass
            await asyncio.sleep(TICK)
        raise AudioNotActive("the call has no sound in both directions")

    def _tune(self, info: AudioInfo) -> None:
        """To the rates that were agreed, at first and after a re-INVITE."""
        self._in, self._out = WireSound(info.rx_sample_rate), WireSound(info.tx_sample_rate)
        self._declick = Declick(info.rx_sample_rate)
        self._channels = (max(1, info.rx_channels), max(1, info.tx_channels))

    @property
    def rate(self) -> int:
        """Of the caller's sound on the wire, Hz."""
        return self._in.rate

    @property
    def _open(self) -> bool:
        return self._call.state is CallState.ESTABLISHED

    async def frames(self) -> AsyncIterator[Frame]:
        """What the caller says and presses, until the call ends."""
        gap = Gap(time.monotonic())
        while self._open:
            now = self._ticked_at = time.monotonic()
            self._sort_keys(now)
            while self._waiting:
                yield self._waiting.popleft()
            samples = self._read()
            if len(samples):
                gap.heard(now)
                if frame := self._in.inward(samples):
                    yield self._without_tones(frame, now)
            elif self._call.remote_on_hold:
                if now - gap.heard_at > HOLD_TICK:
                    gap.heard(now)
                    yield silent(0)  # still there, and not to be asked whether they are
            elif silence := gap.silence(now):
                yield self._without_tones(silence, now)
            if report := self._report(now):
                yield report
            await asyncio.sleep(TICK)
        yield InputTransportMessageFrame(message=Hangup(type="hangup"))

    def _without_tones(self, frame: InputAudioRawFrame, now: float) -> InputAudioRawFrame:
        """The frame; a key in its sound waits to be told, where such are looked for."""
        if self._tones is None:
            return frame
        keys, sound = self._tones.process(np.frombuffer(frame.audio, np.int16))
        told = (self._keypad.press(key, now, way="tone") for key in keys)
        self._waiting.extend(key for key in told if key)
        return InputAudioRawFrame(sound.tobytes(), sample_rate=RATE, num_channels=1)

    def _read(self) -> Samples:
        audio, width = self._call.audio, 2 * self._channels[0]
        try:
            data = audio.read(self._in.rate // 5 * width)
        except AudioRestarted:
            self._retune()
            return np.empty(0, np.int16)
        except AudioNotActive:
            return np.empty(0, np.int16)
        samples = np.frombuffer(data[: len(data) // width * width], np.int16)
        if self._channels[0] > 1:
            samples = np.asarray(samples.reshape(-1, self._channels[0]).mean(axis=1), np.int16)
        return self._declick.process(samples)

    def _retune(self) -> None:
        try:
            self._tune(self._call.audio.info())
        except AudioNotActive:
            log.debug("sip_sound_stopped", call=self._call_id)

    def _report(self, now: float) -> InputTransportMessageFrame | None:
        """What has left us, now and then while something plays and once at its end."""
        if self._written == self._reported:
            return None
        waiting = self._waiting_samples()
        played = self._written - waiting
        if played == self._reported or (waiting and now - self._reported_at < REPORT_EVERY):
            return None
        return self._played(played, now)

    def _played(self, played: int, now: float) -> InputTransportMessageFrame:
        self._reported, self._reported_at = played, now
        return InputTransportMessageFrame(
            message=Played(type="played", samples=max(0, played), clear=self._clears)
        )

    def _waiting_samples(self) -> int:
        """Written but not yet sent, at 16 kHz."""
        try:
            buffered = self._call.audio.info().tx_buffered
        except BaresipError:
            return 0
        return self._out.to_ours(buffered // (2 * self._channels[1]))

    async def play(self, samples: Samples) -> None:
        """Write audio once less than `AHEAD` is waiting."""
        pcm = np.frombuffer(self._out.outward(samples), np.int16)
        data = np.repeat(pcm, self._channels[1]).tobytes()
        while data and self._open:
            if self._waiting_samples() > AHEAD * RATE:
                await asyncio.sleep(TICK)
                continue
            try:
                taken = self._call.audio.write(data)
            except AudioRestarted:
                self._retune()
                return
            except AudioNotActive:
                taken = 0
            data = data[taken:]
            if not taken:
                await asyncio.sleep(TICK)
        self._written += len(samples)

    async def clear(self) -> None:
        """Drop what has been written and not sent."""
        self._clears += 1
        waiting = self._waiting_samples()
        try:
            self._call.audio.flush_tx()
        except BaresipError:
            waiting = 0
        self._out.restart()
        self._written -= waiting
        self._waiting.append(self._played(self._written, time.monotonic()))

    async def tell(self, event: dict[str, Any]) -> None:
        """A telephone has no place for events."""

    async def hand_over(self, summary: str) -> bool:
        """REFER the caller to a person; they are back with us where that fails (RFC 3515)."""
        if self._person is None:
            return False
        headers = f"X-Tellerline-Call={quote(self._call_id, safe='')}"
        if summary and self._tells_summary:
            headers += f"&X-Tellerline-Summary={quote(summary[:LONGEST_SUMMARY], safe='')}"
        try:
            await self._call.transfer(f"<{self._person}?{headers}>", timeout=TRANSFER_WITHIN)
        except TransferFailed as error:
            log.info("hand_over_failed", call=self._call_id, status=error.status)
        except BaresipError as error:
            log.warning("hand_over_failed", call=self._call_id, error=str(error))
        else:
            return True
        if self._open and self._call.is_on_hold:
            await self._call.resume()
        return False

    async def close(self) -> None:
        """Hang up once what was written has been sent."""
        if not self._open:
            return
        deadline = time.monotonic() + DRAIN_WITHIN
        while self._open and self._waiting_samples() and time.monotonic() < deadline:
            await asyncio.sleep(2 * TICK)
        try:
            await self._call.hangup()
        except BaresipError:
            log.debug("sip_gone_already", call=self._call_id)

    def _read_now(self) -> float:
        """The time, the same for all events that the loop found waiting at once."""
        if self._read_at is None:
            self._read_at = time.monotonic()
            asyncio.get_running_loop().call_soon(setattr, self, "_read_at", None)
        return self._read_at

    def _on_event(self, event: StackEvent) -> None:
        now = self._read_now()
        if event.event is Event.CALL_DTMF_START and event.text:
            stalled = now - self._ticked_at
            self._pressed.append(self._held.press(event.text, now, stalled=stalled))
        elif event.event is Event.CALL_DTMF_END:
            self._held.release(now)

    def _sort_keys(self, now: float) -> None:
        """Take the keys whose way is known; where nothing ever came by INFO, none waits for it."""
        while self._pressed:
            press = self._pressed[0]
            if press.counts is None:
                return  # its end, or the next key, will tell
            by_info = self._by_info()
            if not by_info and self._infos is not False and now - press.at < TRACE_WITHIN:
                return
            self._infos = by_info or bool(self._infos)
            self._pressed.popleft()
            if not press.counts and not by_info:
                continue
            if key := self._keypad.press(press.digit, press.at, way="info" if by_info else "rtp"):
                self._waiting.append(key)
