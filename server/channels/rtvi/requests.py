"""What a client of pipecat asks for: to begin, keys, the end; whichever wire carries it."""

from typing import Any

import pipecat.processors.frameworks.rtvi.models as rtvi
from pipecat.frames.frames import Frame, InputDTMFFrame, InputTransportMessageFrame
from pydantic import BaseModel, ValidationError

from server.admission import address_of
from server.channels.line import Caller
from server.protocol import Hangup, Hello, ProtocolError
from server.settings import Token

READY_WITHIN = 10.0
"""Seconds in which a client must have told that it is ready."""

MAJOR = rtvi.PROTOCOL_VERSION.partition(".")[0]
LONGEST_TOKEN = 512
LONGEST_ID = 64
"""Characters of a message's id, which its answer repeats."""

MOST_KEYS = 32
"""In one message."""


def hello(token: str | None) -> Hello:
    """What admission asks of a client.

    Raises:
        ProtocolError: No token is that long.
    """
    if len(token or "") > LONGEST_TOKEN:
        raise ProtocolError("unauthorized", "a valid token is needed", fatal=True)
    return Hello(type="hello", version=1, sample_rate=16000, encoding="pcm16", token=token)


def caller(channel: str, known: Token | None, host: str | None) -> Caller:
    """Who calls, by the token that admission knows."""
    about = {"token": known.name if known else None}
    return Caller(channel, address_of(known, host), about=about)


def message(told: Any) -> rtvi.Message | None:
    """A message of RTVI; None where it is none, or has an id too long to be told again."""
    try:
        found = rtvi.Message.model_validate(told)
    except ValidationError:
        return None
    return found if len(found.id) <= LONGEST_ID else None


def not_ready() -> ProtocolError:
    """A client that did not tell in time that it is ready."""
    return ProtocolError("bad_hello", f"no client-ready within {READY_WITHIN:g} s", fatal=True)


def bot_ready(ready: rtvi.Message) -> BaseModel:
    """The answer to a client that is ready.

    Raises:
        ProtocolError: It speaks another version.
    """
    version = str((ready.data or {}).get("version"))
    if version.partition(".")[0] != MAJOR:
        raise ProtocolError("bad_hello", f"we speak RTVI {rtvi.PROTOCOL_VERSION}", fatal=True)
    data = rtvi.BotReadyData(version=rtvi.PROTOCOL_VERSION, about={"library": "tellerline"})
    return rtvi.BotReady(id=ready.id, data=data)


def asked(told: rtvi.Message) -> tuple[list[Frame], BaseModel | None]:
    """What a client wants during a call, and the answer to what is not served."""
    if told.type == "disconnect-bot":
        return [InputTransportMessageFrame(message=Hangup(type="hangup"))], None
    if told.type == "dtmf" and (keys := _keys(told.data)):
        return keys, None
    why = rtvi.ErrorResponseData(error=f"{told.type[:64]}: not served")
    return [], rtvi.ErrorResponse(id=told.id, data=why)


def _keys(data: dict[str, Any] | None) -> list[Frame]:
    """The keys of a message; none where it is broken."""
    try:
        buttons = rtvi.DTMFInputData.model_validate(data).buttons
    except ValidationError:
        return []
    return (
        [InputDTMFFrame(button=button) for button in buttons] if len(buttons) <= MOST_KEYS else []
    )
