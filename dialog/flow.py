"""The flow language: ten kinds of step and no expressions.

A flow is a list of steps that runs from the top and stops where the caller or the bank is waited
for. When the caller changes a slot, it runs from the top again: what is known is skipped, what
was checked is checked again.
"""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from dialog.strict_yaml import Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


WORDS = "words"
"""What a slot takes that is filled with the caller's own words, secrets masked."""


class Slot(Strict):
    """Something a flow needs to know.

    Attributes:
        takes: Entity types that fill it, each with an optional role: "money",
            "account_kind:from". Without a role, only an entity without one fits, unless the slot
            is the one that is asked for. "words" alone takes whatever is said when it is asked.
        critical: A value that was heard badly is asked again.
        verified: A wrong value is found out by the bank or by a check digit, so that a critical
            one may be heard less well.
        secret: Masked wherever it is shown.
        digits: How many digits it has, where that is known.
        check: Name of the check a digit string must pass.
        expects: What the recogniser is told to wait for; the first entity type if not given.
        all_of: The slot with the account that "all of it" is the money of, for an amount.
        keep: False for a PIN: it is used in the turn it was said in and never kept.
    """

    takes: Annotated[tuple[str, ...], Field(min_length=1)]
    critical: bool = False
    verified: bool = False
    secret: bool = False
    digits: int | None = None
    check: str | None = None
    expects: str | None = None
    all_of: Name | None = None
    keep: bool = True

    def fits(self, entity: str, role: str | None, *, asked: bool) -> bool:
        """Whether an entity of this type and role belongs into the slot.

        Args:
            entity: The entity's type.
            role: Its role; "at" says nothing here.
            asked: Whether the slot is the one that was asked for.
        """
        role = None if role == "at" else role
        spoken = entity if role is None else f"{entity}:{role}"
        if spoken in self.takes:
            return True
        return asked and role is None and any(t.split(":")[0] == entity for t in self.takes)


class Step(Strict):
    """What all steps share: a label, and the condition under which they count."""

    id: Name | None = None
    when: Name | None = None
    unless: Name | None = None


class Collect(Step):
    """Ask for a slot until it is filled.

    Attributes:
        collect: The slot.
        ask: Reply that asks; ASK_again asks once more and ASK_why says why.
        action: Name of the asking in events.
        unmatched: Reply where the answer names something we do not know.
        instead: What other answers (intents) lead to: intent to label.
    """

    collect: Name
    ask: Name
    action: Name
    unmatched: Name | None = None
    instead: dict[Name, Name] = Field(default_factory=dict)


class Choose(Step):
    """Let the caller choose among options; a single option is taken without asking.

    Attributes:
        choose: The slot.
        among: Name of the options.
        ask: Reply that asks; ASK_again asks once more.
        action: Name of the asking in events.
        unmatched: Reply where something was named that is none of ours.
        each: "Both" is one order of each.
    """

    choose: Name
    among: Name
    ask: Name
    action: Name
    unmatched: Name | None = None
    each: bool = False


class Say(Step):
    """Say a reply."""

    say: Name
    action: Name


class Confirm(Step):
    """Go on only after a "yes".

    Attributes:
        confirm: Reply that asks; CONFIRM_again asks once more.
        action: Name of the asking in events.
        deny: Label to go to after a "no".
        strict: Only a plain, well heard "yes" to a question that was heard to its end counts.
        cancels: The question is whether to cancel something: "yes, cancel it" is a yes to it.
        whole: The question is about all that there is: "yes, both" is a plain yes to it.
    """

    confirm: Name
    action: Name
    deny: Name
    strict: bool = True
    cancels: bool = False
    whole: bool = False


class Do(Step):
    """Do something at the bank; `results` leads each result other than "ok" to a label."""

    act: Name
    results: dict[Name, Name] = Field(default_factory=dict)


class Go(Step):
    """Go to a label: with `when` or `unless`, the language's branch."""

    go: Name


