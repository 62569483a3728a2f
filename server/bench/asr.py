"""Our recogniser against stock faster-whisper, clip by clip in one run.

Both read the same model and the same audio over a telephone line, in turns, so that a busy machine
slows both. Of the public sets every other clip was used to choose parameters; the figures are of
the rest.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from faster_whisper import WhisperModel

from server.bench.report import Report, Sheet, p50_p95, percentiles, share
from server.bench.spelled import digits, edits, symbols
from server.bench.telephone_speech import (
    Clip,
    an4_digits,
    an4_other,
    commands,
    fsdd_digits,
    our_recordings,
)
from voice.pcm import to_float
from voice.recogniser import Recogniser

COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one recogniser made of one clip.

    Attributes:
        clip: What was said.
        text: The best reading.
        seconds: From the end of the audio to the text.
        confidence: None where it gives none.
        readings: All readings, best first.
    """

    clip: Clip
    text: str
    seconds: float
    confidence: float | None
    readings: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether a digit string is right."""
        return digits(self.text) == digits(self.clip.text)

    @property
    def exact_of_length(self) -> bool:
        """Whether it is right where one knows how many digits must come."""
        said = digits(self.clip.text)
        fitting = (digits(r) for r in self.readings or (self.text,) if len(digits(r)) == len(said))
        return next(fitting, "") == said

    @property
    def slot_words(self) -> int:
        """How many of the clip's words are in the text."""
        heard = set(re.findall(r"[a-z']+", self.text.lower()))
        return sum(word in heard for word in self.clip.text.lower().split())


@dataclass(frozen=True, slots=True)
class Both:
    """All clips as ours and as stock heard them; stock is empty where it was not asked."""

    ours: tuple[Heard, ...]
    stock: tuple[Heard, ...] = ()


def clips_of(data: Path | None, limit: int, recorded: Path) -> tuple[list[Clip], tuple[str, ...]]:
    """The clips to report on, and which sets are missing.

    Args:
        data: Folder with `an4`, `fsdd` and `spoken_commands`, or some of them.
        limit: Clips of each set.
        recorded: Our recorded calls, taken where no set is there.
    """
    clips: list[Clip] = []
    missing = []
    sets: dict[str, Callable[[Path], list[Clip]]] = {
        "an4": lambda d: [*an4_digits(d, limit)[::2], *an4_other(d, limit)[::2]],
        "fsdd": lambda d: fsdd_digits(d, 2 * limit)[::2],
        "spoken_commands": lambda d: commands(d, limit),
    }
    for name, read in sets.items():
        if data is not None and (data / name).is_dir():
            clips += read(data)
        else:
            missing.append(f"skipped {name}: not in {data or 'any folder: name one with --data'}")
    if not clips:
        missing.append("so these are our recorded calls, whose voices are synthetic")
        clips = our_recordings(recorded, limit)
    return clips, tuple(missing)


def measure_asr(
    clips: Sequence[Clip],
    model_dir: Path,
    *,
    threads: int,
    peer: Path | None,
    on_clip: Callable[[], None] = lambda: None,
) -> Both:
    """Recognise every clip with ours and, where its model is given, with stock.

    Raises:
        ModelFileError: The model cannot be loaded.
    """
    recogniser = Recogniser(model_dir, device="cpu", threads=threads)
    recogniser.warm_up()
    stock = None
    if peer is not None:
        stock = WhisperModel(str(peer), device="cpu", compute_type="int8", cpu_threads=threads)
        _stock(stock, clips[0])
    ours, theirs = [], []
    for clip in clips:
        ours.append(_ours(recogniser, clip))
        if stock is not None:
            theirs.append(_stock(stock, clip))
        on_clip()
    return Both(tuple(ours), tuple(theirs))


def word_error(heard: Sequence[Heard]) -> float:
    """Edits per symbol of the reference."""
    references = [symbols(each.clip.text) for each in heard]
    wrong = sum(
        edits(expected, symbols(each.text))
        for expected, each in zip(references, heard, strict=True)
    )
    return wrong / max(1, sum(len(expected) for expected in references))


def of(heard: Sequence[Heard], source: str) -> list[Heard]:
    """Those of one source."""
    return [each for each in heard if each.clip.source == source]


