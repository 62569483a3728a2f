"""The questions that the match is trained and measured on, and what no document answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from nlu.corpus.duplicates import near_duplicates, refuse_near_duplicates
from nlu.corpus.load import (
    FRESH_FOLDER,
    OUT_OF_SCOPE,
    TEST_FOLDER,
    TRAIN_FOLDER,
    TRAIN_MINIMUM,
    Utterance,
    load_corpus,
)
from nlu.errors import CorpusError
from nlu.questions.documents import Passage
from nlu.questions.index import document_of

DOCUMENTS = TRAIN_FOLDER / "documents"
QUESTIONS = TRAIN_FOLDER / "questions"
NONE = "none"
"""Names the questions that no document answers."""

_CORPUS = {"validation": TEST_FOLDER, "test": FRESH_FOLDER}

OWN = ("balance", "transactions", "spending", "pending_payments", "payment_status", "transfer")
SMALL = ("bill_payment", "scheduled_payment", "case_status", "feedback", "chitchat", "insult")
DEEDS = ("greet", "thanks", "inform", "correct", "affirm", "deny", "wait", "repeat", "cancel")
LINES = 25
"""Lines of each of these intents that stand for what no document answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the document that answers it; "none" where there is none."""

    text: str
    document: str


def outside_lines() -> list[str]:
    """Training questions that no document answers: written ones, and lines of the corpus; without
    those that nearly repeat a held-out question."""
    lines = load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)
    found = _as_lines(questions("train"))
    for name in (OUT_OF_SCOPE, *OWN, *SMALL, *DEEDS):
        own = [line for line in lines if line.intent == name]
        found += own if name == OUT_OF_SCOPE else own[:LINES]
    held_out = _as_lines([*questions("validation"), *questions("test")])
    copies = {copy.test.text for copy in near_duplicates(held_out, found)}
    return [line.text for line in found if line.text not in copies]


def _as_lines(found: Sequence[Asked]) -> list[Utterance]:
    return [Utterance(one.text, one.document, QUESTIONS, 1) for one in found]


def questions(side: str, passages: Sequence[Passage] = ()) -> list[Asked]:
    """The questions of "train", "validation" or "test", and the corpus' lines out of scope.

    Raises:
        CorpusError: A question is filed under a document that does not exist.
    """
    path = QUESTIONS / f"{side}.yaml"
    told: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = {document_of(passage.source) for passage in passages} | {NONE}
    for document in told:
        if passages and document not in known:
            raise CorpusError(f"{path}: no document {document}: name one below {DOCUMENTS}")
    found = [Asked(str(text), document) for document, texts in told.items() for text in texts]
    if side not in _CORPUS:
        return found
    filed = {one.text for one in found}
    lines = load_corpus(_CORPUS[side], 1)
    own = [line.text for line in lines if line.intent == OUT_OF_SCOPE and line.text not in filed]
    return found + [Asked(text, NONE) for text in own]


def check_leaks(passages: Sequence[Passage]) -> None:
    """Refuse held-out questions that nearly repeat a training one.

    Raises:
        CorpusError: Names the first pair.
    """
    train = [Asked(text, p.source) for p in passages for text in p.asked]
    validation = _as_lines(questions("validation", passages))
    test = _as_lines(questions("test", passages))
    refuse_near_duplicates(_as_lines(train), [*validation, *test])
    refuse_near_duplicates(validation, test)
