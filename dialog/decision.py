"""What happens to a call (events) and what is decided about it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dialog.state import End, State
from nlu.understanding import Expectation, Understanding


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done at the bank.

    Attributes:
        name: As `dialog.actions` knows it.
        arguments: What it needs.
        id: Unique over all calls; a proposal's id is the id of the act that proposed it.
        secret: A PIN or a one-time code, and nothing else; never in `repr`.
    """

    name: str
    arguments: Mapping[str, object] = field(repr=False)
    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Way:
    """A step that a decision came to, or a way that it left a step by.

    Attributes:
        flow: The flow's name.
        at: Index of the step.
        by: "" where the step was come to; else what led away from it: "deny", the result of an act
            or of a called flow, or the intent that led elsewhere.
    """

    flow: str
    at: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One reply before its values are written into it: "You have {balance}."

    Attributes:
        template: The reply; every {name} in it is a value of the caller's.
        values: What stands for the names.
    """

    template: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def written(self, template: str | None = None) -> str:
        """The sentence with its values, in its own words or in those of another template."""
        # Without values it is taken as it stands: what is repeated may hold braces of its own.
        text = template or self.template
        text = text.format_map(self.values) if self.values else text
        return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to say, what to do, and the next state.

    Attributes:
        say: Sentences in order; an act comes after them, and what it told is decided next.
        reply: The keys of the replies that they were made from.
        act: What to do at the bank, or None.
        state: The state after this decision.
        expectation: What the caller is waited for with.
        reason: Why, in one line, for engineers.
        action: The name of what was done or asked (see docs/dialog.md).
        weight: How well it names the whole answer, beside those of the decisions around it.
        end: How the call ends with this, or None.
        path: The steps that it came through, in order.
        sentences: What `say` was written from, one for one.
    """

    say: tuple[str, ...]
    reply: tuple[str, ...]
    act: Act | None
    state: State
    expectation: Expectation
    reason: str
    action: str
    weight: int
    end: End | None
    path: tuple[Way, ...] = ()
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """The call was answered."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller said something. It may hold a PIN, so it is never shown.

    Attributes:
        understanding: What the utterance means.
        then: Further requests made in the same breath, without secrets.
    """

    understanding: Understanding = field(repr=False)
    then: tuple[Understanding, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The caller finished an entry on the keys; `#` at its end is dropped."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller said nothing for too long."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The caller said something, but had been silent or identified for too long, or was erased."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """There was sound, but no words could be made out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act.

    Attributes:
        act: The act's name.
        result: "ok", "unavailable" (nothing was done), "failed" (unknown: something broke),
            "erased" (nothing was done: the customer is nobody any more), or one of the act's own.
        values: What the bank told, by name.
        request: What the caller asked for before, read again now that more is known.
    """

    act: str
    result: str
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    request: Understanding | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """No person could take the call over: the caller is back with us."""


@dataclass(frozen=True, slots=True)
class Queued:
    """The caller who is handed over stands in line for a person, at a place from 1."""

    place: int


Event = Opened | Heard | Keyed | Silent | Expired | Unclear | Outcome | Returned | Queued
