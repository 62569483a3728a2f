"""Letting a language model put replies into other words, where nothing hangs on the words.

Off unless a call is given a writer. Never for a question that a "yes" answers, where a secret is
asked for, or for what became of an act; and whatever is written passes `dialog.guard` or is not
said.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from dialog.decision import Sentence
from dialog.guard import answer_faults, faults, outward
from dialog.words import Lexicon
from nlu.understanding import Expectation

logger = logging.getLogger(__name__)

REPEATED = "repeated"
"""The key of a sentence that was said before: its values are written into it already."""

QUOTED = "quoted"
"""The key of a passage of the bank's documents, which is said as it stands there."""

OUTSIDE = "out_of_scope"
"""The reply to what is outside of banking: a model may answer the question instead."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a model is asked for.

    Attributes:
        kind: "rewrite" the lines, one for one; or "answer" the only line, a caller's question.
        lines: Replies with the names of their values, or the question; without numbers or names
            of the caller's.
    """

    kind: Literal["rewrite", "answer"]
    lines: tuple[str, ...]


class Writer(Protocol):
    """Writes, or gives up soon."""

    def write(self, wish: Wish) -> tuple[str, ...]:
        """One line for each of the wish's; nothing where it failed or took too long."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that may be put into other words.

    Attributes:
        sentences: What is said.
        keys: The replies that they are, one for one.
        heard: The caller's words, secrets masked.
        expectation: What the caller is waited for with.
        effect: Something was changed at the bank.
        over: The call ends with it.
    """

    sentences: Sequence[Sentence]
    keys: Sequence[str]
    heard: str
    expectation: Expectation
    effect: bool
    over: bool

    @property
    def may_change(self) -> bool:
        """Whether nothing hangs on the words; the greeting and calls into a silence keep theirs."""
        asks = self.expectation.kind == "yes_no" or self.expectation.secret
        return bool(self.heard) and not (asks or self.effect or self.over)


def rewritten(
    answer: Answer, writer: Writer, lexicon: Lexicon, names: Collection[str]
) -> tuple[str, ...]:
    """What is said: in the writer's words where they hold, else in our own.

    Args:
        answer: The answer.
        writer: Writes.
        lexicon: The language's words.
        names: Of the caller and the people they pay, which are not sent out.
    """
    own = tuple(sentence.written() for sentence in answer.sentences)
    if not answer.may_change:
        return own
    if OUTSIDE in answer.keys:
        return _answered(answer, own, writer, lexicon, names)
    return _rewritten(answer, own, writer, lexicon)


def _rewritten(
    answer: Answer, own: tuple[str, ...], writer: Writer, lexicon: Lexicon
) -> tuple[str, ...]:
    places = [n for n, key in enumerate(answer.keys) if key not in (REPEATED, QUOTED)]
    templates = tuple(answer.sentences[n].template for n in places)
    lines = writer.write(Wish("rewrite", templates)) if templates else ()
    if len(lines) != len(templates):
        return own
    said = list(own)
    for place, template, line in zip(places, templates, lines, strict=True):
        wrong = faults(line, template, lexicon)
        if wrong:
            logger.info("rewriting_refused", extra={"reply": answer.keys[place], "faults": wrong})
        else:
            said[place] = answer.sentences[place].written(line)
    return tuple(said)


def _answered(
    answer: Answer,
    own: tuple[str, ...],
    writer: Writer,
    lexicon: Lexicon,
    names: Collection[str],
) -> tuple[str, ...]:
    asked = outward(answer.heard, names, lexicon)
    lines = writer.write(Wish("answer", (asked,)))
    if len(lines) != 1:
        return own
    wrong = answer_faults(lines[0], asked, lexicon)
    if wrong:
        logger.info("answer_refused", extra={"faults": wrong})
        return own
    place = list(answer.keys).index(OUTSIDE)
    return (*own[:place], lines[0], *own[place + 1 :])
