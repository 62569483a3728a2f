"""Do spoken values come back exact? Random amounts, dates and digits, said, recognised, read.

    python -m audio_samples.roundtrip render --out DIR --seed 1 --n 100
    python -m audio_samples.roundtrip check DIR

`render` speaks them with callers' voices, as they are (16 kHz) and through a telephone (8 kHz,
G.711); `check` recognises and reads them as a call would, and counts what came back exact, what
would be asked again, and what would be taken although it is wrong. Seed 1 is for setting cues and
thresholds, any other seed (other values, other voices) for reporting.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from audio_samples.spoken_values import SpokenValue, ValueKind, spoken_values
from server.errors import ServerError
from server.replay.scenario import Caller
from server.replay.telephone import recording
from server.replay.voices import RATE, speak
from voice.errors import VoiceError
from voice.pcm import write_wav

KINDS: tuple[ValueKind, ...] = ("amount", "date", "digits")
COLUMNS = ("wav", "kind", "value", "text", "voice", "line")

LINES = {
    "wideband": Caller(voice="", sample_rate=16000, encoding="pcm16"),
    "telephone": Caller(voice="", sample_rate=8000, encoding="ulaw"),
}

TUNING_VOICES = ("kokoro-alpha", "kokoro-gongitsune", "kokoro-kumo", "kokoro-tebukuro", "flite-slt")
REPORT_VOICES = (
    "kokoro-nezumi",
    "kokoro-kumo-alpha",
    "kokoro-kumo-tebukuro",
    "kokoro-nezumi-alpha",
    "flite-rms",
)


def render(out: Path, seed: int, count: int, voices: Sequence[str]) -> Path:
    """Record `count` values of each kind; returns the manifest's path.

    Raises:
        VoiceError: A voice is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    by_kind = [spoken_values(kind, count, seed) for kind in KINDS]
    spoken = [value for row in zip(*by_kind, strict=True) for value in row]
    manifest = out / "manifest.tsv"
    with manifest.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(COLUMNS)
        for number, value in enumerate(track(spoken, description="recording")):
            voice = voices[number // len(KINDS) % len(voices)]
            writer.writerows(_record(out, number, value, voice, line) for line in LINES)
            stream.flush()  # what is there so far can be checked while the rest is recorded
    return manifest


def _record(out: Path, number: int, spoken: SpokenValue, voice: str, line: str) -> tuple[str, ...]:
    caller = LINES[line]
    name = f"{number:03d}-{line}.wav"
    samples = recording(speak(spoken.text, voice), RATE, caller)
    write_wav(out / name, samples, caller.sample_rate)
    return name, spoken.kind, spoken.value, spoken.text, voice, line


def run_check(folder: Path, threads: int) -> int:
    """Check a folder of recordings; returns how many wrong values would have been taken.

    Raises:
        ModelError: A model is missing.
    """
    from audio_samples.roundtrip_check import check, report
    from nlu.understander import Understander
    from server.models import ModelStore
    from server.settings import Settings
    from voice.recogniser import Recogniser

    settings = Settings()
    store = ModelStore(settings.models)
    recogniser = Recogniser(store.prepare(settings.recogniser), threads=threads)
    answers = check(folder, recogniser, Understander(store.prepare(settings.encoder)))
    print(report(answers))
    return sum(answer.verdict == "taken wrong" for answer in answers)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status: 1 where a wrong value would have been taken."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            return 1 if run_check(options.folder, options.threads) else 0
        voices = TUNING_VOICES if options.seed == 1 else REPORT_VOICES
        print(render(options.out, options.seed, options.n, voices))
    except (VoiceError, ServerError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audio_samples.roundtrip",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recorder = commands.add_parser("render", help="record random values")
    recorder.add_argument("--out", type=Path, required=True, help="folder to write")
    recorder.add_argument("--seed", type=int, default=1, help="which values (and voices)")
    recorder.add_argument("--n", type=int, default=100, help="how many of each kind")
    checker = commands.add_parser("check", help="recognise, read and judge them")
    checker.add_argument("folder", type=Path, help="what render wrote")
    checker.add_argument("--threads", type=int, default=2, help="of the recogniser")
    return parser


if __name__ == "__main__":
    sys.exit(main())
