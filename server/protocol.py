"""The messages of the websocket protocol `/v1/call` (docs/protocol.md), checked at the door."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.errors import ServerError

VERSION = 1
ErrorCode = Literal[
    "bad_hello", "unauthorized", "busy", "bad_message", "bad_audio", "too_fast", "internal"
]
CLOSE_CODES: dict[ErrorCode, int] = {  # of calls that never began
    "bad_hello": 4400,
    "unauthorized": 4401,
    "busy": 4429,
}


class ProtocolError(ServerError):
    """A message that breaks the protocol; `fatal` ones end the call."""

    def __init__(self, code: ErrorCode, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.fatal = fatal


class Message(BaseModel):
    """A client may send fields that we do not know; a wrong one that we know is an error."""

    model_config = ConfigDict(frozen=True, strict=True)


class Hello(Message):
    """The first message: what the client speaks."""

    type: Literal["hello"]
    version: Literal[1]
    sample_rate: Literal[8000, 16000]
    encoding: Literal["pcm16", "ulaw", "alaw"]
    language: str = "en"
    caller_id: Annotated[str, Field(max_length=64)] | None = None
    token: Annotated[str, Field(max_length=512)] | None = Field(default=None, repr=False)
    diagnostics: bool = False
    ducks: bool = False


class Played(Message):
    """How much of our audio has left the speaker, in samples at the wire's rate."""

    type: Literal["played"]
    samples: Annotated[int, Field(ge=0)]
    clear: Annotated[int, Field(ge=0)] = 0


class Dtmf(Message):
    """One key."""

    type: Literal["dtmf"]
    digit: Annotated[str, Field(pattern=r"^[0-9*#]$", repr=False)]


class Hangup(Message):
    """The caller is gone."""

    type: Literal["hangup"]


ClientMessage = Annotated[Played | Dtmf | Hangup, Field(discriminator="type")]
_CLIENT: TypeAdapter[Played | Dtmf | Hangup] = TypeAdapter(ClientMessage)


def parse_hello(text: str) -> Hello:
    """The hello of a call.

    Raises:
        ProtocolError: Not a hello, or a field is missing or wrong (the message names it).
    """
    try:
        return Hello.model_validate_json(text)
    except ValidationError as error:
        raise ProtocolError("bad_hello", _first(error), fatal=True) from None


def parse_message(message: str | dict[str, Any]) -> Played | Dtmf | Hangup:
    """A later message of the client, as JSON or as its fields.

    Raises:
        ProtocolError: JSON that cannot be read, an unknown type or a wrong field.
    """
    try:
        if isinstance(message, str):
            return _CLIENT.validate_json(message)
        return _CLIENT.validate_python(message)
    except ValidationError as error:
        raise ProtocolError("bad_message", _first(error)) from None


def error_event(error: ProtocolError) -> dict[str, Any]:
    """The event that tells a client what it did wrong."""
    return {"type": "error", "code": error.code, "message": str(error), "fatal": error.fatal}


def _first(error: ValidationError) -> str:
    """The first mistake in words; never the value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
