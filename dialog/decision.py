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
        end: How the call ends with this, or None.
    """

    say: tuple[str, ...]
    reply: tuple[str, ...]
    act: Act | None
    state: State
    expectation: Expectation
    reason: str
    action: str
    end: End | None


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
class Unclear:
    """There was sound, but no words could be made out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act.

    Attributes:
        act: The act's name.
        result: "ok", "unavailable" (nothing was done), "failed" (unknown: something broke), or
            one of the act's own results.
        values: What the bank told, by name.
        request: What the caller asked for before, read again now that more is known.
    """

    act: str
    result: str
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    request: Understanding | None = field(default=None, repr=False)


Event = Opened | Heard | Keyed | Silent | Unclear | Outcome
