"""Thinking about a turn before it is over: understood and decided, with no effect."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dialog.conversation import Conversation
from dialog.turns import Response, Thought
from nlu.entities.digits import AWAITED_KINDS
from nlu.understanding import Expectation
from server.call.utterance import Utterance
from server.clock import now
from server.engines import Engines
from voice.cues import Awaited
from voice.transcript import Hypothesis, Transcript

T = TypeVar("T")


@dataclass(slots=True)
class Thinking:
    """What was thought of one turn so far.

    Attributes:
        transcript: What was heard.
        thought: What it means and what would be done; None where there was no speech.
        transcribed_at, thought_at: When each was ready, monotonic seconds.
        utterance: The answer being synthesised ahead, where it hangs on no effect.
    """

    transcript: Transcript
    thought: Thought | None
    transcribed_at: float
    thought_at: float
    utterance: Utterance | None = None

    def drop(self) -> None:
        """It will not be answered."""
        if self.utterance is not None:
            self.utterance.drop()


class Mind:
    """One call's dialog, asked from the event loop: one thing at a time, off the loop.

    Args:
        engines: Where it runs.
        conversation: The dialog.
    """

    def __init__(self, engines: Engines, conversation: Conversation) -> None:
        self._engines = engines
        self._conversation = conversation
        self._lock = asyncio.Lock()
        self._heard: tuple[str, Callable[[], float]] | None = None

    @property
    def expectation(self) -> Expectation:
        """What the dialog waits for."""
        return self._conversation.expectation

    @property
    def names(self) -> tuple[str, ...]:
        """Whom the recogniser should expect: the caller's payees."""
        return self._conversation.context.payees

    @property
    def awaited(self) -> Awaited:
        """What the caller was asked for, as far as the recogniser wants to know."""
        kind = self.expectation.kind
        if kind in AWAITED_KINDS:
            return "digits"
        return "date" if kind == "date" else "any"

    def settled(self, hypotheses: Sequence[Hypothesis]) -> bool:
        """Whether the readings agree on what matters; from the recogniser's thread."""
        return self._conversation.settles([(each.text, each.share) for each in hypotheses])

    def heard_reply(self, text: str, fraction: Callable[[], float]) -> None:
        """How much of the last answer the caller heard; asked when the next thought begins.

        A barge-in comes before the client has told how much it has played.
        """
        self._heard = (text, fraction)

    async def think(self, transcript: Transcript, transcribed_at: float) -> Thinking:
        """Understand and decide; nothing changes."""
        thought = None
        if transcript.is_speech and transcript.text:
            readings = tuple((h.text, h.share) for h in transcript.hypotheses)
            async with self._lock:
                self._note_heard()
                thought = await self._engines.think(
                    lambda: self._conversation.think(
                        transcript.text, hypotheses=readings, confidence=transcript.confidence
                    )
                )
        return Thinking(transcript, thought, transcribed_at, now())

    async def commit(self, thinking: Thinking) -> Response:
        """Carry out what was thought; decided again first if the dialog has moved on since."""
        thought = thinking.thought
        if thought is None:
            raise ValueError("there is nothing to commit: the turn held no speech")
        return await self._change(lambda: self._conversation.commit(thought))

    async def open(self) -> Response:
        """The greeting."""
        return await self._change(self._conversation.open)

    async def key(self, digits: str) -> Response:
        """A keyed entry."""
        return await self._change(lambda: self._conversation.key(digits))

    async def unclear(self) -> Response:
        """There was a turn, but it could not be heard."""
        return await self._change(
            lambda: self._conversation.commit(self._conversation.think("", is_speech=False))
        )

    async def silence(self) -> Response:
        """The caller said nothing."""
        return await self._change(self._conversation.silence)

    async def take_back(self) -> Response:
        """No person could take the call over."""
        return await self._change(self._conversation.take_back)

    async def _change(self, work: Callable[[], T]) -> T:
        async with self._lock:
            self._note_heard()
            return await self._engines.bank.run(work)

    def _note_heard(self) -> None:
        heard, self._heard = self._heard, None
        if heard is not None:
            text, fraction = heard
            self._conversation.heard_reply(text, fraction())
