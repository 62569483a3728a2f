"""Trains the question-passage match and measures it on questions written before it was trained.

Training questions are those that the documents name. Each is asked of an index that was fitted
without it (five folds), so that the match sees what a caller's new wording looks like.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from nlu.encoder.sentence import SentenceEncoder
from nlu.mishearings import classifiable
from nlu.questions.answering import DOCUMENTS_FILE, Answerer
from nlu.questions.documents import read_documents
from nlu.questions.index import DocumentIndex, Encoded, Floats, document_of, encode, fit_index
from nlu.questions.match import QUESTIONS_FILE, MatchHead, signs
from nlu.training.asked import DOCUMENTS, NONE, Asked, check_leaks, outside_lines, questions

FOLDS = 5
HARDEST = 8
"""Passages that are asked about in training, the hardest ones, and that F1 is measured on."""

ANSWERED_OUTSIDE = 0.02
"""Share of the questions that no document answers which may be answered at the threshold."""


LIKELY = 0.5
"""Score below which a passage is likelier wrong than right: then nothing is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Questions with their hardest passages, asked of an index that was fitted without them.

    Attributes:
        rows: Signs of each pair.
        truth: Whether the passage answers the question.
    """

    rows: Floats
    truth: NDArray[np.bool_]


def train_questions(encoder: SentenceEncoder, seed: int = 7) -> Answerer:
    """The index of the packaged documents and the match head.

    Raises:
        CorpusError: Held-out questions leak, or name a document that does not exist.
        DocumentError: A document is wrong.
    """
    passages = read_documents(DOCUMENTS)
    check_leaks(passages)
    made = encode(passages, outside_lines(), encoder)
    index, head = fit_index(made), fit_match(fold_pairs(made, seed))
    return Answerer(index, set_threshold(head, index, questions("validation", passages), encoder))


def fit_match(pairs: Pairs) -> MatchHead:
    """The match by binary cross-entropy."""
    mean, scale = pairs.rows.mean(axis=0), np.maximum(pairs.rows.std(axis=0), 1e-6)
    model = LogisticRegression(max_iter=500)
    model.fit((pairs.rows - mean) / scale, pairs.truth)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - weights @ mean)
    return MatchHead(weights.astype(np.float32), bias)


def fold_pairs(made: Encoded, seed: int) -> Pairs:
    """The training pairs, fold by fold."""
    chance = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(made.passages)), [len(p.asked) for p in made.passages])
    fold_of = chance.integers(FOLDS, size=len(owners))
    outside_fold = chance.integers(FOLDS, size=len(made.outside))
    texts = [question for passage in made.passages for question in passage.asked]
    rows: list[Floats] = []
    truth: list[bool] = []
    for fold in range(FOLDS):
        index = fit_index(_without(made, fold_of == fold, outside_fold == fold))
        held = [(made.asked[n], texts[n], owners[n]) for n in np.flatnonzero(fold_of == fold)]
        held += [(made.outside[n], made.lines[n], -1) for n in np.flatnonzero(outside_fold == fold)]
        for features, text, owner in held:
            found = signs(index, features, text)
            wanted = index.documents == (index.documents[owner] if owner >= 0 else -1)
            places = hardest(found, wanted)
            rows += list(found[places])
            truth += wanted[places].tolist()
    return Pairs(np.stack(rows), np.array(truth))


def hardest(found: Floats, wanted: NDArray[np.bool_]) -> list[int]:
    """The passages that are easiest to take for the answer, and the right ones."""
    order = np.argsort(-(found[:, 0] / 4 + found[:, 1] + found[:, 2]), kind="stable")[:HARDEST]
    return [*order.tolist(), *(n for n in np.flatnonzero(wanted).tolist() if n not in order)]


def _without(made: Encoded, asked: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Encoded:
    """The same documents without some of the questions that they name."""
    kept = iter((~asked).tolist())
    passages = [
        replace(passage, asked=tuple(text for text in passage.asked if next(kept)))
        for passage in made.passages
    ]
    return replace(
        made,
        passages=tuple(passages),
        asked=made.asked[~asked],
        outside=made.outside[~outside],
        lines=tuple(np.array(made.lines)[~outside].tolist()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What an index and a head say about questions.

    Attributes:
        best: The best passage's score of each.
        right: Whether it is of the right document.
        inside: Whether any document answers it.
        pair_scores, pair_truth: Of the hardest pairs.
        answers: The best passage's document.
    """

    best: Floats
    right: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    pair_scores: Floats
    pair_truth: NDArray[np.bool_]
    answers: tuple[str, ...]


