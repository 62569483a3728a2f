"""One turn: what is thought of it before it is over, and what is answered when it is."""

from dataclasses import dataclass, field
from typing import Literal

from dialog.decision import Decision, Event, Way
from dialog.misses import FEW
from dialog.state import State
from nlu.understanding import Expectation, Understanding

MISSED = ("clarify", "offer_person", "out_of_scope", "repeat")
"""What is answered to what was not understood; a value or an objection has answers of its own."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What would be answered if the turn were over now; nothing has changed yet.

    Attributes:
        understanding: What was understood, masked; None for silence and noise.
        decision: The first decision; what an act tells is decided after it is carried out.
        heard: The words, masked.
        wants_more: Whether the request leaves details open that the caller may go on to give.
        event: What happened, as heard: it may hold a secret.
        state: Where the call stood.
    """

    understanding: Understanding | None
    decision: Decision = field(repr=False)
    heard: str
    wants_more: bool
    event: Event = field(repr=False)
    state: State = field(repr=False)

    @property
    def says_nothing(self) -> bool:
        """Whether it was a word or two of which nothing could be made: "mm-hm", or less."""
        missed = self.decision.state.misses > self.state.misses
        return missed and self.decision.action in MISSED and len(self.heard.split()) <= FEW


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one turn.

    Attributes:
        say: Written sentences in order; secrets are never in them.
        heard: What was heard, secrets masked with "•".
        understanding: What it meant, masked; None for silence, noise and the greeting.
        action: What was done, told or asked (docs/dialog.md has the names).
        reason: Why, for engineers.
        expectation: What the caller is waited for with.
        end: How the call ends with this answer, or None.
        summary: For the person who takes over; empty otherwise.
        effect: An act that changes something at the bank was carried out: the caller must be told
            what became of it, even where they talk over the answer.
        did: What was done at the bank and what became of it ("execute_transfer: ok"), in order.
        path: The steps of the flows that it came through, in order.
    """

    say: tuple[str, ...]
    heard: str
    understanding: Understanding | None
    action: str
    reason: str
    expectation: Expectation
    end: Literal["goodbye", "transfer"] | None
    summary: str = ""
    effect: bool = False
    did: tuple[str, ...] = ()
    path: tuple[Way, ...] = ()
