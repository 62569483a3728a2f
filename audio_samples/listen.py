"""Are the recordings intelligible? Transcribe each with stock faster-whisper and compare.

    python -m audio_samples.listen [--only NAME]

It prints what was said and what was heard; a person decides whether "4021" is "four zero two one".
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from rich.progress import track

from audio_samples.build import ROOT
from server.errors import ModelError
from server.models import ModelStore
from server.replay.scenario import find_scenarios, load_scenario
from server.settings import Settings
from voice.pcm import read_wav, to_float


def spoken_turns(only: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Each recording with the words that it should hold."""
    for path in find_scenarios(ROOT):
        scenario = load_scenario(path)
        if not only or scenario.name in only:
            for turn in scenario.turns:
                if turn.say is not None and turn.wav is not None:
                    yield path.parent / turn.wav, turn.say


def heard(model: Any, path: Path) -> str:
    """What a faster-whisper model with its own settings makes of a recording."""
    samples, rate = read_wav(path)
    audio = np.asarray(soxr.resample(to_float(samples), rate, 16000), dtype=np.float32)
    segments, _ = model.transcribe(audio, language="en")
    return " ".join(segment.text.strip() for segment in segments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m audio_samples.listen", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one call")
    options = parser.parse_args(arguments)
    from faster_whisper import WhisperModel

    try:
        folder = ModelStore(Settings().models).prepare("whisper-base")
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    lines = [
        f"{path.relative_to(ROOT)}\t{said}\t{heard(model, path)}"
        for path, said in track(list(spoken_turns(options.only)), description="listening")
    ]
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