def asr_report(both: Both, notes: Sequence[str] = ()) -> Report:
    """The figures of a run."""
    sources = tuple(dict.fromkeys(each.clip.source for each in both.ours))
    sides = (("tellerline", both.ours), ("faster-whisper", both.stock))
    rows = [
        (source, name, *_cells(of(heard, source)))
        for source in sources
        for name, heard in sides
        if heard
    ]
    columns = (
        "clips",
        "recogniser",
        "n",
        "word error",
        "digits exact",
        "length known",
        "slot words",
        "p50 / p95 ms",
    )
    ours, theirs = _ms(both.ours), _ms(both.stock)
    sheets = [Sheet("Final transcript after the end of speech", columns, tuple(rows))]
    if any(each.clip.is_digits for each in both.ours):
        sheets.append(_trust(both.ours))
    more = {"ours": _figures(both.ours), "notes": list(notes)}
    if both.stock:
        more["stock"] = _figures(both.stock)
    return Report(
        bench="asr",
        ours=ours,
        peer=theirs if both.stock else None,
        parts=tuple({"transcription": ms} for ms in ours),
        more=more,
        sheets=tuple(sheets),
        notes=tuple(notes),
        series={"tellerline": ours, "faster-whisper": theirs},
    )


def _ours(recogniser: Recogniser, clip: Clip) -> Heard:
    began = perf_counter()
    told = recogniser.transcribe(clip.samples, awaited="digits" if clip.is_digits else "any")
    seconds = perf_counter() - began
    readings = tuple(reading.text for reading in told.hypotheses)
    return Heard(clip, told.text, seconds, told.confidence, readings)


def _stock(peer: WhisperModel, clip: Clip) -> Heard:
    began = perf_counter()
    segments, _ = peer.transcribe(to_float(clip.samples), language="en")
    text = " ".join(segment.text for segment in segments)
    return Heard(clip, text, perf_counter() - began, None)


def _ms(heard: Sequence[Heard]) -> tuple[float, ...]:
    return tuple(round(1000 * each.seconds, 1) for each in heard)


def _cells(heard: Sequence[Heard]) -> tuple[str, ...]:
    strings = [each for each in heard if each.clip.is_digits]
    is_slots = heard[0].clip.source == COMMANDS
    wanted = sum(len(each.clip.text.split()) for each in heard)
    return (
        str(len(heard)),
        "" if is_slots else f"{100 * word_error(heard):.1f}%",
        share(sum(each.exact for each in strings), len(strings)) if strings else "",
        share(sum(each.exact_of_length for each in strings), len(strings)) if strings else "",
        share(sum(each.slot_words for each in heard), wanted) if is_slots else "",
        p50_p95(_ms(heard)),
    )


def _figures(heard: Sequence[Heard]) -> dict[str, Any]:
    """Error rates by source, for the JSON object."""
    told = {}
    for source in dict.fromkeys(each.clip.source for each in heard):
        found = of(heard, source)
        strings = [each for each in found if each.clip.is_digits]
        told[source] = {"n": len(found), **percentiles(_ms(found))}
        if source == COMMANDS:
            told[source]["slot_words"] = sum(len(each.clip.text.split()) for each in found)
            told[source]["slot_words_found"] = sum(each.slot_words for each in found)
        else:
            told[source]["word_error"] = round(word_error(found), 4)
        if strings:
            told[source]["strings"] = len(strings)
            told[source]["exact"] = sum(each.exact for each in strings)
            told[source]["exact_length_known"] = sum(each.exact_of_length for each in strings)
    return told


def _trust(heard: Sequence[Heard]) -> Sheet:
    """What would be taken, and what of that is wrong, at several thresholds of confidence."""
    strings = [each for each in heard if each.clip.is_digits]
    rows = []
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
        taken = [each for each in strings if (each.confidence or 0.0) >= threshold]
        wrong = sum(not each.exact for each in taken)
        asked = len(strings) - len(taken)
        asked_wrong = sum(not each.exact for each in strings) - wrong
        rows.append((f"{threshold:.1f}", *map(str, (len(taken), wrong, asked, asked_wrong))))
    columns = ("taken at confidence", "taken", "of them wrong", "asked again", "of them wrong")
    return Sheet("Digit strings, ours", columns, tuple(rows))
