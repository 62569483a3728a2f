"""Speech to text for short utterances over the telephone, on Whisper through CTranslate2.

Against stock Whisper: the encoder sees a window that fits the utterance instead of 30 s, the
decoder may say no more than can be said in that time, the n-best readings are kept, and a reading
that looks bad gets one second try with the full window. docs/decisions/0002-recogniser.md says why.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from tokenizers import Tokenizer as Vocabulary

from voice.errors import AudioFormatError, ModelFileError
from voice.pcm import Samples
from voice.readings import distinct, repeats
from voice.transcript import Hypothesis, Transcript
from voice.vad import speech_probabilities
from voice.window import FULL_FRAMES, SAMPLE_RATE, frames_for, log_mel, split_at_silences

_log = logging.getLogger(__name__)

_FILES = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a recogniser works; the defaults are what measured best (decision 0002).

    Attributes:
        floor_seconds: Shortest encoder window.
        beam: Width of the beam search, and the number of readings asked for.
        tokens_per_second, spare_tokens: What may be said in the audio's time.
        second_try_below: A best reading less sure than this is tried again in the full window.
        speech_at_least: Speech probability (mean of 96 ms) that some part of the audio must
            reach to be recognised at all.
        digits_prompt: What the decoder is told to have heard before, where digits are expected.
    """

    floor_seconds: float = 10.0
    beam: int = 5
    tokens_per_second: float = 7.0
    spare_tokens: int = 8
    second_try_below: float = 0.5
    speech_at_least: float = 0.4
    digits_prompt: str = "4 2 1 7 0 0 9 3"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one pass of the decoder gave."""

    hypotheses: tuple[Hypothesis, ...]
    no_speech: float
    ran_out: bool

    @property
    def confidence(self) -> float:
        return self.hypotheses[0].confidence if self.hypotheses else 0.0


class Recogniser:
    """Whisper for all calls of a process; thread-safe and blocking (call it off the event loop).

    Args:
        model_dir: A Whisper model in CTranslate2 form, any size.
        device: "cpu", "cuda" or "auto" (CUDA where it is present and works). int8 on the CPU,
            float16 on CUDA.
        threads: CPU threads for one recognition.
        language: ISO 639-1 code of what callers speak.
        decoding: Window, beam and thresholds.

    Raises:
        ModelFileError: The model is missing, damaged or does not run on the device.
    """

    def __init__(
        self,
        model_dir: Path,
        *,
        device: str = "auto",
        threads: int = 2,
        language: str = "en",
        decoding: Decoding | None = None,
    ) -> None:
        self._decoding = decoding or Decoding()
        self._language = language
        self._model = _load(model_dir, device, threads)
        self._tokens = _tokenizer(model_dir, self._model, language)
        self._features = FeatureExtractor(feature_size=self._model.n_mels)

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda"."""
        return str(self._model.device)

    def warm_up(self) -> None:
        """Make the first call as fast as the next: allocate memory, load kernels."""
        hiss = np.random.default_rng(0).normal(0, 300, SAMPLE_RATE).astype(np.int16)
        for frames in (frames_for(hiss, self._decoding.floor_seconds), FULL_FRAMES):
            self._read(hiss, frames, "")

    def transcribe(
        self,
        samples: Samples,
        *,
        prompt: str = "",
        digits: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Transcript:
        """Recognise one utterance.

        Args:
            samples: Mono int16 at 16 kHz, any length; over 28 s is cut at silences.
            prompt: Words that may come, such as payees' names.
            digits: A string of digits is expected.
            cancelled: Asked between the steps; once true, the rest is not done and the result
                (an empty one) means nothing.

        Raises:
            AudioFormatError: The samples are not one-dimensional int16.
        """
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise AudioFormatError(
                f"the recogniser takes mono int16, not {samples.dtype} of shape {samples.shape}"
            )
        context = " ".join(part for part in (prompt, self._digits_prompt(digits)) if part)
        readings = [
            reading
            for part in split_at_silences(samples)
            if (reading := self._part(part, context, cancelled)) is not None
        ]
        return self._transcript(readings, len(samples) / SAMPLE_RATE, cancelled())

    def _digits_prompt(self, digits: bool) -> str:
        return self._decoding.digits_prompt if digits else ""

    def _part(
        self, samples: Samples, context: str, cancelled: Callable[[], bool]
    ) -> tuple[Hypothesis, ...] | None:
        """Readings of at most 28 s; None where nobody speaks."""
        if cancelled() or not self._holds_speech(samples):
            return None
        reading = self._read(samples, frames_for(samples, self._decoding.floor_seconds), context)
        if self._looks_bad(reading) and not cancelled():
            again = self._read(samples, FULL_FRAMES, context)
            reading = again if self._is_better(again, reading) else reading
        return reading.hypotheses or None

    def _holds_speech(self, samples: Samples) -> bool:
        if len(samples) == 0:
            return False
        probabilities = np.convolve(speech_probabilities(samples), np.ones(3) / 3)
        return float(probabilities.max()) >= self._decoding.speech_at_least

    def _read(self, samples: Samples, frames: int, context: str) -> _Reading:
        """One pass of encoder and decoder."""
        mel = log_mel(self._features, samples, frames)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(mel[None]))
        prompt = self._prompt(context)
        budget = self._decoding.spare_tokens + int(
            self._decoding.tokens_per_second * len(samples) / SAMPLE_RATE
        )
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=self._decoding.beam,
            num_hypotheses=self._decoding.beam,
            max_length=min(448, len(prompt) + budget),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        texts = [self._tokens.decode(ids) for ids in result.sequences_ids]
        return _Reading(
            hypotheses=distinct(texts, result.scores),
            no_speech=float(result.no_speech_prob),
            ran_out=len(result.sequences_ids[0]) >= budget,
        )

    def _prompt(self, context: str) -> list[int]:
        before = [self._tokens.sot_prev, *self._tokens.encode(f" {context}")] if context else []
        return [*before[-200:], *self._tokens.sot_sequence, self._tokens.no_timestamps]

    def _looks_bad(self, reading: _Reading) -> bool:
        return (
            reading.confidence < self._decoding.second_try_below
            or reading.ran_out
            or repeats(reading.hypotheses[0].text)
        )

    def _is_better(self, again: _Reading, before: _Reading) -> bool:
        if not before.hypotheses or not again.hypotheses:
            return bool(again.hypotheses)
        worse = [r.ran_out or repeats(r.hypotheses[0].text) for r in (again, before)]
        return not worse[0] if worse[0] != worse[1] else again.confidence > before.confidence

    def _transcript(
        self, parts: list[tuple[Hypothesis, ...]], seconds: float, cancelled: bool
    ) -> Transcript:
        if cancelled or not parts:
            return Transcript("", 0.0, (), self._language, seconds, is_speech=False)
        hypotheses = parts[0] if len(parts) == 1 else (_joined(parts),)
        best = hypotheses[0]
        return Transcript(
            best.text, best.confidence, hypotheses, self._language, seconds, is_speech=True
        )


