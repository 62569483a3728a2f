"""Speaks written text with a Coqui VITS voice, in windows that come as early as they can."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voice.clauses import clauses
from voice.errors import VoiceError
from voice.loudness import KEPT_SECONDS, SilenceTrim, gain_for, limited
from voice.phonemes import Phonemiser
from voice.phrase_cache import PhraseCache, PhraseKey
from voice.spoken_form import sample_sentence, spoken_form
from voice.vits_model import load_vits
from voice.vits_stream import VitsStream

CACHED_SECONDS = 1500
"""Of phrases' sound: 66 MB at 22 kHz, all openings of the replies and some of the rest."""


class Synthesiser:
    """One voice, shared by every call of a process.

    Its methods block; run them off the event loop, on one thread: who goes first there is for the
    caller to say, window by window. The sound depends on the text, the seed, the speed and the
    voice, not on what was spoken before or beside it.

    Attributes:
        sample_rate: Of the voice, in Hz.
        device: Where it runs.
        phrases: The sound of what `fix` named, as far as it has been made.
    """

    sample_rate: int
    device: torch.device

    def __init__(
        self, model_dir: Path, *, device: str = "auto", threads: int = 2, seed: int = 0
    ) -> None:
        """Load the voice and measure how loud it is.

        Args:
            model_dir: A Coqui VITS checkpoint: `model.pth` and `config.json`.
            device: "cpu", "cuda" or "auto" (CUDA when there is one).
            threads: CPU threads of one window; PyTorch has one such setting per process.
            seed: Of the voice's rhythm and timbre.

        Raises:
            VoiceError: the voice or the device cannot be had; the message says what to do.
        """
        torch.set_num_threads(threads)
        self.device = _device(device)
        model, language = load_vits(model_dir, self.device)
        self.sample_rate = int(model.config.audio.sample_rate)
        self._encode = _encoder(model, Phonemiser(language) if language else None)
        self._language = (language or "en").partition("-")[0]
        self._stream = VitsStream(model)
        self._model, self._seed = _fingerprint(model_dir), seed
        self._fixed: dict[str, None] = {}
        self.phrases = PhraseCache(CACHED_SECONDS * self.sample_rate)
        self._gain = 1.0
        sample = self._windows(spoken_form(sample_sentence(self._language), self._language), 1.0)
        self._gain = gain_for(np.concatenate(list(sample)), self.sample_rate)

    def warm_up(self) -> None:
        """Speak once, so that the first call does not wait."""
        for _ in self.stream(sample_sentence(self._language)):
            pass

    def fix(self, phrases: Sequence[str]) -> None:
        """Name what is said on many calls; its sound is kept once it has been made.

        Args:
            phrases: Sentences as replies write them. Never anything of a customer's: nothing else
                is kept.
        """
        spoken = [spoken_form(phrase, self._language) for phrase in phrases]
        for opening in (True, False):  # the first clauses first: a caller waits for them
            for words in spoken:
                self._fixed |= {c.words: None for c in clauses(words, opening=opening)}

    def missing(self) -> list[str]:
        """Clauses of the fixed phrases whose sound has not been made yet; none where there is no
        room for more, since those that callers wait for come first."""
        if self.phrases.full:
            return []
        return [words for words in self._fixed if self._key(words, 1.0) not in self.phrases]

    def make(self, words: str) -> None:
        """Make the sound of one clause of `missing`."""
        for _ in self._spoken(words, 1.0, lambda: False):
            pass

    def stream(
        self, text: str, *, cancelled: Callable[[], bool] = lambda: False, speed: float = 1.0
    ) -> Iterator[NDArray[np.int16]]:
        """Speak written text.

        Args:
            text: As a reply writes it, digits, dates and amounts included. What cannot be spoken
                (emoji, another script) is left out.
            cancelled: Asked before each window; the stream ends when it says yes.
            speed: 1.0 is the voice's own pace.

        Yields:
            int16 mono samples at `sample_rate`, none longer than about two seconds. The first
            starts at most 4 ms before the first sound. No window at all for a text without words.
        """
        for clause in clauses(spoken_form(text, self._language)):
            yield from self._spoken(clause.words, speed, cancelled)
            if cancelled():
                return
            silence = max(0.0, clause.pause - KEPT_SECONDS)
            yield np.zeros(int(silence * self.sample_rate), np.int16)

    def whole(self, text: str) -> NDArray[np.int16]:
        """All of `stream` in one array."""
        return _joined(list(self.stream(text)))

    def _spoken(
        self, words: str, speed: float, cancelled: Callable[[], bool]
    ) -> Iterator[NDArray[np.int16]]:
        """One clause without the silence around it: from the cache, else made now."""
        key = self._key(words, speed)
        ready = self.phrases.get(key)
        if ready is not None:
            for start in range(0, len(ready), self.sample_rate):
                if cancelled():
                    return
                yield ready[start : start + self.sample_rate]
            return
        made: list[NDArray[np.int16]] = []
        for part in self._trimmed(words, speed, cancelled):
            made.append(part)
            yield part
        if words in self._fixed and not cancelled():
            self.phrases.put(key, _joined(made))

    def _trimmed(
        self, words: str, speed: float, cancelled: Callable[[], bool]
    ) -> Iterator[NDArray[np.int16]]:
        """One clause as the model says it now, at the level of speech."""
        trim = SilenceTrim(self.sample_rate)
        for window in self._windows(words, speed, cancelled):
            if len(speech := trim.push(window * self._gain)):
                yield limited(speech)
        if len(rest := trim.finish()) and not cancelled():
            yield limited(rest)

    def _windows(
        self,
        words: str,
        speed: float,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[NDArray[np.float32]]:
        """The model's own sound of one clause."""
        ids = self._encode(words)
        # the generator takes 32 bits of a seed, so text and seed are hashed together
        seed = zlib.crc32(f"{self._seed} {words}".encode())
        generator = torch.Generator().manual_seed(seed)
        if not ids or cancelled():
            return
        for window in self._stream.windows(self._stream.prior(ids, generator, speed)):
            yield window
            if cancelled():
                return

    def _key(self, words: str, speed: float) -> PhraseKey:
        return PhraseKey(self._model, self._seed, speed, words)


def _fingerprint(model_dir: Path) -> str:
    """Of the voice: another model's sound must never be taken for this one's."""
    with (model_dir / "model.pth").open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise VoiceError("no CUDA device for the synthesiser: set its device to cpu or auto")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise VoiceError(f"no device {name!r} for the synthesiser: cpu, cuda or auto") from error


def _encoder(model: Any, phonemiser: Phonemiser | None) -> Callable[[str], list[int]]:
    """Words to token ids as the model's own tokenizer writes them, unknown symbols left out.

    The tokenizer's `encode` logs a text that it does not know in full; a reply must not be logged.
    """
    tokenizer = model.tokenizer
    vocabulary = set(tokenizer.characters.vocab)

    def symbols(words: str) -> str:
        if phonemiser:
            return phonemiser.phonemes(words)
        return str(tokenizer.text_cleaner(words)) if tokenizer.text_cleaner else words

    def encode(words: str) -> list[int]:
        known = "".join(symbol for symbol in symbols(words) if symbol in vocabulary)
        ids: list[int] = tokenizer.encode(known)
        if ids and tokenizer.add_blank:
            ids = tokenizer.intersperse_blank_char(ids)
        if ids and tokenizer.use_eos_bos:
            ids = tokenizer.pad_with_bos_eos(ids)
        return ids

    return encode


def _joined(windows: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    return np.concatenate(windows) if windows else np.zeros(0, np.int16)
