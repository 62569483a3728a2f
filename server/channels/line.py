"""One caller on one wire: what every channel gives to a call, and nothing more.

    wire's bytes ──▶ Line.frames() ──▶ 16 kHz audio, keys, reports ──▶ the call
    wire's bytes ◀── Line.play()   ◀── 16 kHz audio               ◀── the call

A channel turns its wire into these few methods; how a call is held (server/channels/call.py) is
the same for all of them. Pacing, the wire's codec and what has been played are the line's own.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipecat.frames.frames import Frame

from voice.pcm import Samples

SHORTEST_NUMBER = 3
"""Digits of a telephone number, as inside a company."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the wire tells.

    Attributes:
        channel: The name of the way in: "websocket", "sip", "twilio", …
        address: Where tries are counted: a name that we vouch for and the number; None for
            strangers. Never taken as identity.
        language: ISO 639-1 code.
        diagnostics: Whether events carry intents, reasons and latency parts.
        ducks: Whether the line turns down by itself what it has buffered.
        told: Who calls as the wire tells, true or not: for the sealed record, and nowhere else.
        about: What else is worth a record (codec, trunk), without secrets.
    """

    channel: str
    address: str | None = field(default=None, repr=False)
    language: str = "en"
    diagnostics: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    ducks: bool = False
    told: str | None = field(default=None, repr=False)


def address_of_number(name: str, number: str | None) -> str | None:
    """Where the tries of a telephone number are counted; None for one that is withheld.

    Args:
        name: Who vouches for it.
        number: As the wire tells it; "anonymous" and the like are many people's.
    """
    digits = sum(letter.isdigit() for letter in number or "")
    return f"{name}:{number}" if digits >= SHORTEST_NUMBER else None


class Line(Protocol):
    """A wire with a caller at its other end. Audio is mono int16 at 16 kHz on our side."""

    @property
    def delay(self) -> dict[str, float]:
        """Seconds that the wire itself adds, by name; empty where the client measures it."""
        ...

    def frames(self) -> AsyncIterator[Frame]:
        """Audio, keys and messages of the caller, until they are gone."""
        ...

    async def play(self, samples: Samples) -> None:
        """Send audio; returns once the wire may take more."""
        ...

    async def clear(self) -> None:
        """Drop what the caller has not heard yet: they speak."""
        ...

    async def tell(self, event: dict[str, Any]) -> None:
        """An event of docs/protocol.md; a wire that cannot carry it drops it."""
        ...

    async def hand_over(self, summary: str) -> bool:
        """Give the caller to a person; False where that failed and the caller is still here."""
        ...

    async def close(self) -> None:
        """Hang up; what was sent has been played by then. May be called twice."""
        ...
