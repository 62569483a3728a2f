"""One call in text: think about what was said, commit to it, act at the bank, answer."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from dialog.actions import ACTIONS
from dialog.acts import Origin, carry_out
from dialog.bank.audit import because
from dialog.bank.bank import Bank
from dialog.bank.values import Facts
from dialog.bank.waiting_line import NewWaiting
from dialog.clauses import (
    backed,
    clear_piece,
    dropped,
    split,
    to_the_point,
    wish_instead,
    without_denied,
)
from dialog.decision import (
    Act,
    Decision,
    Event,
    Expired,
    Heard,
    Keyed,
    Opened,
    Outcome,
    Queued,
    Returned,
    Silent,
    Unclear,
)
from dialog.errors import BankError, UnknownAccount
from dialog.further import agreed_and_more
from dialog.grounding import AUDIBLE, FIRST_LETTERS, HARDLY
from dialog.manager import decide
from dialog.masking import MASK, mask, mask_for_later, mask_text
from dialog.rewriting import Answer, Writer, rewritten
from dialog.script import ROOT, script, wants_more
from dialog.state import State
from dialog.summary import summarise
from dialog.turns import Response, Thought
from nlu.understanding import Context, Expectation, Understanding

logger = logging.getLogger(__name__)

URGENT = frozenset({"emergency_block", "block_all_cards"})
"""Who had one of these done goes before others in the line for a person."""

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
        root: Path = ROOT,
        writer: Writer | None = None,
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
            root: Folder of the flows and of what is said.
            writer: Puts replies into other words, under guard; None says them as they are.

        Raises:
            FlowError: The language's files are missing or wrong.
        """
        self._bank = bank
        self._understander = understander
        self._today = today
        self._root = root
        self._writer = writer
        self._script = script(language, root)
        self._state = State(call_id=call_id, language=language)
        self._facts: Facts | None = None
        self._caller_id = caller_id
        self._session = bank.session()

    @property
    def expectation(self) -> Expectation:
        """What the caller is waited for with."""
        return self._state.expectation

    @property
    def context(self) -> Context:
        """What sharpens recognition and understanding now."""
        known = self._facts if self._state.customer_id is not None else None
        return Context(self._today, _payees(known), self._state.expectation)

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
        text = " ".join(text.split())
        if not is_speech or not text:
            return self._consider(Unclear(), None, "")
        hypotheses = [(" ".join(reading.split()), share) for reading, share in hypotheses]
        understood = self._understander.understand(
            text, self.context, hypotheses=hypotheses, confidence=confidence
        )
        lexicon = self._script.lexicon
        shown = mask(understood, self.expectation, lexicon)
        first, *later = self._parts(understood)
        then = tuple(mask_for_later(part, lexicon) for part in later)
        return self._consider(Heard(first, then), shown, shown.text)

    def commit(self, thought: Thought) -> Response:
        """Make a thought so: its state becomes the call's, its acts are carried out, once.

        A thought from before the last commit is thought again from where the call stands now.
        """
        if thought.state is not self._state:
            thought = self._consider(thought.event, thought.understanding, thought.heard)
        before = self._state
        decisions, outcomes = self._carry_out(thought.decision)
        effect = any(ACTIONS[outcome.act].effect for outcome in outcomes)
        said = self._words(decisions, thought.heard, effect=effect)
        summary = self._summary(before, decisions[0].reason)
        if summary and self._state.place == 0:
            said += self._join_line(summary)
        self._take_up_edits()
        if isinstance(thought.event, Heard | Keyed | Expired):
            identified = self._state.customer_id is not None
            self._session.spoken(self._bank.now(), identified=identified)
        named = max(reversed(decisions), key=lambda decision: decision.weight)
        return Response(
            say=said,
            heard=thought.heard,
            understanding=thought.understanding,
            action=named.action,
            reason="; ".join(decision.reason for decision in decisions if decision.reason),
            expectation=self._state.expectation,
            end=self._state.end,
            summary=summary,
            effect=effect,
            did=tuple(f"{outcome.act}: {outcome.result}" for outcome in outcomes),
            path=tuple(way for decision in decisions for way in decision.path),
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

    def take_back(self) -> Response:
        """No person could take the call over: say so, and go on where anything may be asked."""
        self._leave_line()
        return self.commit(self._consider(Returned(), None, ""))

    def heard_reply(self, text: str, fraction: float) -> None:
        """Tell how much of the last answer reached the caller, before thinking about their words.

        Args:
            text: The answer.
            fraction: How much of it was audible, 0 to 1.
        """
        if fraction < AUDIBLE:
            hardly = fraction < HARDLY and fraction * len(text) < FIRST_LETTERS
            self._state = replace(self._state, audible=False, unheard=hardly)

    def _parts(self, understood: Understanding) -> tuple[Understanding, ...]:
        """The utterance as one wish or several."""

        def read(text: str) -> Understanding:
            return self._understander.understand(
                text, self._context_open(), confidence=understood.confidence
            )

        if self._state.expectation.secret:
            return (wish_instead(understood, self._script, self._state.expectation, read),)

        running = next((f.flow for f in reversed(self._state.stack) if not f.called), None)
        if parts := dropped(understood, self._script, read, running):
            return parts if self._state.stack else parts[1:] or parts
        if self._state.expectation.kind == "yes_no":
            top = self._state.stack[-1]
            parts = agreed_and_more(understood, self._script, top, self._read_in_context, read)
            if parts:
                return parts
        understood = to_the_point(understood, self._script, self._read_in_context)
        understood = clear_piece(
            understood, self._script, self._read_in_context, self._state.expectation.kind
        )
        if self._state.expectation.kind != "open":
            return (understood,)
        understood = without_denied(understood, self._script, read)
        understood = backed(understood, self._script, read)
        return split(understood, self._script, read)

    def _read_in_context(self, text: str) -> Understanding:
        return self._understander.understand(text, self.context)

    def _consider(self, event: Event, shown: Understanding | None, heard: str) -> Thought:
        """Decide about an event with fresh facts; changes nothing."""
        if isinstance(event, Heard | Keyed) and self._session.is_over(self._bank.now()):
            event = Expired()
        try:
            facts = self._read_facts(self._state.customer_id)
        except UnknownAccount:  # erased while they speak
            event, facts = Expired(), None
        except BankError:
            event, facts = Outcome("facts", "unavailable"), self._facts
        decision = self._decide(event, facts)
        more = wants_more(self._script, decision.state.stack)
        return Thought(shown, decision, heard, more, event, self._state)

    def _carry_out(self, decision: Decision) -> tuple[list[Decision], list[Outcome]]:
        """Carry out a decision's act, and those of the decisions that follow from it."""
        self._state = decision.state
        decisions = [decision]
        outcomes: list[Outcome] = []
        while decision.act is not None and len(outcomes) < MAX_ACTS:
            outcome, decision = self._act(decision.act, decision.reason)
            self._state = decision.state
            outcomes.append(outcome)
            decisions.append(decision)
        return decisions, outcomes

    def _words(self, decisions: list[Decision], heard: str, *, effect: bool) -> tuple[str, ...]:
        """What is said: our own words, or a writer's where they hold."""
        own = tuple(sentence for decision in decisions for sentence in decision.say)
        if self._writer is None:
            return own
        answer = Answer(
            sentences=[one for decision in decisions for one in decision.sentences],
            keys=[key for decision in decisions for key in decision.reply],
            heard=heard,
            expectation=self._state.expectation,
            effect=effect,
            over=self._state.end is not None,
        )
        said = rewritten(answer, self._writer, self._script.lexicon, self._names())
        instead = dict(zip(own, said, strict=True))
        last = tuple(instead.get(sentence, sentence) for sentence in self._state.last_said)
        self._state = replace(self._state, last_said=last)
        return said

    def _names(self) -> tuple[str, ...]:
        """Names that no other service is told."""
        facts = self._facts
        return (facts.first_name, *(p.name for p in facts.payees)) if facts else ()

    def _act(self, act: Act, reason: str) -> tuple[Outcome, Decision]:
        """Carry out an act, and decide about what became of it."""
        with because(reason, self._understander.version):
            outcome = carry_out(act, self._bank, Origin(self._state.call_id, self._caller_id))
        try:
            return outcome, self._learn(outcome)
        except Exception as error:
            # Whatever is wrong on our side, the caller must not be left in silence.
            logger.error("outcome_failed", extra={"act": act.name, "error": type(error).__name__})
            return outcome, self._decide(Outcome(act.name, "failed"), self._facts)

    def _learn(self, outcome: Outcome) -> Decision:
        """Decide about an outcome, with what is known after it."""
        if self._is_locked_out(outcome):
            outcome = Outcome(outcome.act, "locked")
        customer = outcome.values.get("customer_id", self._state.customer_id)
        try:
            self._facts = self._read_facts(customer if isinstance(customer, int) else None)
        except BankError:
            if outcome.act == "authenticate":
                outcome = Outcome(outcome.act, "unavailable")
        if outcome.act == "authenticate" and outcome.result == "ok" and self._state.request:
            # the state does not know yet who they are, but their payees belong to the words
            context = Context(self._today, _payees(self._facts), Expectation())
            request = self._understander.understand(self._state.request, context)
            outcome = replace(outcome, request=request)
        return self._decide(outcome, self._facts)

    def _is_locked_out(self, outcome: Outcome) -> bool:
        """Whether a login must come to nothing: a call and its record are one customer's, and
        nothing of another is told, nor anything once access is closed."""
        if outcome.act != "authenticate":
            return False
        other = self._state.served not in (None, outcome.values.get("customer_id"))
        return self._state.locked_out or (outcome.result == "ok" and other)

    def _decide(self, event: Event, facts: Facts | None) -> Decision:
        return decide(self._state, event, facts, self._today, self._script)

    def _take_up_edits(self) -> None:
        """Take up files that were edited during the call, where no flow is under way that would
        not find its step any more; a flow keeps the files that it began with."""
        newest = script(self._state.language, self._root)
        if newest is self._script or self._state.stack:
            return
        self._script = newest
        ended = tuple(e for e in self._state.ended if e.frame.flow in newest.flows)
        self._state = replace(self._state, ended=ended)

    def _context_open(self) -> Context:
        return replace(self.context, expectation=Expectation())

    def _read_facts(self, customer_id: int | None) -> Facts | None:
        return None if customer_id is None else self._bank.facts(customer_id)

    def _join_line(self, summary: str) -> tuple[str, ...]:
        """Stand in line for a person; gives what the caller is told of it."""
        state = self._state
        first = state.mood.goes_first or not URGENT.isdisjoint(state.done)
        new = NewWaiting(state.call_id, state.served, first, state.mood.name, summary)
        try:
            place = self._bank.line.join(new)
        except BankError as error:
            logger.error("line_not_joined", extra={"error": type(error).__name__})
            return ()
        decision = self._decide(Queued(place), self._facts)
        self._state = decision.state
        return decision.say

    def _leave_line(self) -> None:
        """The caller is back."""
        try:
            self._bank.line.leave(self._state.call_id)
        except BankError as error:
            logger.error("line_not_left", extra={"error": type(error).__name__})

    def _summary(self, before: State, reason: str) -> str:
        if self._state.end != "transfer":
            return ""
        return summarise(
            replace(self._state, stack=before.stack), reason, self._script, self._facts
        )


def _payees(facts: Facts | None) -> tuple[str, ...]:
    return tuple(p.name for p in facts.payees) if facts else ()
