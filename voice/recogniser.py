"""Speech to text for short utterances over the telephone, on Whisper through CTranslate2.

Against stock Whisper: the encoder sees a window that fits the utterance instead of 30 s, the
decoder is cued to write numbers in words and may say no more than can be said in that time, the
n-best readings are kept, what they do not settle is decoded again under another cue, and a reading
that looks bad gets one second try with the full window. docs/decisions/0002-recogniser.md and
0008-cues.md say why.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from voice.cues import Awaited, load_cues
from voice.errors import AudioFormatError
from voice.glance import Glance, continued
from voice.pcm import Samples
from voice.readings import NOTHING, Candidate, Reading, doubted, read, together
from voice.transcript import Hypothesis, Transcript
from voice.vad import each_probability
from voice.whisper_model import load_model, load_tokenizer
from voice.window import (
    FULL_FRAMES,
    LONGEST_SECONDS,
    SAMPLE_RATE,
    frames_for,
    log_mel,
    split_at_silences,
)

_MAX_TOKENS = 448  # of prompt and text together, Whisper's context
_MAX_CONTEXT = 200
_FAINTEST = 16  # peak; nothing can be heard in the last four bits


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a recogniser works; the defaults are what measured best (decision 0002).

    Attributes:
        floor_seconds: Shortest encoder window.
        beam: Width of the beam search, and the number of readings asked for.
        tokens_per_second, spare_tokens: What may be said in the audio's time.
        second_try_below: A reading less sure than this is tried again in the full window.
        speech_at_least: Speech probability (mean of 96 ms) that some part of the audio must
            reach to be recognised at all.
        words_at_least, no_speech_at_least: A reading less sure than the one, of audio where the
            decoder's own probability of no speech reaches the other, is noise.
    """

    floor_seconds: float = 10.0
    beam: int = 5
    tokens_per_second: float = 7.0
    spare_tokens: int = 8
    second_try_below: float = 0.4
    speech_at_least: float = 0.4
    words_at_least: float = 0.3
    no_speech_at_least: float = 0.4


