"""The passage that answers a question, or none."""

from dataclasses import dataclass
from pathlib import Path

from nlu.corpus.load import TRAIN_FOLDER
from nlu.encoder.sentence import SentenceEncoder
from nlu.errors import ModelFileError
from nlu.questions.documents import documents_hash, read_documents
from nlu.questions.index import DocumentIndex, Floats, encode, fit_index
from nlu.questions.match import QUESTIONS_FILE, MatchHead, signs
from nlu.text import plain
from nlu.understanding import Quote

DOCUMENTS_FILE = "documents.safetensors"
PACKAGED_DOCUMENTS = TRAIN_FOLDER / "documents"

LEAST_WORDS = 3
"""Fewer words are a value or a bare noun, which the dialog asks about."""


@dataclass(frozen=True, slots=True, eq=False)
class Answerer:
    """Documents that can be asked; thread-safe, a millisecond a question."""

    index: DocumentIndex
    head: MatchHead

    @classmethod
    def load(cls, models: Path, index: Path | None = None) -> "Answerer":
        """Read the match head, and the packaged documents or another index.

        Raises:
            ModelFileError: A file is missing or is not what it should be.
        """
        documents = DocumentIndex.load(index or models / DOCUMENTS_FILE)
        return cls(documents, MatchHead.load(models / QUESTIONS_FILE))

    def best(self, features: Floats, question: str, count: int = 1) -> list[Quote]:
        """The likeliest passages with their match scores, best first, whatever these are.

        Args:
            features: The question's, one row of the encoder's.
            question: Its words.
            count: How many.
        """
        scores = self.head.probabilities(signs(self.index, features, question))
        order = (-scores).argsort(kind="stable")[:count]
        passages = self.index.passages
        return [Quote(passages[n].text, passages[n].source, float(scores[n])) for n in order]

    def answer(self, features: Floats, question: str) -> Quote | None:
        """The passage that answers the question; None where no score reaches the threshold."""
        if len(plain(question).split()) < LEAST_WORDS:
            return None
        best = self.best(features, question)[0]
        return best if best.score >= self.head.threshold else None


def kept_index(folder: Path, kept: Path, encoder_dir: Path) -> Path:
    """The index of a bank's own folder: made where its documents have changed, else as it was kept.

    Args:
        folder: The documents.
        kept: Folder that indexes are kept in.
        encoder_dir: The packaged encoder.

    Returns:
        The index's file.

    Raises:
        DocumentError: A document is wrong.
    """
    passages = read_documents(folder)
    path = kept / f"documents-{documents_hash(passages)[:16]}.safetensors"
    if path.is_file():
        try:
            DocumentIndex.load(path)
            return path
        except ModelFileError:
            path.unlink()
    from nlu.training.asked import outside_lines  # only an index that is made needs the corpus

    made = encode(passages, outside_lines(), SentenceEncoder(encoder_dir))
    kept.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    fit_index(made).save(part)
    part.replace(path)
    return path
