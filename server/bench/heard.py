"""What a bad line costs in meaning: the same sentences read as text, and spoken and recognised.

Held-out lines of the corpus are spoken by callers' voices, sent through an 8 kHz telephone with
noise around the caller, recognised and understood as in a call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Final

from nlu.corpus.load import OUT_OF_SCOPE, Utterance
from nlu.understander import Understander
from nlu.understanding import Context, Understanding
from server.bench.intelligibility import words
from server.bench.report import Report, Sheet, share
from server.bench.spelled import edits
from server.replay.noise import NoiseKind, make_noise
from server.replay.scenario import Caller
from server.replay.telephone import recording
from server.replay.voices import RATE, speak
from voice.pcm import Samples
from voice.recogniser import Recogniser
from voice.resampling import resample
from voice.spoken_form import spoken_form

CONTEXT = Context(date(2026, 3, 16), ("Anna Keller", "Tom Becker", "Hanna Cole", "Mina Patel"))
_WIRE: Final = 8000
_NOISE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """How the telephone sounds: the noise around the caller and its distance in dB."""

    noise: NoiseKind
    snr_db: float
    seed: int = 1


@dataclass(frozen=True, slots=True)
class HeardLine:
    """One corpus line, as text and as it came over the telephone.

    Attributes:
        spoken: What was said, in words.
        seconds: That the recogniser took.
        text: The reading that was understood.
        right_as_text, right_as_heard: Whether the first intent is the line's.
    """

    voice: str
    spoken: str
    seconds: float
    text: str
    right_as_text: bool
    right_as_heard: bool

    @property
    def wrong_words(self) -> int:
        """Edits from what was said to what was understood."""
        return edits(words(self.spoken), words(self.text))


def measure_heard(
    lines: Sequence[Utterance],
    voices: Sequence[str],
    line: Line,
    recogniser: Recogniser,
    understander: Understander,
    on_line: Callable[[], None] = lambda: None,
) -> list[HeardLine]:
    """Read every line, and hear it by one of the voices in turn.

    Raises:
        VoiceError: A voice is missing.
    """
    noise = make_noise(line.noise, _NOISE_SECONDS, _WIRE, line.seed)
    found = []
    for place, utterance in enumerate(lines):
        voice, spoken = voices[place % len(voices)], spoken_form(utterance.text)
        samples = _over_the_line(spoken, voice, place, noise, line.snr_db)
        began = perf_counter()
        transcript = recogniser.transcribe(samples, names=CONTEXT.payees)
        seconds = perf_counter() - began
        readings = [(each.text, each.share) for each in transcript.hypotheses]
        heard = understander.understand(
            transcript.text, CONTEXT, hypotheses=readings, confidence=transcript.confidence
        )
        read = understander.understand(utterance.text, CONTEXT)
        right = [first_intent(each) == utterance.intent for each in (read, heard)]
        found.append(HeardLine(voice, spoken, seconds, heard.text, *right))
        on_line()
    return found


def first_intent(understanding: Understanding) -> str:
    """The likeliest intent; out of scope where there is none."""
    return understanding.intents[0].name if understanding.intents else OUT_OF_SCOPE


def heard_report(found: Sequence[HeardLine], line: Line) -> Report:
    """Accuracy as text and as heard, by voice and in all."""
    voices = list(dict.fromkeys(each.voice for each in found))
    groups = [(voice, [e for e in found if e.voice == voice]) for voice in voices]
    groups.append(("all", list(found)))
    columns = ("voice", "lines", "word error", "intent, text", "intent, heard", "drop, points")
    rows = tuple((name, *_cells(group)) for name, group in groups)
    title = f"The same lines as text and over 8 kHz with {line.noise} at {line.snr_db:g} dB"
    ms = tuple(1000 * each.seconds for each in found)
    return Report(
        bench="heard",
        ours=ms,
        more={"drop_points": round(drop(found), 2), "word_error": round(word_error(found), 4)},
        sheets=(Sheet(title, columns, rows),),
        series={"recogniser": ms},
    )


def drop(found: Sequence[HeardLine]) -> float:
    """Points of intent accuracy that are lost on the line."""
    lost = sum(each.right_as_text - each.right_as_heard for each in found)
    return 100 * lost / len(found)


def word_error(found: Sequence[HeardLine]) -> float:
    """Edits per word said."""
    return sum(e.wrong_words for e in found) / max(1, sum(len(words(e.spoken)) for e in found))


def _cells(group: Sequence[HeardLine]) -> tuple[str, ...]:
    return (
        str(len(group)),
        f"{100 * word_error(group):.1f}%",
        share(sum(each.right_as_text for each in group), len(group)),
        share(sum(each.right_as_heard for each in group), len(group)),
        f"{drop(group):.1f}",
    )


def _over_the_line(spoken: str, voice: str, place: int, noise: Samples, snr_db: float) -> Samples:
    """At 16 kHz, as the recogniser gets it; each line's noise begins elsewhere."""
    caller = Caller(sample_rate=_WIRE, encoding="ulaw", snr_db=snr_db)
    speech = speak(spoken, voice)
    begins = place * _WIRE % (len(noise) // 2)
    sound = recording(speech, RATE, caller, noise[begins:])
    return resample(sound, _WIRE, 16000)
