"""Where a call stands: one immutable value that a decision turns into the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dialog.mood import CALM, Mood
from nlu.understanding import Entity, EntityValue, Expectation, Money, Understanding

SlotValue = EntityValue | int
"""An entity's exact value, or the id of the account or card that was chosen."""

OPEN = Expectation()
"""Anything may be said."""

End = Literal["goodbye", "transfer"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot's value, the entity type it was read from, how sure we are (0 to 1), and the amount
    that the words may also have been.

    The value stays out of `repr`, because one of the slots is the customer number.
    """

    value: SlotValue = field(repr=False)
    entity: str
    confidence: float = 1.0
    other: Money | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """One flow that is under way.

    Attributes:
        flow: Its name.
        at: Index of the step that runs or waits.
        called: True where another flow called it and goes on after it; False for a request or a
            digression, after which the flow below is taken up again with a reminder.
        waiting: True where the step at `at` has been asked.
        slots: What is known, by slot.
        doubts: Values heard too badly to be taken; the same value heard again is taken.
        options: Several values that one answer fits, by slot: the caller is asked which.
        unmatched: Slots whose answer named something we do not know.
        proposal: Id of the proposal that was stored when it was read back.
        outcome: What the last act told, for the replies.
        before: The slots before the last correction, so that it can be taken back.
        anew: Slots that the caller wants to be asked for again: nothing is guessed for them.
        against: Values that the caller said it is not ("not the debit card").
        refused: How often the caller would not answer.
        acted: True where something was changed at the bank.
        each: True where one of each was asked for ("both my bills").
        need: What would serve the caller, by what they told (`nlu.needs`), or nothing.
    """

    flow: str
    at: int = 0
    called: bool = False
    waiting: bool = False
    slots: Mapping[str, Filled] = field(default_factory=dict)
    doubts: Mapping[str, Filled] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unmatched: frozenset[str] = frozenset()
    proposal: str | None = None
    outcome: Mapping[str, object] = field(default_factory=dict, repr=False)
    before: Mapping[str, Filled] | None = None
    anew: frozenset[str] = frozenset()
    against: frozenset[str] = frozenset()
    refused: int = 0
    acted: bool = False
    each: bool = False
    need: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A request that a short choice offers: how it is called, words that choose it, and the values
    that were said before."""

    intent: str
    label: str
    words: frozenset[str]
    values: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A flow that has ended, and how: done at the bank, told, or dropped by the caller."""

    frame: Frame
    how: Literal["done", "told", "dropped"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a call stands. A PIN is never in it.

    Attributes:
        call_id: Names the call; part of every proposal's id.
        language: ISO 639-1 code: which replies, knowledge and words are used.
        customer_id: Who has been identified, or None.
        served: Who was identified in this call, also once they are so no more: nobody else is.
        locked_out: True where access to accounts is closed: nobody is identified any more.
        first_name: Of the identified customer.
        stack: Flows under way, the running one last.
        queue: Requests made in the same breath, to be done afterwards.
        request: What was asked for (masked) before the caller was identified: it is read again
            once the customer's own payees are known.
        expectation: What the caller was asked for.
        said: How often each reply was given: it chooses the next variant.
        last_said: The last answer, for "repeat".
        audible: False where the last answer's question was not heard to its end.
        unheard: True where hardly anything of the last answer was heard.
        misses: Turns in a row that were not understood.
        silences: Times in a row that the caller said nothing.
        login_failures: Wrong number or PIN, in this call.
        acts: How many acts this call has started: part of the next one's id.
        paused: True where the caller asked for a moment last.
        closing: True where "anything else?" was asked last.
        done: What was done in this call, for the person who takes over.
        ended: The flows that ended last, the latest last: a caller may come back to them.
        offered: The requests that a short choice offered, in its order.
        end: How the call ended, or None.
        mood: How the caller feels, as far as their words tell.
        place: In the line for a person, from 1; 0 where the caller is in none.
    """

    call_id: str
    language: str = "en"
    customer_id: int | None = None
    served: int | None = None
    locked_out: bool = False
    first_name: str | None = None
    stack: tuple[Frame, ...] = ()
    queue: tuple[Understanding, ...] = field(default=(), repr=False)
    request: str = ""
    expectation: Expectation = OPEN
    said: Mapping[str, int] = field(default_factory=dict)
    last_said: tuple[str, ...] = ()
    audible: bool = True
    unheard: bool = False
    misses: int = 0
    silences: int = 0
    login_failures: int = 0
    acts: int = 0
    paused: bool = False
    closing: bool = False
    done: tuple[str, ...] = ()
    ended: tuple[Ended, ...] = ()
    offered: tuple[Offered, ...] = ()
    end: End | None = None
    mood: Mood = CALM
    place: int = 0

    @property
    def top(self) -> Frame | None:
        """The flow that runs, or None."""
        return self.stack[-1] if self.stack else None
