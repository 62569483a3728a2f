"""Words to meaning: one understander serves all calls of a process."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nlu.endings import Endings
from nlu.feelings.head import FEELINGS_FILE, FeelingsHead
from nlu.intents import bare, clauses
from nlu.intents.head import HeadAnswer
from nlu.intents.model import ADAPTER_FILE, IntentModel
from nlu.intents.refusal import is_refusal, refused
from nlu.intents.told import DISPUTE, is_denied, is_told, told
from nlu.intents.yes_no import Answer, weigh
from nlu.locales.locale import load_locale
from nlu.needs.head import NEEDS_FILE, NeedsHead
from nlu.paths import MODEL_FOLDER
from nlu.phrasing import Phrasing
from nlu.questions.answering import Answerer
from nlu.readings import Reading, agreement, choose, is_settled, read_all
from nlu.text import plain
from nlu.understanding import Context, Quote, ScoredIntent, Understanding

KEPT = 5
"""How many intents an understanding carries at most."""

_LEAST_SCORE = 0.01

_COURTESY = "thanks"
_MEANT = 0.35
"""Score from which whatever stands beside a courtesy is what the caller means."""


class Understander:
    """Understands utterances; thread-safe and blocking, so call it off the event loop.

    Attributes:
        version: Names the model that answers: the beginning of its files' SHA-256.
    """

    def __init__(
        self,
        encoder_dir: Path,
        *,
        model: Path | None = None,
        documents: Path | None = None,
        threads: int = 1,
    ) -> None:
        """Load the encoder and the head.

        Args:
            encoder_dir: Folder of the sentence encoder.
            model: Folder of a trained model of our intents; None takes the packaged one.
            documents: Index of the bank's documents (`kept_index`); None takes the packaged ones.
            threads: Threads for one utterance.

        Raises:
            ModelFileError: A file is missing or is not what it should be.
        """
        folder = model or MODEL_FOLDER
        self._model = IntentModel.load(folder, encoder_dir, threads)
        self._feelings, self._needs = _feelings_of(folder), _needs_of(folder)
        self._answerer = _answerer_of(folder, documents)
        self._threshold = self._model.head.threshold
        self.version = self._model.version
        self._locale = load_locale("en")
        self._endings = Endings.load(MODEL_FOLDER)
        self._phrasing = Phrasing.load(MODEL_FOLDER)
        # The first run plans its memory: no caller should wait for that.
        self._model.features(["warm up"])

    @property
    def threshold(self) -> float:
        """Scope scores below it are out of scope."""
        return self._threshold

    def scope(self, text: str) -> float | None:
        """The bare head's scope score of a text; None where nothing is said."""
        return self._model.answer([text])[0].scope if plain(text) else None

    def understand(
        self,
        text: str,
        context: Context,
        *,
        hypotheses: Sequence[tuple[str, float]] = (),
        confidence: float = 1.0,
    ) -> Understanding:
        """Understand one utterance.

        Args:
            text: The recogniser's best reading, or what was typed.
            context: What is known: the day, the payees, what the dialog waits for.
            hypotheses: Readings and their weights (parts of the probability), best first; the
                best reading may stand among them.
            confidence: How sure the recogniser is of its words, 0 to 1.

        Returns:
            The reading that fits the context best, with its intents and exact values.
        """
        readings = read_all(text, confidence, hypotheses, context, self._locale, self._phrasing)
        reading = choose(readings, context.expectation)
        if not plain(reading.text):
            return Understanding(reading.text, (), reading.entities, reading.confidence, False)
        rivals = tuple((each.text, each.share) for each in readings if each.text != reading.text)
        agreed = agreement(reading, readings, context.expectation)
        return replace(self._meaning(reading, context), rivals=rivals, agreed=agreed)

    def settles(self, hypotheses: Sequence[tuple[str, float]], context: Context) -> bool:
        """Whether the recogniser's readings agree on the exact values that matter now.

        Args:
            hypotheses: As in `understand`; at least one.
            context: What the dialog waits for.
        """
        readings = read_all(
            hypotheses[0][0], 1.0, hypotheses, context, self._locale, self._phrasing
        )
        return is_settled(readings, context.expectation)

    def quotes(self, text: str, count: int = 3) -> list[Quote]:
        """The likeliest passages of the documents, best first; nothing where none can be asked."""
        if self._answerer is None or not plain(text):
            return []
        return self._answerer.best(self._model.features([text])[0], text, count)

    def quote(self, text: str) -> Quote | None:
        """The passage that answers a text surely enough to be said."""
        if self._answerer is None or not plain(text):
            return None
        return self._answerer.answer(self._model.features([text])[0], text)

    @property
    def quote_threshold(self) -> float:
        """Match scores below it are not answered."""
        return self._answerer.head.threshold if self._answerer else 1.0

    def _meaning(self, reading: Reading, context: Context) -> Understanding:
        answer = reading.answer
        parts = [reading.text, *self._clauses(reading.text)]
        features = self._model.features(parts)
        whole, *others = [self._model.head.answer(row) for row in features]
        is_bare = bare.is_bare(reading.text, reading.entities, self._locale)
        in_scope = (
            whole.scope >= self._threshold
            or is_bare
            or answer.plain
            or any(other.scope >= self._threshold for other in others)
        )
        intents = self._scored(whole, others, answer, is_bare=is_bare) if in_scope else []
        if is_refusal(reading.text, self._locale.answers):
            intents = refused(intents)
        if is_told(reading.text, self._locale.answers.told):
            intents = told(intents)
        elif is_denied(reading.text, self._locale.answers.told):
            intents = told(intents, DISPUTE)
        return Understanding(
            text=reading.text,
            intents=tuple(intent for intent in intents if intent.score >= _LEAST_SCORE)[:KEPT],
            entities=reading.entities,
            confidence=reading.confidence,
            in_scope=in_scope,
            nearest=tuple(example.text for example in whole.nearest),
            finished=self._endings.finished(reading.text),
            feelings=self._feelings.read(features[0], context.prosody) if self._feelings else None,
            need=self._needs.read(features[0]) if self._needs else None,
            quote=self._answerer.answer(features[0], reading.text) if self._answerer else None,
            strange=0.0 if in_scope else self._model.encoder.strangeness(plain(reading.text)),
            slots=self._model.slots(reading.text),
        )

    def _clauses(self, text: str) -> list[str]:
        found = clauses.split(text, self._locale)
        return [clause for clause in found if plain(clause)] if len(found) > 1 else []

    def _scored(
        self,
        whole: HeadAnswer,
        others: Sequence[HeadAnswer],
        answer: Answer,
        *,
        is_bare: bool,
    ) -> list[ScoredIntent]:
        intents = clauses.merge(whole.intents, [(other, self._threshold) for other in others])
        if is_bare:
            rest = [
                ScoredIntent(intent.name, intent.score * (1 - bare.SCORE))
                for intent in intents
                if intent.name != bare.INFORM
            ]
            intents = [ScoredIntent(bare.INFORM, bare.SCORE), *rest]
        return _courtesy_last(weigh(intents, answer))


