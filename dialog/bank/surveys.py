"""One question after a call, in free words: read for score, sentiment and topic, and reported."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import ForeignKey, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dialog.bank import office
from dialog.bank.desk import Desk
from dialog.bank.erased import require_known
from dialog.bank.order_tables import OrderRow
from dialog.bank.orders import Order, Told
from dialog.bank.risk import Features
from dialog.bank.routing import route
from dialog.bank.settings import BankSettings
from dialog.bank.tables import Base, UtcDateTime
from dialog.strict_yaml import Strict, read

Sentiment = Literal["good", "bad", "neither"]
SURVEY, LOW = "survey", 2
"""The workflow that follows an answer, and the score from which down a person looks at it."""


class SurveyRow(Base):
    """What a caller said of a call; flows are what they had done in it."""

    __tablename__ = "surveys"

    id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    flows: Mapped[str] = mapped_column(String(200))
    score: Mapped[int | None] = mapped_column(Integer)
    sentiment: Mapped[str] = mapped_column(String(8))
    topic: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SentimentWords(Strict):
    """sentiment.yaml."""

    good: frozenset[str]
    bad: frozenset[str]
    turns: frozenset[str]
    before: frozenset[str]
    after: frozenset[str]
    out_of: frozenset[str]
    scores: dict[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says: a score of 1 to 5 where one was said, sentiment, department."""

    score: int | None
    sentiment: Sentiment
    topic: str


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Of the calls that had one flow in them."""

    flow: str
    answers: int
    mean: float | None
    bad: int
    reasons: tuple[str, ...]


@cache
def sentiment_words() -> SentimentWords:
    """The packaged words."""
    return read(Path(__file__).with_name("sentiment.yaml"), SentimentWords)


def analyse(words: str, now: datetime) -> Answer:
    """Read an answer."""
    known = sentiment_words()
    tokens = _tokens(words)
    score = _score(words)
    balance = 0
    for before, token in zip(["", *tokens], tokens, strict=False):
        value = (token in known.good) - (token in known.bad)
        balance += -value if before in known.turns else value
    if balance == 0 and score is not None:
        balance = score - 3
    sentiment: Sentiment = "good" if balance > 0 else "bad" if balance < 0 else "neither"
    return Answer(score, sentiment, route(words, now.date()).department)


def rates(words: str) -> bool:
    """Whether a score or a mood is in some words."""
    known = sentiment_words()
    mood = not (known.good | known.bad).isdisjoint(_tokens(words))
    return mood or _score(words) is not None


def _score(words: str) -> int | None:
    """The score that begins a phrase ("five, that was quick", "I'd give it a four") or is "out of
    five"; other numbers are none."""
    known = sentiment_words()
    for phrase in re.split(r"[,.;:!?]+", words):
        tokens = _tokens(phrase)
        for at, token in enumerate(tokens):
            if token in known.scores and _is_score(tokens[:at], tokens[at + 1 :]):
                return known.scores[token]
    return None


def _is_score(before: Sequence[str], after: Sequence[str]) -> bool:
    known = sentiment_words()
    behind = after[1:] if after[:1] == ["out"] else after
    if behind[:1] == ["of"]:
        return behind[1:2] != [] and behind[1] in known.out_of
    return known.before.issuperset(before) and (not after or after[0] in known.after)


def _tokens(words: str) -> list[str]:
    return re.findall(r"[a-z']+|\d+", words.lower())


class SurveyAnswer:
    """An answer to the question after the call."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is."""
        return {"to": "survey"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Nothing: no code is asked for."""
        return {}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Read it and keep it; a bad one is followed."""
        words = str(order.terms["words"])[:2000]
        found = analyse(words, now)
        row = SurveyRow(
            id=order.id,
            customer_id=order.customer_id,
            flows=str(order.terms["flows"])[:200],
            score=found.score,
            sentiment=found.sentiment,
            topic=found.topic,
            words=words,
            at=now,
        )
        session.add(row)
        if found.sentiment == "bad" or (found.score or 5) <= LOW:
            office.start(session, SURVEY, order.id, now)
        return {"score": found.score, "sentiment": found.sentiment}


class SurveyAsked(SurveyAnswer):
    """That a caller was asked; there is nothing to carry out."""

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Nothing: an answer is an order of its own."""
        return {}


def share(session: Session, customer_id: int, settings: BankSettings, now: datetime) -> float:
    """The share of this customer's calls that are asked: none soon after one was asked or rated."""
    if settings.survey_share == 0:
        return 0.0
    query = select(OrderRow.id).where(
        OrderRow.customer_id == customer_id,
        OrderRow.kind.in_((SURVEY, "survey_asked")),
        OrderRow.proposed_at > now - settings.survey_every,
    )
    return 0.0 if session.scalar(query.limit(1)) else settings.survey_share


class Surveys:
    """Reports what callers said."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, survey_id: str) -> tuple[int, str, str]:
        """Customer, topic and words of an answer.

        Raises:
            CustomerErased: Nobody knows any more what was said.
        """
        with self._desk.reading() as session:
            row = session.get_one(SurveyRow, survey_id)
            require_known(session, row.customer_id)
            return row.customer_id, row.topic, row.words

    def report(self) -> list[Satisfaction]:
        """By what was done in the call, the least satisfied first, with reasons for low scores."""
        by_flow: defaultdict[str, list[SurveyRow]] = defaultdict(list)
        with self._desk.reading() as session:
            for row in session.scalars(select(SurveyRow).order_by(SurveyRow.at)):
                for flow in row.flows.split(",") or [""]:
                    by_flow[flow or "nothing"].append(row)
        told = [_satisfaction(flow, rows) for flow, rows in by_flow.items()]
        return sorted(told, key=lambda one: (one.mean is None, one.mean or 0.0, one.flow))


def _satisfaction(flow: str, rows: list[SurveyRow]) -> Satisfaction:
    scores = [row.score for row in rows if row.score is not None]
    bad = [row for row in rows if row.sentiment == "bad" or (row.score or 5) <= LOW]
    mean = sum(scores) / len(scores) if scores else None
    reasons = tuple(f"{row.topic}: {row.words}" for row in bad[-5:])
    return Satisfaction(flow, len(rows), mean, len(bad), reasons)
