"""A caller in tests, whose words are understood exactly as the test says."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dialog.bank.settings import PinCost
from dialog.conversation import Conversation
from dialog.turns import Response
from nlu.understanding import Context, Entity, Money, Need, Quote, ScoredIntent, Understanding

TODAY = date(2026, 3, 16)
PEPPER = b"a pepper for tests, of 32 bytes."
CHEAP = PinCost(time=1, memory_kib=64, lanes=1)


class Told:
    """Understands exactly what it was told beforehand, and nothing else.

    Attributes:
        contexts: What each text was last understood in.
    """

    version = "told"

    def __init__(self) -> None:
        self.meanings: dict[str, Understanding] = {}
        self.contexts: dict[str, Context] = {}

    def understand(
        self, text: str, context: Context, *, hypotheses: Any = (), confidence: float = 1.0
    ) -> Understanding:
        self.contexts[text] = context
        meaning = self.meanings.get(text)
        if meaning is None:
            return Understanding(text, (), (), confidence, in_scope=False)
        return replace(meaning, confidence=confidence)

    def settles(self, hypotheses: Any, context: Context) -> bool:
        return True


def money(amount: str, text: str | None = None, **more: Any) -> Entity:
    text = text or f"${amount}"
    return Entity("money", Money(Decimal(amount)), text, 0, 0, **more)


def entity(kind: str, value: Any, **more: Any) -> Entity:
    return Entity(kind, value, str(value), 0, 0, **more)


@dataclass
class Caller:
    """A call in progress, from the caller's side."""

    conversation: Conversation
    told: Told
    answers: list[Response] = field(default_factory=list)

    def says(
        self,
        text: str,
        intent: str | None = "inform",
        *found: Entity,
        score: float = 0.95,
        confidence: float = 0.95,
        others: dict[str, float] | None = None,
        in_scope: bool = True,
        quote: Quote | None = None,
        need: str | None = None,
    ) -> Response:
        """Say something that means this; entities are found in the text by their words."""
        placed = []
        for one in found:
            start = max(text.find(one.text), 0)
            end = start + len(one.text) if one.text in text else len(text)
            placed.append(replace(one, start=start, end=end))
        intents = ((intent, score),) if intent else ()
        scored = tuple(ScoredIntent(n, s) for n, s in (*intents, *(others or {}).items()))
        self.told.meanings[text] = Understanding(
            text,
            scored,
            tuple(placed),
            confidence,
            in_scope=in_scope,
            quote=quote,
            need=Need(need, 0.9) if need else None,
        )
        self.answers.append(self.conversation.hear(text, confidence=confidence))
        return self.answers[-1]

    def keys(self, digits: str) -> Response:
        self.answers.append(self.conversation.key(digits))
        return self.answers[-1]

    def logs_in(self, number: str, pin: str) -> Response:
        if self.conversation.expectation.kind != "customer_number":
            self.says("it's me", "identify")
        self.keys(f"{number}#")
        return self.keys(f"{pin}#")
