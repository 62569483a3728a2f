"""What the recogniser says about one stretch of audio."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times in seconds from the start of the audio."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of the audio.

    Attributes:
        text: As the decoder wrote it.
        confidence: The geometric mean of its tokens' probabilities, 0 to 1.
        share: Its part of the probability of all readings, 0 to 1.
    """

    text: str
    confidence: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """The readings of one stretch of audio, best first.

    Attributes:
        text: The best reading; "" where there was no speech.
        confidence: Of the best reading, 0 to 1; see Hypothesis.
        hypotheses: n-best readings, the best first; empty where there was no speech.
        language: ISO 639-1 code.
        seconds: Length of the audio that was recognised.
        is_speech: False for silence and noise; then text is "".
        words: Per-word times where the recogniser was asked for them, else empty.
    """

    text: str
    confidence: float
    hypotheses: tuple[Hypothesis, ...]
    language: str
    seconds: float
    is_speech: bool
    words: tuple[Word, ...] = ()