def score(
    head: MatchHead, index: DocumentIndex, asked: Sequence[Asked], encoder: SentenceEncoder
) -> Scored:
    """Ask all questions."""
    features = encoder.features([classifiable(one.text) for one in asked])
    names = [document_of(passage.source) for passage in index.passages]
    best, answers, scores, truth = [], [], [], []
    for one, row in zip(asked, features, strict=True):
        found = signs(index, row, one.text)
        given = head.probabilities(found)
        wanted = np.array([name == one.document for name in names])
        places = hardest(found, wanted)
        scores += given[places].tolist()
        truth += wanted[places].tolist()
        best.append(float(given.max()))
        answers.append(names[int(given.argmax())])
    right = np.array([a == one.document for a, one in zip(answers, asked, strict=True)])
    inside = np.array([one.document != NONE for one in asked])
    pairs = np.array(scores, dtype=np.float32), np.array(truth)
    return Scored(np.array(best, dtype=np.float32), right, inside, *pairs, tuple(answers))


def set_threshold(
    head: MatchHead, index: DocumentIndex, asked: Sequence[Asked], encoder: SentenceEncoder
) -> MatchHead:
    """The least threshold at which few enough of the unanswered questions are answered, and from
    which a passage is likelier right than wrong."""
    said = score(head, index, asked, encoder)
    outside = np.sort(said.best[~said.inside])[::-1]
    spared = int(ANSWERED_OUTSIDE * len(outside))
    enough = float(np.nextafter(outside[spared], np.float32(2.0)))
    return replace(head, threshold=max(enough, LIKELY))


def question_figures(said: Scored, threshold: float) -> dict[str, float]:
    """Figures by name, four digits.

    `right` is the share of answerable questions that get the right passage, `wrong` a wrong one;
    `first` the share whose best passage is right, whatever its score; `answered_outside` the share
    of the others that are answered; `match_f1` of the pairs at the threshold 0.5.
    """
    given = said.best >= threshold
    inside = said.inside
    told = {
        "first": said.right[inside].mean(),
        "right": (said.right & given)[inside].mean(),
        "wrong": (~said.right & given)[inside].mean(),
        "answered_outside": given[~inside].mean() if (~inside).any() else 0.0,
        "match_f1": f1_score(said.pair_truth, said.pair_scores >= 0.5),
        "threshold": threshold,
        "n": float(inside.sum()),
        "n_outside": float((~inside).sum()),
    }
    return {name: round(float(value), 4) for name, value in told.items()}


def evaluate_questions(
    answering: Answerer, encoder: SentenceEncoder, side: str = "test"
) -> dict[str, float]:
    """Figures of the packaged documents on one side's questions."""
    asked = questions(side, answering.index.passages)
    said = score(answering.head, answering.index, asked, encoder)
    return question_figures(said, answering.head.threshold)


def write_questions(encoder: SentenceEncoder, folder: Path) -> dict[str, object]:
    """Train, write the index and the match head into a folder, and give what the card has."""
    answering = train_questions(encoder)
    answering.index.save(folder / DOCUMENTS_FILE)
    answering.head.save(folder / QUESTIONS_FILE)
    return {
        "documents": {
            "passages": len(answering.index.passages),
            "sha256": answering.index.made_of,
        },
        "validation": evaluate_questions(answering, encoder, "validation"),
        "test": evaluate_questions(answering, encoder),
    }
