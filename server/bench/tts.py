"""Time to the first sound of a reply: our windows against whole-sentence Coqui.

    python -m server.bench.tts [--voice NAME_OR_FOLDER] [--rounds 15] [--threads 2] [--device cpu]

Both speak the same reply with the same checkpoint, in turns, so that a busy machine slows both.
Coqui is its own `Synthesizer.tts`, which needs an espeak program; without one it is
`Vits.inference` on our phonemes, which is faster than the real one. Both are given words only.
"""

import argparse
import contextlib
import io
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from server.models import ModelStore
from server.settings import Settings
from voice.phonemes import Phonemiser
from voice.spoken_form import spoken_form
from voice.synthesiser import Synthesiser
from voice.vits_model import load_vits

REPLIES = (
    "Your card is blocked now.",
    "Your savings account holds $250.75, and your card came.",
    "I have moved $200 from your checking account to your savings account, and your checking"
    " balance is now $2,250, while your savings account holds $8,500; is there anything else I"
    " can do?",
)

Whole = Callable[[str], int]
"""Speaks words in one piece and returns the number of samples."""


@dataclass(slots=True)
class Timing:
    """What one reply took, ms by round; seconds of audio."""

    words: int
    ours_first: list[float] = field(default_factory=list)
    ours_all: list[float] = field(default_factory=list)
    coqui: list[float] = field(default_factory=list)
    seconds: float = 0.0


def whole_sentence(folder: Path, device: torch.device) -> tuple[str, Whole]:
    """Coqui as it stands: its name and how to speak with it."""
    if shutil.which("espeak-ng") or shutil.which("espeak"):
        from TTS.utils.synthesizer import Synthesizer

        with contextlib.redirect_stdout(io.StringIO()):
            coqui = Synthesizer(
                tts_checkpoint=str(folder / "model.pth"),
                tts_config_path=str(folder / "config.json"),
            ).to(device)

        def synthesizer(words: str) -> int:
            return len(coqui.tts(words))

        return "Coqui Synthesizer.tts", synthesizer
    model, language = load_vits(folder, device)
    phonemiser = Phonemiser(language)

    def inference(words: str) -> int:
        ids = model.tokenizer.text_to_ids(phonemiser.phonemes(words))
        with torch.inference_mode():
            sound = model.inference(torch.tensor([ids], device=device))["model_outputs"]
        return len(sound[0, 0].cpu().numpy())

    return "Coqui Vits.inference", inference


def measure(ours: Synthesiser, coqui: Whole, rounds: int) -> list[Timing]:
    """Speak every reply with both, `rounds` times after one that does not count."""
    timings = [Timing(len(spoken_form(reply).split())) for reply in REPLIES]
    for count in track(range(rounds + 1), description="speaking"):
        for reply, timing in zip(REPLIES, timings, strict=True):
            first, everything, samples = _ours(ours, reply)
            begun = perf_counter()
            coqui(spoken_form(reply))
            whole = perf_counter() - begun
            if count:
                timing.ours_first.append(first * 1000)
                timing.ours_all.append(everything * 1000)
                timing.coqui.append(whole * 1000)
            timing.seconds = samples / ours.sample_rate
    return timings


def _ours(ours: Synthesiser, reply: str) -> tuple[float, float, int]:
    begun = perf_counter()
    windows = ours.stream(reply)
    samples = len(next(windows))
    first = perf_counter() - begun
    samples += sum(len(window) for window in windows)
    return first, perf_counter() - begun, samples


def table(timings: Sequence[Timing], peer: str) -> Table:
    """The figures: p50 / p95 in ms, the ratio of the medians and the real-time factor."""
    made = Table(title=f"First sound of a reply against {peer}, ms (p50 / p95)")
    for column in ("words", "audio s", "first window", "all windows", "Coqui", "ratio", "RTF"):
        made.add_column(column, justify="right")
    for t in timings:
        ratio = np.median(t.coqui) / np.median(t.ours_first)
        factor = np.median(t.ours_all) / 1000 / t.seconds
        made.add_row(
            str(t.words),
            f"{t.seconds:.1f}",
            *(
                f"{np.median(ms):.0f} / {np.percentile(ms, 95):.0f}"
                for ms in (t.ours_first, t.ours_all, t.coqui)
            ),
            f"{ratio:.1f}",
            f"{factor:.2f}",
        )
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    settings = Settings()
    parser.add_argument("--voice", default=settings.voice, help="a model's name, or a folder")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=settings.threads)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    options = parser.parse_args()
    folder = ModelStore(settings.models).path(options.voice)
    ours = Synthesiser(folder, device=options.device, threads=options.threads)
    ours.warm_up()
    peer, coqui = whole_sentence(folder, ours.device)
    with contextlib.redirect_stdout(io.StringIO()) as chatter:  # Coqui prints every sentence
        del chatter
        timings = measure(ours, coqui, options.rounds)
    Console().print(table(timings, peer))
    load = os.getloadavg()[0]
    print(f"{ours.device}, {options.threads} threads, {os.cpu_count()} cores, load {load:.1f}")


if __name__ == "__main__":
    main()
