"""The other half of the round trip: recognise and read what was recorded, and judge it."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from rich.progress import track

from audio_samples.spoken_values import TODAY
from dialog.bank.bank import Bank
from dialog.grounding import is_sure
from nlu.understander import Understander
from nlu.understanding import Context, Entity, Expectation, Money, Understanding
from voice.cues import Awaited
from voice.pcm import Samples, read_wav
from voice.recogniser import Recogniser
from voice.resampling import resample
from voice.transcript import Hypothesis

Verdict = Literal["exact", "asked again", "taken wrong"]

_LEAD_SECONDS = 0.28
_TAIL_SECONDS = 0.2
"""With the recording's own edges, as much quiet around the words as a call's turn keeps."""

_ENTITY_TYPES = {"amount": "money", "date": "date", "digits": "digits"}
_AWAITED: dict[str, Awaited] = {"amount": "any", "date": "date", "digits": "digits"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of the manifest."""

    wav: str
    kind: str
    value: str
    text: str
    voice: str
    line: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one recording.

    Attributes:
        read: The values found, as the manifest writes them.
        sure: Whether the dialog would take the value without asking again.
        confidence: Of the recogniser.
    """

    spoken: Spoken
    heard: str
    read: tuple[str, ...]
    sure: bool
    confidence: float

    @property
    def is_exact(self) -> bool:
        """Whether the value and nothing else was read."""
        return self.read == (self.spoken.value,)

    @property
    def verdict(self) -> Verdict:
        """Exact counts however sure; a miss is either asked again or taken as if it were right."""
        if self.is_exact:
            return "exact"
        return "taken wrong" if self.sure else "asked again"


def check(folder: Path, recogniser: Recogniser, understander: Understander) -> list[Answer]:
    """Recognise and read every recording of a manifest, with a progress bar."""
    return [
        _answer(folder, spoken, recogniser, understander)
        for spoken in track(read_manifest(folder), description="checking")
    ]


def read_manifest(folder: Path) -> list[Spoken]:
    """The lines of `manifest.tsv`, without its heading."""
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as stream:
        return [Spoken(**row) for row in csv.DictReader(stream, delimiter="\t")]


def expectation_for(spoken: Spoken) -> Expectation:
    """What a call would wait for when this is said."""
    if spoken.kind != "digits":
        return Expectation(_ENTITY_TYPES[spoken.kind])
    if len(spoken.value) == 8:
        return Expectation("customer_number", secret=True, digits=8, valid="customer_number")
    return Expectation("digits", digits=len(spoken.value))


def report(answers: list[Answer]) -> str:
    """A line per kind and telephone line, a line per voice, and every miss."""
    lines = ["line      kind     exact  of   sure  asked again  taken wrong"]
    for line in dict.fromkeys(answer.spoken.line for answer in answers):
        for kind in _ENTITY_TYPES:
            of = [a for a in answers if a.spoken.kind == kind and a.spoken.line == line]
            lines.append(f"{line:9} {_line(kind, of)}")
    lines.append("")
    lines += [_of_voice(voice, answers) for voice in sorted({a.spoken.voice for a in answers})]
    lines.append("")
    lines += [_miss(answer) for answer in answers if not answer.is_exact]
    return "\n".join(lines)


def _line(kind: str, answers: list[Answer]) -> str:
    count = Counter(answer.verdict for answer in answers)
    sure = sum(answer.is_exact and answer.sure for answer in answers)
    return (
        f"{kind:8} {count['exact']:5} {len(answers):4} {sure:5} "
        f"{count['asked again']:11} {count['taken wrong']:12}"
    )


def _of_voice(voice: str, answers: list[Answer]) -> str:
    own = [answer for answer in answers if answer.spoken.voice == voice]
    return f"{voice}: {sum(answer.is_exact for answer in own)} of {len(own)} exact"


def _miss(answer: Answer) -> str:
    return (
        f"{answer.verdict}: {answer.spoken.wav} {answer.spoken.value} "
        f"{answer.spoken.text!r} ({answer.spoken.voice}) heard {answer.heard!r} "
        f"read {', '.join(answer.read) or 'nothing'} confidence {answer.confidence:.2f}"
    )


def _answer(
    folder: Path, spoken: Spoken, recogniser: Recogniser, understander: Understander
) -> Answer:
    expectation = expectation_for(spoken)
    context = Context(today=TODAY, expectation=expectation)
    transcript = recogniser.transcribe(
        _as_a_turn(folder / spoken.wav),
        awaited=_AWAITED[spoken.kind],
        settled=lambda readings: understander.settles(_weighted(readings), context),
    )
    understanding = understander.understand(
        transcript.text,
        context,
        hypotheses=_weighted(transcript.hypotheses),
        confidence=transcript.confidence,
    )
    entities = [e for e in understanding.entities if e.type == _ENTITY_TYPES[spoken.kind]]
    return Answer(
        spoken,
        understanding.text,
        tuple(dict.fromkeys(_as_text(entity) for entity in entities)),
        _would_be_taken(entities, understanding, expectation),
        transcript.confidence,
    )


def _weighted(readings: Sequence[Hypothesis]) -> list[tuple[str, float]]:
    return [(reading.text, reading.share) for reading in readings]


def _as_a_turn(path: Path) -> Samples:
    """At 16 kHz, between the stretches of quiet that turn taking leaves around speech."""
    samples, rate = read_wav(path)
    quiet = (round(_LEAD_SECONDS * 16000), round(_TAIL_SECONDS * 16000))
    return np.pad(resample(samples, rate, 16000), quiet)


def _would_be_taken(
    entities: list[Entity], understanding: Understanding, expectation: Expectation
) -> bool:
    """As the dialog does: one value, sure enough, of the length and check digit asked for."""
    verified = expectation.valid == "customer_number"
    one = len({entity.value for entity in entities}) == 1
    if not one or not is_sure(entities[0], understanding, verified=verified):
        return False
    value = str(entities[0].value)
    if verified and not Bank.is_customer_number(value):
        return False
    return expectation.digits is None or len(value) == expectation.digits


def _as_text(entity: Entity) -> str:
    return f"{entity.value.amount:.2f}" if isinstance(entity.value, Money) else str(entity.value)
