"""The processor that holds one call: it listens, answers, and yields to the caller.

It stands alone between a transport's input and output, because every hop of a frame costs time
and the parts of a call need each other at once. Standard frames go in and out: audio at 16 kHz,
keys, messages and interruptions, so that any transport fits.

Answers are given one at a time and carry a number; one that has been overtaken says nothing
more. What it has done stays done, in a thread that neither an interruption nor a hang-up stops,
and its outcome is told with the next answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import structlog
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    EndWorkerFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from dialog.conversation import Conversation
from dialog.turns import Response, Thought
from server.call.events import Event, heard_event, listening_event, said_event
from server.call.keys import KeyEntry
from server.call.laps import Laps
from server.call.listener import HeardTurn, Listener
from server.call.speaker import Said, Speaker
from server.call.thinking import Mind, Thinking
from server.call.utterance import Utterance
from server.clock import now
from server.engines import Engines
from server.explaining import decided_event
from server.protocol import Hangup, Played, ProtocolError, error_event
from voice.overlap import Overlap
from voice.pcm import Samples
from voice.turns import RATE

log = structlog.get_logger()

DUCKED = 10 ** (-26 / 20)
"""Of its level, how loud an answer is over which somebody may be speaking."""

MOST_ENTRIES = 4
"""Keyed entries that may wait for their answers, dialled ahead; what is keyed beyond is dropped."""


class Teller(FrameProcessor):
    """One call.

    Args:
        engines: Shared by all calls.
        conversation: This call's dialog.
        call_id: For logs.
        silence: Seconds of the caller's silence before the assistant asks.
        ducks: Whether the client turns down by itself what it has buffered (`duck`); else only
            what is sent from then on is quieter.
        diagnostics: Whether events carry intents, reasons and latency parts.
        record: Takes every event that is sent, secrets masked; must not block.
        on_end: Told why the call ended, once.
        hand_over: Gives the caller to a person, told the summary; False where that failed.
        wire: Seconds that the wire itself adds, by name.
    """

    def __init__(
        self,
        engines: Engines,
        conversation: Conversation,
        *,
        call_id: str,
        silence: float,
        diagnostics: bool,
        ducks: bool = False,
        record: Callable[[Event], None] = lambda _: None,
        on_end: Callable[[str], None] = lambda _: None,
        hand_over: Callable[[str], Awaitable[bool]] | None = None,
        wire: Callable[[], dict[str, float]] = dict,
    ) -> None:
        super().__init__()
        self._engines = engines
        self._log = log.bind(call=call_id)
        self._diagnostics = diagnostics
        self._client_ducks = ducks
        self._ducked = False
        self._record = record
        self._on_end = on_end
        self._hand_over = hand_over
        self._wire = wire
        self._mind = Mind(engines, conversation)
        self._listener = Listener(engines, self._mind, self, silence=silence)
        self._speaker = Speaker(engines.synthesiser.sample_rate, self._send_audio, self._announce)
        self._keys = KeyEntry()
        self._entries = 0
        self._floor = asyncio.Lock()
        self._number = 0
        self._turn = self._answered = 0
        self._last: Response | None = None
        self._cut_off: Said | None = None
        self._owed: Said | None = None
        self._effect = False
        self._gone_on: Response | None = None
        self._over = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take audio, keys and messages; hand on everything else."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self._hear(frame)
        elif isinstance(frame, InputDTMFFrame):
            await self._press(frame.button.value)
        elif isinstance(frame, InputTransportMessageFrame):
            await self._message(frame.message)
        else:
            await self.push_frame(frame, direction)
            if isinstance(frame, StartFrame):
                self._start_answer(self._greet)
            elif isinstance(frame, EndFrame | CancelFrame):
                self._close()

    async def cleanup(self) -> None:
        """The call is gone: nothing more is thought or said."""
        self._close()
        await super().cleanup()

    def _close(self) -> None:
        self._over = True
        self._listener.close()

    # The caller

    @property
    def playing(self) -> bool:
        """Whether the caller is hearing us."""
        return self._speaker.playing

    async def on_started(self, turn: int) -> None:
        """The caller speaks: yield."""
        self._turn = turn
        await self._send({"type": "turn_started", "turn": turn}, urgent=True)
        await self._yield_floor()

    async def on_overlap(self, overlap: Overlap) -> None:
        """Somebody may be speaking over the answer: turn it down until that is known."""
        self._ducked = overlap is Overlap.DUCK
        if self._client_ducks:
            gain = DUCKED if self._ducked else 1.0
            await self._send({"type": "duck", "gain": round(gain, 3)}, urgent=True)

    async def on_dropped(self, turn: int) -> None:
        """It was no speech: say again what it cut off."""
        await self._send_turn_ended(turn, 0)
        await self._send({"type": "heard", "turn": turn, "text": ""}, urgent=True)
        self._start_answer(self._resume)

    async def on_turn(self, turn: HeardTurn) -> None:
        """The turn is over: answer it."""
        self._start_answer(lambda number: self._answer(number, turn))

    async def on_silent(self, turn: int) -> None:
        """The caller has said nothing for a while."""
        self._turn = turn
        self._start_answer(self._answer_silence)

    async def _hear(self, frame: InputAudioRawFrame) -> None:
        await self._listener.hear(np.frombuffer(frame.audio, np.int16))
        overdue = self._keys.overdue(self._listener.seconds)
        if overdue is not None:
            await self._enter(overdue)

    async def _press(self, digit: str) -> None:
        entry = self._keys.press(digit, self._mind.expectation.digits, self._listener.seconds)
        if entry is not None:
            await self._enter(entry)
        elif self._keys.pending and self._speaker.playing:
            await self._yield_floor()

    async def _enter(self, digits: str) -> None:
        if self._entries >= MOST_ENTRIES:
            return
        self._entries += 1
        self._listener.forget()
        self._turn = self._listener.turns.take_turn()
        await self._yield_floor()
        self._start_answer(lambda number: self._answer_keys(number, digits))

    async def _message(self, message: Any) -> None:
        match message:
            case Played(samples=samples, clear=clear):
                self._speaker.playback.played(samples, clear, now())
            case ProtocolError():
                await self._send(error_event(message), urgent=True)
                if message.fatal:
                    await self._end("error")
            case Hangup():
                await self._end("hangup")

    async def _yield_floor(self) -> None:
        """The caller has the floor: stop speaking, and note what of the answer was heard."""
        self._number += 1
        self._listener.turns.stop_listening()
        if self._last is None or self._cut_off is not None:
            return  # what was heard of a cut off answer is noted already
        said = self._speaker.said
        if said.complete and not self._speaker.playing:
            self._mind.heard_reply(" ".join(self._last.say), said.fraction)
            return
        self._cut_off = said
        if self._effect:
            self._owed = said
        await self._interrupt()
        self._mind.heard_reply(" ".join(self._last.say), said.fraction)

    async def _interrupt(self) -> None:
        """Drop what is buffered on the way to the caller."""
        heard = said_event(self._answered, self._speaker.heard_text(), interrupted=True)
        await self.broadcast_interruption()
        self._ducked = False
        self._speaker.clear()
        await self._send(heard, urgent=True)

    # Answers, one at a time

    def _start_answer(self, answer: Callable[[int], Awaitable[None]]) -> None:
        self._number += 1
        self._listener.turns.stop_listening()
        self.create_task(self._guarded(answer, self._number))

    async def _guarded(self, answer: Callable[[int], Awaitable[None]], number: int) -> None:
        """No failure leaves the caller in silence: once they are asked to say it again."""
        try:
            async with self._floor:
                if not self._over:
                    await answer(number)
        except Exception:
            self._log.exception("answer_failed", turn=self._turn)
            if answer == self._ask_again:
                fault = ProtocolError("internal", "something broke on our side", fatal=True)
                await self._send(error_event(fault))
                await self._end("error")
            elif self._alive(number):
                self._start_answer(self._ask_again)

    async def _ask_again(self, number: int) -> None:
        response = await self._mind.unclear()
        await self._say(number, response, self._with_owed(response))

    async def _greet(self, number: int) -> None:
        response = await self._mind.open()
        await self._say(number, response, response.say)

    async def _answer(self, number: int, turn: HeardTurn) -> None:
        await self._send_turn_ended(turn.turn, turn.voice_end)
        thinking = await turn.thinking if turn.thinking else None
        if thinking is None or thinking.thought is None or self._goes_on(thinking.thought):
            if thinking is not None:
                thinking.drop()
            if self._alive(number):
                await self.on_dropped(turn.turn)
            return
        laps = Laps(turn.voice_ended_at)
        laps.lap("endpointing", turn.ended_at)
        laps.lap("transcription", thinking.transcribed_at)
        laps.lap("understanding", thinking.thought_at)
        response = await self._mind.commit(thinking)
        heard = heard_event(turn.turn, response, thinking.transcript, self._diagnostics)
        await self._send(heard, urgent=True)
        laps.lap("decision", now())
        await self._say(number, response, self._with_owed(response), thinking, laps)

    def _goes_on(self, thought: Thought) -> bool:
        """Whether an answer goes on after what was said over it: "mm-hm", or what sounds like that;
        once, for who says it again wants something."""
        over = self._cut_off is not None and bool(self._cut_off.unheard()) and thought.says_nothing
        if not over or self._gone_on is self._last:
            return False
        self._gone_on = self._last
        return True

    async def _resume(self, number: int) -> None:
        cut_off, self._owed = self._cut_off, None
        again = cut_off.unheard() if cut_off else ()
        if again and self._last is not None:
            await self._say(number, self._last, again)
        elif self._last is not None:
            self._cut_off = None
            await self._after(self._last)
        else:
            self._listener.turns.listen()

    async def _answer_keys(self, number: int, digits: str) -> None:
        self._entries -= 1
        laps = Laps(now())
        response = await self._mind.key(digits)
        await self._send(heard_event(self._turn, response, None, self._diagnostics), urgent=True)
        laps.lap("decision", now())
        await self._say(number, response, self._with_owed(response), laps=laps)

    async def _answer_silence(self, number: int) -> None:
        response = await self._mind.silence()
        await self._say(number, response, self._with_owed(response))

    def _with_owed(self, response: Response) -> tuple[str, ...]:
        """What is to be said, after the outcome of an act that the caller talked over."""
        owed, self._owed = self._owed, None
        unheard = tuple(s for s in owed.unheard() if s not in response.say) if owed else ()
        self._effect = bool(unheard) or response.effect
        return unheard + response.say

    async def _say(
        self,
        number: int,
        response: Response,
        sentences: tuple[str, ...],
        thinking: Thinking | None = None,
        laps: Laps | None = None,
    ) -> None:
        """Speak an answer to its end, unless it is overtaken; then hear the caller or finish."""
        self._last, self._cut_off, self._answered = response, None, self._turn
        self._record(decided_event(self._answered, response))
        utterance = self._utterance(sentences, thinking)
        try:
            first = await self._speaker.say(utterance, lambda: self._alive(number))
        except Exception:
            self._unsaid(response)
            raise
        finally:
            utterance.drop()
        if not self._alive(number):
            if first is None:  # the caller spoke before its first sound
                self._unsaid(response)
            return
        if first is not None and laps is not None:
            laps.lap("synthesis", first)
        wire = self._wire() if laps is not None else {}
        await self._send(listening_event(self._answered, response, laps, wire, self._diagnostics))
        await self._speaker.heard_out(lambda: self._alive(number))
        if self._alive(number):
            await self._after(response)

    def _utterance(self, sentences: tuple[str, ...], thinking: Thinking | None) -> Utterance:
        """What was synthesised ahead, where that is what shall be said."""
        ready = thinking.utterance if thinking else None
        if ready is not None and ready.sentences == sentences:
            return ready
        if ready is not None:
            ready.drop()
        return Utterance(self._engines, sentences)

    def _unsaid(self, response: Response) -> None:
        """None of this answer was heard: an outcome in it is told with the next one."""
        self._cut_off = self._speaker.said
        self._mind.heard_reply(" ".join(response.say), lambda: 0.0)
        if self._effect:
            self._owed = self._speaker.said

    async def _after(self, response: Response) -> None:
        if response.end is None:
            self._listener.turns.listen()
            return
        if response.end == "transfer":
            await self._send({"type": "transfer", "to": "person", "summary": response.summary})
            if self._hand_over and not await self._hand_over(response.summary):
                self._start_answer(self._take_back)
                return
        await self._end(response.end)

    async def _take_back(self, number: int) -> None:
        """No person could take the call over: the caller is with us again."""
        response = await self._mind.take_back()
        await self._say(number, response, response.say)

    def _alive(self, number: int) -> bool:
        return not self._over and number == self._number

    # The wire

    async def _end(self, reason: str) -> None:
        if self._over:
            return
        self._on_end(reason)
        if reason != "hangup":
            await self._send({"type": "hangup", "reason": reason})
        self._close()
        await self.push_frame(EndWorkerFrame(), FrameDirection.UPSTREAM)

    async def _announce(self, text: str) -> None:
        await self._send(said_event(self._answered, text))

    async def _send_turn_ended(self, turn: int, voice_end: int) -> None:
        await self._send({"type": "turn_ended", "turn": turn, "voice_end": voice_end}, urgent=True)

    async def _send_audio(self, pcm: bytes) -> None:
        samples = self._at_volume(np.frombuffer(pcm, np.int16))
        self._listener.sent(samples)
        await self.push_frame(
            OutputAudioRawFrame(audio=samples.tobytes(), sample_rate=RATE, num_channels=1)
        )

    def _at_volume(self, samples: Samples) -> Samples:
        quieter = self._ducked and not self._client_ducks
        return (samples * DUCKED).astype(np.int16) if quieter else samples

    async def _send(self, event: Event, *, urgent: bool = False) -> None:
        """An event, in order with the audio unless it is urgent."""
        if self._over:
            return
        frame = OutputTransportMessageUrgentFrame if urgent else OutputTransportMessageFrame
        await self.push_frame(frame(message=event))
        self._record(event)
