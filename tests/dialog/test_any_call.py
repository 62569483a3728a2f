"""From any state any utterance leads to a legal state, and money moves only on a plain yes."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from calling import CHEAP, PEPPER, TODAY, Caller, Told, entity, money
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dialog.bank.bank import Bank
from dialog.bank.settings import BankSettings
from dialog.bank.values import Proposed, Receipt, TransferOrder
from dialog.conversation import Conversation
from dialog.everywhere import ALWAYS, SMALL_TALK
from dialog.script import script
from dialog.stack import requests_in
from dialog.turns import Response
from nlu.understanding import Entity, Money, ScoredIntent, Understanding

NUMBER, PIN = "40217308", "4821"
SCRIPT = script("en")
INTENTS = sorted(
    {*SCRIPT.by_intent, *SCRIPT.topics, *ALWAYS, *SMALL_TALK}
    | {"affirm", "deny", "inform", "correct", "keep", "refuse"}
)
TASKS = ["transfer", "balance", "transactions", "block_card", "opening_hours", "affirm", "inform"]
TAKEN = [kind for flow in SCRIPT.flows.values() for s in flow.slots.values() for kind in s.takes]
KINDS = {
    "customer_number",
    "pin",
    "yes_no",
    "choice",
    "open",
    *(kind.partition(":")[0] for kind in TAKEN),
}
ENTITIES = st.sampled_from(
    [
        money("50", "fifty dollars"),
        money("60", "sixty"),
        money("0", "nothing"),
        money("99999", "a lot"),
        entity("payee", "Anna Keller"),
        entity("payee", "Tom Becker", role="to"),
        entity("payee", "Anna Keller", role="not"),
        entity("account_kind", "savings", role="from"),
        entity("account_kind", "checking", role="to"),
        entity("account_kind", "savings"),
        entity("card_kind", "credit"),
        entity("digits", "60"),
        entity("digits", "1234"),
        entity("ordinal", "2"),
    ]
)


class Watched(Bank):
    """A real bank that keeps what it was asked to execute."""

    def watch(self) -> None:
        self.orders: dict[str, TransferOrder] = {}
        self.executed: list[TransferOrder] = []

    def propose_transfer(self, order: TransferOrder, *, call_id: str, proposal_id: str) -> Proposed:
        told = super().propose_transfer(order, call_id=call_id, proposal_id=proposal_id)
        self.orders[proposal_id] = order
        return told

    def execute_transfer(self, proposal_id: str, **named: Any) -> Receipt:
        receipt = super().execute_transfer(proposal_id, **named)
        self.executed.append(self.orders[proposal_id])
        return receipt


def a_call(demo_file: Path) -> type[RuleBasedStateMachine]:
    """The machine, on copies of the demo bank."""

    class AnyCall(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())
            shutil.copy(demo_file, self.folder / "bank.db")
            self.bank = Watched(
                f"sqlite:///{self.folder}/bank.db",
                pepper=PEPPER,
                clock=lambda: datetime(2026, 3, 16, 12, tzinfo=UTC),
                settings=BankSettings(pin_cost=CHEAP),
            )
            self.bank.watch()
            self.calls = 0
            self.paid: list[TransferOrder] = []

        def teardown(self) -> None:
            self.bank.close()
            shutil.rmtree(self.folder)

        def begin(self) -> None:
            self.calls += 1
            told = Told()
            conversation = Conversation(
                bank=self.bank, understander=told, today=TODAY, call_id=f"call-{self.calls}"
            )
            self.caller = Caller(conversation, told)
            self.answers: list[Response] = [conversation.open()]
            self.audible = True
            if self.known:
                self.answers.append(self.caller.logs_in(NUMBER, PIN))

        def take(
            self, answer: Response, *, plain_yes: bool = False, found: Sequence[Entity] = ()
        ) -> None:
            moved = self.bank.executed[len(self.paid) :]
            if moved:
                assert plain_yes, "money moved without a plain yes"
                assert self.audible, "money moved on a question that was not heard"
                assert len(moved) == 1
                self.check_read_back(moved[0])
                assert all(self.fits(moved[0], one) for one in found)
            self.paid = list(self.bank.executed)
            assert answer.say, "the caller was left in silence"
            if any("$" in s and "from your" in s for s in answer.say):
                self.audible = True
            self.answers.append(answer)
            if answer.end:
                assert answer.expectation.kind == "open"
                self.begin()

        def check_read_back(self, order: TransferOrder) -> None:
            """Who asked for a moment answers the question that stands since then."""
            question = next(a for a in reversed(self.answers) if a.action != "wait").say[-1]
            assert f"${order.amount:,.2f}" in question
            facts = self.bank.facts(1)
            if order.to_payee_id:
                assert next(p.name for p in facts.payees if p.id == order.to_payee_id) in question
            source = next(a for a in facts.accounts if a.id == order.from_account_id)
            assert source.last4 in question

        def fits(self, order: TransferOrder, one: Entity) -> bool:
            """Whether what was said beside the "yes" is what was read back."""
            facts = self.bank.facts(1)
            payee = next((p.name for p in facts.payees if p.id == order.to_payee_id), None)
            source = next(a.kind for a in facts.accounts if a.id == order.from_account_id)
            match one.type, one.role:
                case _, "not":
                    return False
                case "money", _:
                    return isinstance(one.value, Money) and one.value.amount == order.amount
                case "digits", _:
                    return str(one.value) == str(order.amount)
                case "payee", _:
                    return one.value == payee
                case "account_kind", "from" | None:
                    return one.value == source
            return True

        @initialize(known=st.sampled_from([True, True, True, False]))
        def starts(self, known: bool) -> None:
            self.known = known
            self.begin()

        @rule(
            intent=st.sampled_from(INTENTS) | st.sampled_from(TASKS) | st.none(),
            found=st.lists(ENTITIES, max_size=2),
            score=st.sampled_from([0.3, 0.45, 0.7, 0.95]),
            confidence=st.sampled_from([0.1, 0.45, 0.7, 0.95]),
            against=st.sampled_from([None, "deny", "transfer"]),
            text=st.sampled_from(["so", "well then", "that thing which I said before you know"]),
        )
        def says(
            self,
            intent: str | None,
            found: list[Any],
            score: float,
            confidence: float,
            against: str | None,
            text: str,
        ) -> None:
            others = {against: 0.3} if against else None
            answer = self.caller.says(
                text, intent, *found, score=score, confidence=confidence, others=others
            )
            plain = intent == "affirm" and min(score, confidence) >= 0.5 and against != "deny"
            self.take(answer, plain_yes=plain, found=found)

        @rule(
            found=st.lists(ENTITIES, max_size=1),
            score=st.sampled_from([0.3, 0.45, 0.95]),
            confidence=st.sampled_from([0.45, 0.95]),
            against=st.sampled_from([None, "deny", "correct"]),
            text=st.sampled_from(["yes", "yes but wait", "is that what you want"]),
        )
        def says_some_kind_of_yes(
            self, found: list[Any], score: float, confidence: float, against: str | None, text: str
        ) -> None:
            """Asks for a transfer and agrees at once, more or less."""
            self.asks_to_pay_anna()
            others = {against: 0.3} if against else None
            answer = self.caller.says(
                text, "affirm", *found, score=score, confidence=confidence, others=others
            )
            plain = min(score, confidence) >= 0.5 and against is None and text == "yes"
            self.take(answer, plain_yes=plain, found=found)

        @rule()
        def asks_to_pay_anna(self) -> None:
            anna = entity("payee", "Anna Keller", role="to")
            self.take(self.caller.says("pay her", "transfer", money("50", "fifty"), anna))

        @rule(fraction=st.sampled_from([0.0, 0.5, 0.9]))
        def agrees_before_the_question_is_over(self, fraction: float) -> None:
            self.asks_to_pay_anna()
            self.speaks_over_the_answer(fraction)
            self.says_yes()

        @rule()
        def says_yes(self) -> None:
            self.take(self.caller.says("yes", "affirm"), plain_yes=True)

        @rule()
        def cancels(self) -> None:
            """What is talked about is dropped; as often again, and nothing is under way."""
            before = requests_in(self.caller.conversation.state.stack)
            answer = self.caller.says("forget it", "cancel")
            left = requests_in(self.caller.conversation.state.stack)
            assert len(left) < max(1, len(before))
            assert answer.end is None
            self.take(answer)

        @rule()
        def cancels_everything(self) -> None:
            answer = self.caller.says("forget everything", "cancel")
            assert self.caller.conversation.state.stack == ()
            self.take(answer)

        @rule(digits=st.sampled_from(["1", "2", "0", "5", NUMBER, PIN, "1111", "12*50", "#", "*"]))
        def keys(self, digits: str) -> None:
            self.take(self.caller.keys(digits), plain_yes=digits == "1")

        @rule()
        def is_silent(self) -> None:
            self.take(self.caller.conversation.silence())

        @rule(fraction=st.sampled_from([0.0, 0.5, 0.9]))
        def speaks_over_the_answer(self, fraction: float) -> None:
            self.caller.conversation.heard_reply(" ".join(self.answers[-1].say), fraction)
            self.audible = False

        @rule(intent=st.sampled_from(INTENTS))
        def thinks(self, intent: str) -> None:
            before = self.caller.conversation.state
            self.caller.conversation.think("so")
            assert self.caller.conversation.state == before

        @invariant()
        def the_state_is_legal(self) -> None:
            state = self.caller.conversation.state
            assert state.expectation.kind in KINDS
            assert len(state.stack) <= 14
            for frame in state.stack:
                assert 0 <= frame.at < len(SCRIPT.flows[frame.flow].steps)
            assert state.end is None
            waits = bool(state.stack or state.offered)
            assert waits or state.expectation.kind == "open"
            assert not state.stack or state.expectation.kind != "open"

        @invariant()
        def the_pin_is_nowhere(self) -> None:
            assert PIN not in repr(self.caller.conversation.state)
            assert PIN not in repr(self.answers)

        @rule(
            text=st.sampled_from(
                [
                    "the other one",
                    "the other way round",
                    "the amount is wrong",
                    "another recipient please",
                    "oh wait, I meant yes",
                    "send all I have",
                    "card",
                    "hola, quiero saber el saldo",
                    "no, yes",
                ]
            ),
            intent=st.sampled_from(["correct", "inform", "affirm", "deny", None]),
        )
        def says_what_names_no_value(self, text: str, intent: str | None) -> None:
            # Words without assent are never understood as a "yes" (nlu/intents/yes_no.py).
            assent = intent != "affirm" or "yes" in text
            self.take(self.caller.says(text, intent if assent else "inform"))

        @rule(pairs=st.lists(st.sampled_from([("50", "Anna Keller"), ("20", "Tom Becker")])))
        def orders_several(self, pairs: list[tuple[str, str]]) -> None:
            said = [(money(a, f"{a} dollars"), entity("payee", p, role="to")) for a, p in pairs]
            text = "pay " + " and ".join(f"{a.text} to {p.text}" for a, p in said)
            self.take(self.caller.says(text, "transfer", *(e for pair in said for e in pair)))

        @invariant()
        def a_person_can_be_had(self) -> None:
            """No dead end: from anywhere a caller gets to a person, or out."""
            call, told = self.caller.conversation, self.caller.told
            for intent, end in (("agent", "transfer"), ("goodbye", "goodbye")):
                meant = (ScoredIntent(intent, 0.95),)
                told.meanings[intent] = Understanding(intent, meant, (), 0.95, True)
                assert call.think(intent).decision.end == end

        @invariant()
        def no_sentence_comes_three_times_in_a_row(self) -> None:
            last = [set(answer.say) for answer in self.answers[-3:] if answer.action != "repeat"]
            assert len(last) < 3 or not set.intersection(*last)

        @invariant()
        def no_answer_comes_three_times_in_a_row(self) -> None:
            last = [answer.say for answer in self.answers[-3:]]
            assert len(last) < 3 or len(set(last)) > 1

        @invariant()
        def the_books_hold_what_was_executed(self) -> None:
            paid = sum((o.amount for o in self.paid if o.to_payee_id), Decimal(0))
            total = sum((a.balance for a in self.bank.facts(1).accounts), Decimal(0))
            assert total == Decimal("10750.75") - paid

    return AnyCall


def test_any_call(demo_file: Path) -> None:
    run_state_machine_as_test(
        a_call(demo_file),
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_very_many_calls(demo_file: Path) -> None:
    run_state_machine_as_test(
        a_call(demo_file),
        settings=settings(
            max_examples=300,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_same_event_in_the_same_state_is_decided_the_same(caller: Caller) -> None:
    thoughts = [caller.conversation.think("anything at all") for _ in range(3)]
    assert len({replace(t.decision, state=caller.conversation.state).say for t in thoughts}) == 1
