"""A call's events (docs/protocol.md) as RTVI tells them: speaking, transcripts, what the bot says.

https://docs.pipecat.ai/client/rtvi-standard; the messages are pipecat's models.
"""

from collections.abc import Sequence
from typing import Any

import pipecat.processors.frameworks.rtvi.models as rtvi
from pipecat.utils.text.base_text_aggregator import TextType
from pipecat.utils.time import time_now_iso8601
from pydantic import BaseModel

Messages = Sequence[BaseModel]


class Narrator:
    """Tells one call; a sentence is one segment of the bot's output."""

    def __init__(self) -> None:
        self._segment = 0
        self._sentence: str | None = None
        self._speaking = False

    def messages(self, event: dict[str, Any]) -> Messages:
        """What an event is to a client; nothing for one that RTVI does not know."""
        match event:
            case {"type": "turn_started"}:
                return (rtvi.UserStartedSpeakingMessage(),)
            case {"type": "turn_ended"}:
                return (rtvi.UserStoppedSpeakingMessage(),)
            case {"type": "heard", "text": str(text)} if text:
                return _heard(text)
            case {"type": "said", "interrupted": True, "text": heard}:
                return self._interrupted(heard)
            case {"type": "said", "text": text}:
                return self._said(text)
            case {"type": "listening"}:
                return (*self._completed(), *self._stopped())
            case {"type": "error", "message": why, "fatal": fatal}:
                return (failed(why, fatal=fatal),)
            case {"type": "transfer" | "hangup"}:
                return (rtvi.ServerMessage(data=event),)
        return ()

    def _said(self, text: str) -> Messages:
        before = self._completed()
        started = () if self._speaking else (rtvi.BotStartedSpeakingMessage(),)
        self._speaking = True
        self._segment, self._sentence = self._segment + 1, text
        return (*before, *started, self._output(text, "new", ""))

    def _completed(self) -> Messages:
        """The sentence before has been sent to its end."""
        text, self._sentence = self._sentence, None
        return () if text is None else (self._output(text, "completed", text),)

    def _interrupted(self, heard: str) -> Messages:
        text, self._sentence = self._sentence, None
        cut_off = () if text is None else (self._output(text, "in-progress", heard),)
        return (*cut_off, rtvi.BotInterruptedMessage(), *self._stopped())

    def _stopped(self) -> Messages:
        spoke, self._speaking = self._speaking, False
        return (rtvi.BotStoppedSpeakingMessage(),) if spoke else ()

    def _output(self, text: str, status: rtvi.SpokenStatus, spoken: str) -> BaseModel:
        rest = text.removeprefix(spoken).lstrip()
        return rtvi.BotOutputMessage(
            data=rtvi.BotOutputMessageData(
                text=text,
                output_type=TextType.SENTENCE,
                segment_id=self._segment,
                will_be_spoken=True,
                spoken_status=status,
                spoken_progress=rtvi.SpokenProgressData(
                    accumulated_text=spoken, remaining_text=rest
                ),
            )
        )


def dumped(message: BaseModel) -> dict[str, Any]:
    """A message as its fields."""
    return message.model_dump(mode="json", exclude_none=True)


def failed(why: str, *, fatal: bool) -> BaseModel:
    """Something is wrong; a fatal fault ends the call."""
    return rtvi.Error(data=rtvi.ErrorData(error=why, fatal=fatal))


def _heard(text: str) -> Messages:
    """As both the older and the newer clients know it."""
    at = time_now_iso8601()
    old = rtvi.UserTranscriptionMessageData(text=text, user_id="", timestamp=at, final=True)
    new = rtvi.UserInputMessageData(text=text, input_type="transcription", timestamp=at, final=True)
    return (rtvi.UserTranscriptionMessage(data=old), rtvi.UserInputMessage(data=new))
