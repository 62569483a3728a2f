"""What one provider adds to the others: how it signs, how it is answered, what its messages are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from pipecat.serializers.base_serializer import FrameSerializer

EVERYTHING = "everything"
"""The mark of a provider that tells only that all it was sent has sounded."""


@dataclass(frozen=True, slots=True)
class Request:
    """A provider's HTTP request, or the one that opens its websocket.

    Attributes:
        method: "GET" or "POST".
        url: As the provider knows it: signatures are over its exact letters.
        headers: Names in lower case.
        form: The fields of a form; empty for another body.
        body: As it came.
        now: Seconds of the epoch.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    body: bytes
    now: float

    @property
    def query(self) -> dict[str, str]:
        """The fields of the url."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def fields(self) -> Mapping[str, str]:
        """What it tells: a GET in its url, a POST in its form."""
        return self.query if self.method == "GET" else self.form


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that a webhook tells of.

    Attributes:
        call: The provider's name of it.
        caller: The number that the network shows.
    """

    call: str
    caller: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook is answered with."""

    body: str
    media_type: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Stream:
    """A websocket whose sound begins.

    Attributes:
        serializer: pipecat's, which neither resamples nor hangs up.
        rate: Of the wire, Hz.
        mark: Makes the message that the provider sends back once the audio before it has sounded;
            None where it knows none.
        first: A message that the serializer has to see first, or None.
        caller: The number that the network shows, where only the stream tells it.
        packet: Samples of which every message holds one or several whole ones; 0: as they come.
        goodbye: Makes the message that ends the stream, told whether the caller goes on to a
            person; then the provider closes. None where closing is all.
        goes_on: Whether the provider's own flow goes on with the caller after the stream, so that
            they can be handed over there.
    """

    serializer: FrameSerializer
    rate: int
    mark: Mapping[str, Any] | None = None
    first: str | None = None
    caller: str = ""
    packet: int = 0
    goodbye: Callable[[bool], str] | None = None
    goes_on: bool = False


class Provider(Protocol):
    """One provider, with its secret.

    Attributes:
        name: In the settings and in its addresses.
        webhook: Whether it asks by a webhook where to stream to; else its websocket comes by
            itself and is signed.
        methods: Of its webhook: GET only where the signature covers the url.
        subprotocol: Of its websocket.
    """

    name: str
    webhook: bool = True
    methods: Sequence[str] = ("POST",)
    subprotocol: str | None = None

    def is_signed(self, request: Request) -> bool:
        """Whether a webhook comes from the provider, and lately."""
        ...

    def ringing(self, request: Request) -> Ringing | None:
        """The call that a webhook tells of; None where it tells something else."""
        ...

    def answer(self, url: str) -> Answer:
        """Have the provider open its websocket to a url."""
        ...

    def busy(self) -> Answer:
        """Have the provider turn the caller away; a failure, where it knows no word for that."""
        return Answer("all lines are busy", "text/plain", 503)

    def may_stream(self, request: Request) -> bool:
        """Whether the websocket's own request is signed, for providers that sign it."""
        ...

    def stream(self, message: str) -> Stream | None:
        """The stream, from the message that begins it; None for messages before that one."""
        ...

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """The name of the mark that a message brings back, or `EVERYTHING`, or None."""
        ...

    def marking(self, stream: Stream, name: str) -> str | None:
        """The message that sets a mark after the audio sent so far."""
        ...


def without_sound() -> Answer:
    """Nothing to do: a webhook that tells something we do not need."""
    return Answer("", "text/plain")
