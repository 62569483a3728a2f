"""One call in text: think about what was said, commit to it, act at the bank, answer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, Protocol

from dialog.actions import ACTIONS
from dialog.acts import Origin, carry_out
from dialog.bank.audit import because
from dialog.bank.bank import Bank
from dialog.bank.values import Facts
from dialog.clauses import clear_piece, dropped, split
from dialog.decision import Decision, Event, Heard, Keyed, Opened, Outcome, Silent, Unclear
from dialog.draft import outweighs
from dialog.errors import BankError
from dialog.grounding import AUDIBLE
from dialog.manager import decide
from dialog.masking import MASK, mask, mask_text
from dialog.script import script, wants_more
from dialog.state import State
from dialog.summary import summarise
from nlu.understanding import Context, Expectation, Understanding

logger = logging.getLogger(__name__)

MAX_ACTS = 8
"""More acts than this after one utterance is a flow that runs in a circle."""


class Understands(Protocol):
    """What turns words into meaning: nlu.understander.Understander."""

    version: str

    def understand(
        self, text: str, context: Context, *, hypotheses: Any = (), confidence: float = 1.0
    ) -> Understanding:
        """What a text means in a context."""
        ...

    def settles(self, hypotheses: Sequence[tuple[str, float]], context: Context) -> bool:
        """Whether readings agree on the exact values that matter now."""
        ...


@dataclass(frozen=True, slots=True)
class Thought:
    """What would be answered if the turn were over now; nothing has changed yet.

    Attributes:
        understanding: What was understood, masked; None for silence and noise.
        decision: The first decision; what an act tells is decided after it is carried out.
        heard: The words, masked.
        wants_more: Whether the request leaves details open that the caller may go on to give.
    """

    understanding: Understanding | None
    decision: Decision = field(repr=False)
    heard: str
    wants_more: bool
    _event: Event = field(repr=False)
    _state: State = field(repr=False)


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


class Conversation:
    """One call. Not for several threads at once; every method may block on the bank."""

    def __init__(
        self,
        *,
        bank: Bank,
        understander: Understands,
        today: date,
        call_id: str,
        caller_id: str | None = None,
        language: str = "en",
    ) -> None:
        """Begin a call; nothing is said before `open`.

        Args:
            bank: The books.
            understander: Turns words into meaning.
            today: What "yesterday" is counted from.
            call_id: Unique over all calls: proposals are kept under it.
            caller_id: Channel and number that the network shows; never taken as identity, only
                counted by.
            language: ISO 639-1 code.

        Raises:
            FlowError: The language's files are missing or wrong.
        """
        self._bank = bank
        self._understander = understander
        self._today = today
        self._script = script(language)
        self._state = State(call_id=call_id, language=language)
        self._facts: Facts | None = None
        self._caller_id = caller_id

    @property
    def expectation(self) -> Expectation:
        """What the caller is waited for with."""
        return self._state.expectation

    @property
    def context(self) -> Context:
        """What sharpens recognition and understanding now."""
        payees = tuple(p.name for p in self._facts.payees) if self._facts else ()
        return Context(self._today, payees, self._state.expectation)

    @property
    def state(self) -> State:
        """Where the call stands."""
        return self._state

    def settles(self, hypotheses: Sequence[tuple[str, float]]) -> bool:
        """Whether the recogniser's readings agree on the values that matter now."""
        return self._understander.settles(hypotheses, self.context)

    def open(self) -> Response:
        """Greet: an automated assistant, and the call may be recorded."""
        return self.commit(self._consider(Opened(), None, ""))

    def think(
        self, text: str, *, hypotheses: Any = (), confidence: float = 1.0, is_speech: bool = True
    ) -> Thought:
        """What would be answered to these words. Changes nothing; may be called many times.

        Args:
            text: The best reading.
            hypotheses: Readings and their weights, best first.
            confidence: The recogniser's, 0 to 1.
            is_speech: False for sound without words.
        """
        if not is_speech or not text.strip():
            return self._consider(Unclear(), None, "")
        understood = self._understander.understand(
            text, self.context, hypotheses=hypotheses, confidence=confidence
        )
        lexicon = self._script.lexicon
        shown = mask(understood, self.expectation, lexicon)
        first, *later = self._parts(understood)
        then = tuple(mask(part, Expectation(), lexicon) for part in later)
        return self._consider(Heard(first, then), shown, shown.text)

    def commit(self, thought: Thought) -> Response:
        """Make a thought so: its state becomes the call's, its acts are carried out, once.

        A thought from before the last commit is thought again from where the call stands now.
        """
        if thought._state is not self._state:
            thought = self._consider(thought._event, thought.understanding, thought.heard)
        before, decision = self._state, thought.decision
        self._state = decision.state
        said, reasons, action = list(decision.say), [decision.reason], decision.action
        effect = False
        for _ in range(MAX_ACTS):
            if decision.act is None:
                break
            effect = effect or ACTIONS[decision.act.name].effect
            decision = self._act(decision)
            self._state = decision.state
            said += decision.say
            reasons.append(decision.reason)
            action = decision.action if outweighs(decision.action, action) else action
        return Response(
            say=tuple(said),
            heard=thought.heard,
            understanding=thought.understanding,
            action=action,
            reason="; ".join(reason for reason in reasons if reason),
            expectation=self._state.expectation,
            end=self._state.end,
            summary=self._summary(before, reasons[0]),
            effect=effect,
        )

    def hear(self, text: str, *, hypotheses: Any = (), confidence: float = 1.0) -> Response:
        """Think about what was said, and commit to it."""
        return self.commit(self.think(text, hypotheses=hypotheses, confidence=confidence))

    def key(self, digits: str) -> Response:
        """Take a finished entry on the keys ("4021", with or without its "#")."""
        entry = digits.strip("#")
        shown = MASK * len(entry) if self.expectation.secret else entry
        shown = mask_text(shown, self.expectation, self._script.lexicon)
        return self.commit(self._consider(Keyed(digits), None, shown))

    def silence(self) -> Response:
        """The caller said nothing: asked twice, then a polite goodbye."""
        return self.commit(self._consider(Silent(), None, ""))

    def heard_reply(self, text: str, fraction: float) -> None:
        """Tell how much of the last answer reached the caller, before thinking about their words.

        Args:
            text: The answer.
            fraction: How much of it was audible, 0 to 1.
        """
        if fraction < AUDIBLE:
            self._state = replace(self._state, audible=False)

    def _parts(self, understood: Understanding) -> tuple[Understanding, ...]:
        """The utterance as one wish or several."""
        if self._state.expectation.secret:
            return (understood,)

        def read(text: str) -> Understanding:
            return self._understander.understand(
                text, self._context_open(), confidence=understood.confidence
            )

        if parts := dropped(understood, self._script, read):
            return parts if self._state.stack else parts[1:]
        understood = clear_piece(understood, self._script, self._read_in_context)
        if self._state.expectation.kind != "open":
            return (understood,)
        return split(understood, self._script, read)

    def _read_in_context(self, text: str) -> Understanding:
        return self._understander.understand(text, self.context)

    def _consider(self, event: Event, shown: Understanding | None, heard: str) -> Thought:
        """Decide about an event with fresh facts; changes nothing."""
        try:
            facts = self._read_facts(self._state.customer_id)
        except BankError:
            event, facts = Outcome("facts", "unavailable"), self._facts
        decision = decide(self._state, event, facts, self._today)
        more = wants_more(self._script, decision.state.stack)
        return Thought(shown, decision, heard, more, event, self._state)

    def _act(self, decision: Decision) -> Decision:
        """Carry out a decision's act, and decide about what became of it."""
        act = decision.act
        if act is None:
            return decision
        with because(decision.reason, self._understander.version):
            outcome = carry_out(act, self._bank, Origin(self._state.call_id, self._caller_id))
        try:
            return self._learn(outcome)
        except Exception as error:
            # Whatever is wrong on our side, the caller must not be left in silence.
            logger.error("outcome_failed", extra={"act": act.name, "error": type(error).__name__})
            return decide(self._state, Outcome(act.name, "failed"), self._facts, self._today)

    def _learn(self, outcome: Outcome) -> Decision:
        """Decide about an outcome, with what is known after it."""
        customer = outcome.values.get("customer_id", self._state.customer_id)
        try:
            self._facts = self._read_facts(customer if isinstance(customer, int) else None)
        except BankError:
            if outcome.act == "authenticate":
                outcome = Outcome(outcome.act, "unavailable")
        if outcome.act == "authenticate" and outcome.result == "ok" and self._state.request:
            request = self._understander.understand(self._state.request, self._context_open())
            outcome = replace(outcome, request=request)
        return decide(self._state, outcome, self._facts, self._today)

    def _context_open(self) -> Context:
        return replace(self.context, expectation=Expectation())

    def _read_facts(self, customer_id: int | None) -> Facts | None:
        return None if customer_id is None else self._bank.facts(customer_id)

    def _summary(self, before: State, reason: str) -> str:
        if self._state.end != "transfer":
            return ""
        return summarise(
            replace(self._state, stack=before.stack), reason, self._script, self._facts
        )