def _feelings_of(folder: Path) -> FeelingsHead | None:
    """The folder's feelings head, or the packaged one where the encoder is as packaged."""
    own = folder / FEELINGS_FILE
    if own.is_file():
        return FeelingsHead.load(own)
    tuned = (folder / ADAPTER_FILE).is_file()
    return None if tuned else FeelingsHead.load(MODEL_FOLDER / FEELINGS_FILE)


def _needs_of(folder: Path) -> NeedsHead | None:
    """The packaged needs head where the encoder is as packaged."""
    tuned = (folder / ADAPTER_FILE).is_file()
    return None if tuned else NeedsHead.load(MODEL_FOLDER / NEEDS_FILE)


def _answerer_of(folder: Path, documents: Path | None) -> Answerer | None:
    """What answers questions; none where the encoder is not the packaged one, as for feelings."""
    tuned = (folder / ADAPTER_FILE).is_file()
    return None if tuned else Answerer.load(MODEL_FOLDER, documents)


def _courtesy_last(intents: list[ScoredIntent]) -> list[ScoredIntent]:
    """Whoever thanks and says something else means the other: "thank you very much, goodbye"."""
    if len(intents) > 1 and intents[0].name == _COURTESY and intents[1].score >= _MEANT:
        first, second, *rest = intents
        return [
            ScoredIntent(second.name, first.score),
            ScoredIntent(first.name, second.score),
            *rest,
        ]
    return intents
