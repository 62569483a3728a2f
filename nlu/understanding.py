"""What one utterance means, as plain values."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount; currency is an ISO 4217 code."""

    amount: Decimal
    currency: str = "USD"

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from first to last, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


EntityValue = Money | Period | date | time | Decimal | str
"""str for digit strings (leading zeros kept), account and card kinds, names."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One exact value found in the text.

    Attributes:
        type: "money", "date", "time", "period", "digits", "account_kind", "card_kind", "payee",
            "percent", "ordinal", "recurrence",
            "category", "direction", "bill_kind", "product", "attitude" or
            "profile_item".
        value: The exact value. account_kind: "checking" | "savings". card_kind: "debit" |
            "credit". payee: the matched payee's name as the customer's own list writes it.
            digits: "0042". date: a date. money: Money.
        text: The words it was read from.
        start, end: Where they stand in the text.
        confidence: 0 to 1; below 1 where matching was fuzzy or readings disagree.
        role: "from" | "to" | "at" | "not" | "more" | "less" | "other" | None: what the words around
            it say ("from savings", "no, not fifty", "twenty more": an amount that counts from
            another; a second product is the other one).
        ambiguous: The words themselves have another reading ("three fifty"): it lowers the
            confidence, and says nothing of how well they were heard.
        other: The value of that reading, of an amount.
    """

    type: str
    value: EntityValue
    text: str
    start: int
    end: int
    confidence: float = 1.0
    role: str | None = None
    ambiguous: bool = False
    other: Money | None = None


@dataclass(frozen=True, slots=True)
class ScoredIntent:
    """An intent's name and its calibrated probability."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Prosody:
    """How an utterance was said, against how this caller usually speaks.

    Attributes:
        loudness: Decibels above (or below) the caller's own mean.
        pace: Words a second, as a multiple of the caller's own mean.
    """

    loudness: float = 0.0
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Feelings:
    """Calibrated probabilities of how the caller feels.

    Attributes:
        negative, positive: Of the sentiment; the rest is neutral.
        anger, distress: Parts of the negative.
    """

    negative: float = 0.0
    positive: float = 0.0
    anger: float = 0.0
    distress: float = 0.0

    @property
    def sentiment(self) -> str:
        """The likeliest of "negative", "neutral" and "positive"."""
        neutral = 1.0 - self.negative - self.positive
        shares = {"negative": self.negative, "neutral": neutral, "positive": self.positive}
        return max(shares, key=shares.__getitem__)


@dataclass(frozen=True, slots=True)
class Need:
    """What would serve the caller, read from a complaint or a question (`nlu.needs`).

    Attributes:
        name: Such as "abroad".
        score: Its calibrated probability.
    """

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage of the bank's documents that answers a question.

    Attributes:
        text: Its words, as the document has them.
        source: The file below the documents' folder, and the row of a table.
        score: The match score, 0 to 1.
    """

    text: str
    source: str
    score: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one utterance means.

    Attributes:
        text: The reading that was understood (of the n-best the one that fits best).
        intents: Best first; empty where nothing in our world was meant (out of scope) or heard.
        entities: In the order of the text.
        confidence: How sure the recogniser was of the text, 0 to 1 (1 for typed text and keys).
        in_scope: False where the utterance is about nothing we know.
        nearest: Training utterances closest to it: why it was understood so.
        finished: How likely its words are all of the sentence, 0 to 1.
        feelings: How the caller feels; None where nothing was said or the model has no such head.
        need: What would serve the caller, sure enough to be told; else None.
        quote: What the bank's documents answer to it, sure enough to be said; else None. Whether a
            request goes before it is for the dialog to decide.
        strange: Where it is out of scope, the share of its words that are no words, 0 to 1.
        slots: Names and words of the slots that a bank's own data names, where its model has
            learned such; exact values are among the entities.
        rivals: The recogniser's other readings, each with its share of the probability of all.
        agreed: Share of all readings that hold the same exact values, 0 to 1: low where a likelier
            reading did not fit what is waited for.
    """

    text: str
    intents: tuple[ScoredIntent, ...]
    entities: tuple[Entity, ...]
    confidence: float
    in_scope: bool
    nearest: tuple[str, ...] = ()
    finished: float = 0.5
    feelings: Feelings | None = None
    need: Need | None = None
    quote: Quote | None = None
    strange: float = 0.0
    slots: tuple[tuple[str, str], ...] = ()
    rivals: tuple[tuple[str, float], ...] = ()
    agreed: float = 1.0

    @property
    def intent(self) -> str | None:
        """The best intent's name, or None."""
        return self.intents[0].name if self.intents else None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the dialog waits for: it sharpens recognition, understanding and endpointing.

    Attributes:
        kind: An entity type, "customer_number", "pin", "yes_no", "choice" or "open".
        secret: The answer must be masked in every output, log and event.
        digits: How many digits are waited for, where the number is known.
        valid: Names the check that a digit string must pass ("customer_number"), or None.
        choices: The words offered, for kind "choice".
        beside: Entity types that a correction would name instead of an answer.
    """

    kind: str = "open"
    secret: bool = False
    digits: int | None = None
    valid: str | None = None
    choices: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known when an utterance is understood: injected, never read from a clock.

    Attributes:
        today: The day that "yesterday" and "Friday" are counted from.
        payees: The caller's own payees' names; empty before authentication.
        expectation: What the dialog waits for.
        prosody: How the utterance was said, where that was measured.
    """

    today: date
    payees: tuple[str, ...] = ()
    expectation: Expectation = Expectation()
    prosody: Prosody | None = None