def _joined(parts: list[tuple[Hypothesis, ...]]) -> Hypothesis:
    """The best reading of each part; the whole is no surer than its least sure part."""
    return Hypothesis(
        " ".join(part[0].text for part in parts), min(part[0].confidence for part in parts)
    )


def _load(model_dir: Path, device: str, threads: int) -> ctranslate2.models.Whisper:
    for name in _FILES:
        if not (model_dir / name).is_file():
            raise ModelFileError(
                f"{model_dir / name}: missing; bring it with: tellerline models prepare"
            )
    if device == "auto":
        device = "cuda" if _cuda_works(model_dir) else "cpu"
    try:
        return ctranslate2.models.Whisper(
            str(model_dir),
            device=device,
            compute_type="float16" if device == "cuda" else "int8",
            intra_threads=threads,
        )
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"{model_dir}: cannot be loaded on {device} ({error}); "
            "bring it again with: tellerline models prepare"
        ) from error


def _cuda_works(model_dir: Path) -> bool:
    """Whether CUDA is there with the libraries that CTranslate2 wants; they load at first use."""
    if ctranslate2.get_cuda_device_count() == 0:
        return False
    try:
        model = ctranslate2.models.Whisper(str(model_dir), device="cuda", compute_type="float16")
        silence = np.zeros((1, model.n_mels, 200), dtype=np.float32)
        model.encode(ctranslate2.StorageView.from_array(silence), to_cpu=True)
    except (RuntimeError, ValueError) as error:
        _log.warning("recogniser falls back to the CPU: CUDA does not work here: %s", error)
        return False
    return True


def _tokenizer(model_dir: Path, model: ctranslate2.models.Whisper, language: str) -> Tokenizer:
    try:
        vocabulary = Vocabulary.from_file(str(model_dir / "tokenizer.json"))
        return Tokenizer(vocabulary, model.is_multilingual, task="transcribe", language=language)
    except Exception as error:
        raise ModelFileError(
            f"{model_dir / 'tokenizer.json'}: cannot be used for language {language!r} ({error}); "
            "bring it again with: tellerline models prepare"
        ) from error
