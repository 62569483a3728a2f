"""Our recogniser against stock faster-whisper, clip by clip in one run.

    python -m server.bench.asr --data PATH [--model DIR] [--limit 60]

PATH holds `an4` and `fsdd`. Both read the same model and the same audio over a telephone line,
in turns, so that a busy machine slows both. The odd clips were used to choose parameters; the
figures are of the even ones.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from faster_whisper import WhisperModel
from rich.console import Console
from rich.progress import track
from rich.table import Table

from server.bench.spelled import digits, edits, symbols
from server.bench.telephone_speech import Clip, an4_digits, an4_other, fsdd_digits
from server.models import ModelStore
from server.settings import Settings
from voice.pcm import to_float
from voice.recogniser import Recogniser

_THREADS = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """What one recogniser made of one clip; confidence is None where it gives none."""

    clip: Clip
    text: str
    seconds: float
    confidence: float | None

    @property
    def exact(self) -> bool:
        """Whether a digit string is right."""
        return digits(self.text) == digits(self.clip.text)


@dataclass(frozen=True, slots=True)
class Report:
    """All clips as ours and as stock heard them."""

    ours: tuple[Heard, ...]
    stock: tuple[Heard, ...]


def run(data: Path, model_dir: Path, limit: int) -> Report:
    """Measure both on `limit` clips of AN4 and `limit` digit strings of FSDD (half are reported).

    Raises:
        AudioFormatError: The data sets are not where they should be.
        ModelFileError: The model cannot be loaded.
    """
    recogniser = Recogniser(model_dir, device="cpu", threads=_THREADS)
    recogniser.warm_up()
    peer = WhisperModel(str(model_dir), device="cpu", compute_type="int8", cpu_threads=_THREADS)
    ours, stock = [], []
    for clip in track(_reported(data, limit), description="recognising"):
        ours.append(_timed(clip, lambda clip: _ours(recogniser, clip)))
        stock.append(_timed(clip, lambda clip: _stock(peer, clip)))
    return Report(tuple(ours), tuple(stock))


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


def _reported(data: Path, limit: int) -> list[Clip]:
    half = limit // 2
    clips = an4_digits(data, half) + an4_other(data, limit - half) + fsdd_digits(data, limit)
    return clips[::2]


def _ours(recogniser: Recogniser, clip: Clip) -> tuple[str, float | None]:
    expects_digits = clip.source.endswith("-digits")
    transcript = recogniser.transcribe(clip.samples, digits=expects_digits)
    return transcript.text, transcript.confidence


def _stock(peer: WhisperModel, clip: Clip) -> tuple[str, float | None]:
    segments, _ = peer.transcribe(to_float(clip.samples), language="en")
    return " ".join(segment.text for segment in segments), None


def _timed(clip: Clip, recognise: Callable[[Clip], tuple[str, float | None]]) -> Heard:
    started = perf_counter()
    text, confidence = recognise(clip)
    return Heard(clip, text, perf_counter() - started, confidence)


def _table(report: Report) -> Table:
    table = Table("clips", "recogniser", "n", "word error", "digits exact", "p50 ms", "p95 ms")
    for source in ("an4-digits", "an4-other", "fsdd-digits"):
        for name, heard in (
            ("tellerline", of(report.ours, source)),
            ("faster-whisper", of(report.stock, source)),
        ):
            table.add_row(source, name, *_figures(heard))
    return table


def _figures(heard: Sequence[Heard]) -> tuple[str, ...]:
    milliseconds = sorted(1000 * each.seconds for each in heard)
    is_digits = heard[0].clip.source.endswith("-digits")
    return (
        str(len(heard)),
        f"{100 * word_error(heard):.1f}%",
        f"{sum(each.exact for each in heard)}/{len(heard)}" if is_digits else "",
        f"{median(milliseconds):.0f}",
        f"{milliseconds[int(0.95 * (len(milliseconds) - 1))]:.0f}",
    )


def _trust_table(report: Report) -> Table:
    """What would be taken, and what of that is wrong, at several thresholds of confidence."""
    strings = [each for each in report.ours if each.clip.source.endswith("-digits")]
    table = Table("taken at confidence", "taken", "of them wrong", "asked again", "of them wrong")
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
        taken = [each for each in strings if (each.confidence or 0.0) >= threshold]
        wrong = sum(not each.exact for each in taken)
        all_wrong = sum(not each.exact for each in strings)
        table.add_row(
            f"{threshold:.1f}",
            str(len(taken)),
            str(wrong),
            str(len(strings) - len(taken)),
            str(all_wrong - wrong),
        )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m server.bench.asr", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with an4 and fsdd")
    parser.add_argument("--model", type=Path, help="Whisper in CTranslate2 form")
    parser.add_argument("--limit", type=int, default=60, help="clips of each data set")
    options = parser.parse_args(arguments)
    model_dir = options.model or ModelStore(Settings().models).prepare("whisper-base")
    report = run(options.data, model_dir, options.limit)
    console = Console()
    console.print(_table(report))
    console.print("Digit strings, ours:")
    console.print(_trust_table(report))


if __name__ == "__main__":
    main()