class Call(Step):
    """Run another flow and go on; `results` leads its results other than "done" to a label."""

    call: Name
    results: dict[Name, Name] = Field(default_factory=dict)


class Fill(Step):
    """Fill an empty slot with what a named function says, if it says anything."""

    fill: Name
    by: Name


class Forget(Step):
    """Empty slots, so that they are asked for again."""

    forget: Annotated[tuple[Name, ...], Field(min_length=1)]


class Finish(Step):
    """End the flow, with "done" or another result.

    "transfer" hands the call to a person, "ask_person" offers one, "goodbye" ends the call, "open"
    means that what comes next was asked already; any other result is the calling flow's business.
    """

    end: Name


_KINDS: dict[str, type[Step]] = {
    "collect": Collect,
    "choose": Choose,
    "say": Say,
    "confirm": Confirm,
    "act": Do,
    "go": Go,
    "call": Call,
    "fill": Fill,
    "forget": Forget,
    "end": Finish,
}


def _kind(value: Any) -> str:
    """Which kind of step this is: the one of the ten words that stands in it."""
    if isinstance(value, dict):
        return next((word for word in _KINDS if word in value), "unknown")
    return next((word for word, kind in _KINDS.items() if isinstance(value, kind)), "unknown")


AnyStep = Annotated[
    Annotated[Collect, Tag("collect")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Say, Tag("say")]
    | Annotated[Confirm, Tag("confirm")]
    | Annotated[Do, Tag("act")]
    | Annotated[Go, Tag("go")]
    | Annotated[Call, Tag("call")]
    | Annotated[Fill, Tag("fill")]
    | Annotated[Forget, Tag("forget")]
    | Annotated[Finish, Tag("end")],
    Discriminator(
        _kind,
        custom_error_type="unknown_step",
        custom_error_message=f"not a step; a step is one of {', '.join(_KINDS)}",
    ),
]


class Flow(Strict):
    """One flow file.

    Attributes:
        flow: Its name, equal to the file's.
        about: What it is for, in one line.
        intents: What the caller may want so that it starts.
        back: Reply that leads back to it after a digression.
        cancelled: Reply after the caller cancelled it.
        cancelled_action: Name of that in events.
        stays: Reply where the caller wants to undo what was done already.
        follows: Intents that ask on about what was just told, and mean this flow then.
        within: Intents that mean another one while it runs.
        leads: The flow that orders something of what this one has told.
        passing: An offer that is dropped as soon as the caller speaks of something else.
        slots: What it needs to know.
        steps: What it does.
    """

    flow: Name
    about: str
    intents: tuple[Name, ...] = ()
    back: Name = "back"
    cancelled: Name = "cancelled"
    cancelled_action: Name = "ask_anything_else"
    stays: Name = "stays"
    follows: tuple[Name, ...] = ()
    within: dict[Name, Name] = Field(default_factory=dict)
    leads: Name | None = None
    passing: bool = False
    slots: dict[Name, Slot] = Field(default_factory=dict)
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1)]

    @property
    def optional(self) -> frozenset[str]:
        """The slots that are never asked for."""
        asked = {step.collect for step in self.steps if isinstance(step, Collect)}
        chosen = {step.choose for step in self.steps if isinstance(step, Choose)}
        return frozenset(self.slots.keys() - asked - chosen)

    def takes_words(self, slot: str) -> bool:
        """Whether a slot takes whatever is said when it is asked for."""
        return self.slots[slot].takes == (WORDS,)

    @property
    def is_secret(self) -> bool:
        """Whether it asks for secrets, so that nothing of it may be kept after its end."""
        return any(slot.secret for slot in self.slots.values())

    def label(self, name: str) -> int:
        """Index of the step with this label.

        Raises:
            KeyError: There is none; the script's check has already refused such a flow.
        """
        for index, step in enumerate(self.steps):
            if step.id == name:
                return index
        raise KeyError(name)