@dataclass(frozen=True, slots=True)
class _Hearing:
    """What one utterance is recognised with; see `Recogniser.transcribe`."""

    cues: tuple[str, str]
    settled: Callable[[Sequence[Hypothesis]], bool] = lambda _: True
    cancelled: Callable[[], bool] = lambda: False
    glance: Glance | None = None


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
        self._model = load_model(model_dir, device, threads)
        self._tokens = load_tokenizer(model_dir, self._model, language)
        self._cues = load_cues(language)
        self._features = FeatureExtractor(feature_size=self._model.n_mels)

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda"."""
        return str(self._model.device)

    def warm_up(self) -> None:
        """Make the first call as fast as the next: allocate memory, load kernels."""
        hiss = np.random.default_rng(0).normal(0, 300, SAMPLE_RATE).astype(np.int16)
        for frames in (self._window(hiss), FULL_FRAMES):
            self._look(hiss, frames, _Hearing(self._cues.pair("any", ())))

    def glance(self, samples: Samples) -> Glance | None:
        """Do the part of recognising that needs no more than the sound, before it is certain that
        the utterance is over.

        Args:
            samples: The utterance so far, as for `transcribe`.

        Returns:
            For `transcribe`; None where the audio is too long or nobody speaks.
        """
        if len(samples) > LONGEST_SECONDS * SAMPLE_RATE or not self._holds_speech(samples):
            return None
        likely = continued(samples)
        return Glance(samples, self._encode(likely, self._window(likely)))

    def encoded(self, samples: Samples) -> NDArray[np.float16]:
        """What the encoder makes of an utterance, (time, width): what a decoder is fitted on."""
        encoded = self._encode(samples, self._window(samples))
        halves: NDArray[np.float16] = np.asarray(encoded)[0].astype(np.float16)
        return halves

    def transcribe(
        self,
        samples: Samples,
        *,
        names: Sequence[str] = (),
        awaited: Awaited = "any",
        settled: Callable[[Sequence[Hypothesis]], bool] = lambda _: True,
        cancelled: Callable[[], bool] = lambda: False,
        glance: Glance | None = None,
    ) -> Transcript:
        """Recognise one utterance.

        Args:
            samples: Mono int16 at 16 kHz, any length; over 14 s is cut at silences.
            names: That may come, such as payees'.
            awaited: What the caller was asked for.
            settled: Whether the readings agree on what matters; else they get a second opinion.
            cancelled: Asked between the steps; once true, the rest is not done and the result
                (an empty one) means nothing.
            glance: At what these samples begin with.

        Raises:
            AudioFormatError: The samples are not one-dimensional int16.
        """
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise AudioFormatError(
                f"the recogniser takes mono int16, not {samples.dtype} of shape {samples.shape}"
            )
        hearing = _Hearing(self._cues.pair(awaited, names), settled, cancelled, glance)
        readings = []
        for part in split_at_silences(samples):
            if cancelled():
                break
            reading = self._part(part, hearing)
            readings += [reading] if reading else []
        return self._transcript(readings, len(samples) / SAMPLE_RATE, cancelled())

    def _part(self, samples: Samples, hearing: "_Hearing") -> Reading | None:
        """The reading of at most 14 s; None where nobody speaks."""
        if hearing.glance is not None and hearing.glance.shows(samples):
            reading = self._listen(hearing.glance.encoded, len(samples), hearing)
        elif self._holds_speech(samples):
            reading = self._look(samples, self._window(samples), hearing)
        else:
            return None
        if self._looks_bad(reading) and not hearing.cancelled():
            again = self._look(samples, FULL_FRAMES, hearing)
            reading = together(again, reading) if _is_better(again, reading) else reading
        reading = doubted(reading) if reading.is_lost else reading
        return None if self._is_noise(reading) else reading

    def _window(self, samples: Samples) -> int:
        return frames_for(samples, self._decoding.floor_seconds)

    def _holds_speech(self, samples: Samples) -> bool:
        """Whether somebody may be speaking; looks no further than the first word."""
        if len(samples) == 0 or int(np.abs(samples.astype(np.int32)).max()) < _FAINTEST:
            return False
        recent: deque[float] = deque([0.0, 0.0, 0.0], maxlen=3)
        for probability in each_probability(samples):
            recent.append(probability)
            if sum(recent) >= 3 * self._decoding.speech_at_least:
                return True
        return False

    def _look(self, samples: Samples, frames: int, hearing: "_Hearing") -> Reading:
        """Encode once and decode; again under the other cue where that settles nothing."""
        return self._listen(self._encode(samples, frames), len(samples), hearing)

    def _encode(self, samples: Samples, frames: int) -> ctranslate2.StorageView:
        mel = log_mel(self._features, samples, frames)
        return self._model.encode(ctranslate2.StorageView.from_array(mel[None]))

    def _listen(
        self, encoded: ctranslate2.StorageView, length: int, hearing: "_Hearing"
    ) -> Reading:
        first_cue, other_cue = hearing.cues
        if hearing.cancelled():
            return NOTHING
        first = self._decode(encoded, length, first_cue)
        if hearing.cancelled() or (first.hypotheses and hearing.settled(first.hypotheses)):
            return first
        return together(first, self._decode(encoded, length, other_cue))

    def _decode(self, encoded: ctranslate2.StorageView, length: int, cue: str) -> Reading:
        prompt = self._prompt(cue)
        budget = self._decoding.spare_tokens + int(
            self._decoding.tokens_per_second * length / SAMPLE_RATE
        )
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=self._decoding.beam,
            num_hypotheses=self._decoding.beam,
            max_length=min(_MAX_TOKENS, len(prompt) + budget),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        candidates = [
            Candidate(self._tokens.decode(ids), score, len(ids))
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        return read(
            candidates,
            no_speech=float(result.no_speech_prob),
            digits=self._cues.digits,
            ran_out=len(result.sequences_ids[0]) >= budget,
        )

    def _prompt(self, cue: str) -> list[int]:
        before = self._tokens.encode(f" {cue}")[-_MAX_CONTEXT:] if cue else []
        start = [self._tokens.sot_prev, *before] if before else []
        return [*start, *self._tokens.sot_sequence, self._tokens.no_timestamps]

    def _looks_bad(self, reading: Reading) -> bool:
        return reading.is_lost or reading.confidence < self._decoding.second_try_below

    def _is_noise(self, reading: Reading) -> bool:
        if not reading.hypotheses:
            return True
        words, silence = self._decoding.words_at_least, self._decoding.no_speech_at_least
        return reading.confidence < words and reading.no_speech >= silence

    def _transcript(self, parts: list[Reading], seconds: float, cancelled: bool) -> Transcript:
        if cancelled or not parts:
            return Transcript("", 0.0, (), self._language, seconds, is_speech=False)
        hypotheses = parts[0].hypotheses if len(parts) == 1 else (_joined(parts),)
        best = hypotheses[0]
        return Transcript(
            best.text, best.confidence, hypotheses, self._language, seconds, is_speech=True
        )


def _is_better(again: Reading, before: Reading) -> bool:
    if not again.hypotheses or again.is_lost != before.is_lost:
        return bool(again.hypotheses) and before.is_lost
    return again.confidence > before.confidence


def _joined(parts: list[Reading]) -> Hypothesis:
    """The best reading of each part; the whole is no surer than its least sure part."""
    return Hypothesis(
        " ".join(part.hypotheses[0].text for part in parts),
        min(part.confidence for part in parts),
    )
