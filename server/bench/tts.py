"""Time to the first sound of a sentence: our windows against whole-sentence Coqui.

Both speak the same words with the same checkpoint, in turns, so that a busy machine slows both.
Coqui is its own `Synthesizer.tts`, which needs an espeak program; without one it is
`Vits.inference` on our phonemes, which is faster than the real one. Both are given words only.
"""

import contextlib
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from server.bench.report import Report, Sheet, p50_p95, percentile, percentiles
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
HEADLINE = 16
"""Words of the reply that the report's own figures are of."""

CACHED = "Is there anything else that I can do for you today?"
"""A fixed phrase, kept at start-up like the dialog's own."""

Whole = Callable[[str], int]
"""Speaks words in one piece and returns the number of samples."""


@dataclass(slots=True)
class Timing:
    """What one reply took, ms by round.

    Attributes:
        words: Spoken words in it.
        seconds: Of audio.
    """

    words: int
    first: list[float] = field(default_factory=list)
    everything: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
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
            with contextlib.redirect_stdout(io.StringIO()):  # it prints every sentence
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


def measure_tts(
    ours: Synthesiser,
    coqui: Whole | None,
    rounds: int,
    on_reply: Callable[[], None] = lambda: None,
) -> tuple[list[Timing], list[float]]:
    """Speak every reply with both, `rounds` times after one that does not count.

    Returns:
        The replies' timings, and milliseconds to the first sound of the cached phrase.
    """
    timings = [Timing(len(spoken_form(reply).split())) for reply in REPLIES]
    ours.warm_up()
    ours.fix([CACHED])
    ours.whole(CACHED)
    cached = []
    for count in range(rounds + 1):
        for reply, timing in zip(REPLIES, timings, strict=True):
            first, everything, samples = _speak(ours, reply)
            whole = _whole(coqui, reply)
            if count:
                timing.first.append(first)
                timing.everything.append(everything)
                timing.whole += whole
            timing.seconds = samples / ours.sample_rate
            on_reply()
        cached.append(_speak(ours, CACHED)[0])
    return timings, cached[1:]


def _speak(ours: Synthesiser, reply: str) -> tuple[float, float, int]:
    """Milliseconds to the first samples and to all of them, and how many there are."""
    begun = perf_counter()
    windows = ours.stream(reply)
    samples = len(next(windows))
    first = perf_counter() - begun
    samples += sum(len(window) for window in windows)
    return 1000 * first, 1000 * (perf_counter() - begun), samples


def _whole(coqui: Whole | None, reply: str) -> list[float]:
    if coqui is None:
        return []
    begun = perf_counter()
    coqui(spoken_form(reply))
    return [1000 * (perf_counter() - begun)]


def tts_report(
    timings: Sequence[Timing], cached: Sequence[float], peer: str, notes: Sequence[str] = ()
) -> Report:
    """The figures of a run; the headline is the reply of 16 words."""
    rows = []
    for timing in timings:
        theirs, ours = percentile(timing.whole, 50), percentile(timing.first, 50)
        factor = float(np.median(timing.everything)) / 1000 / timing.seconds
        rows.append(
            (
                f"{timing.words} new words",
                f"{timing.seconds:.1f}",
                p50_p95(timing.first),
                p50_p95(timing.everything),
                p50_p95(timing.whole),
                f"{ours / theirs:.2f}" if ours and theirs else "",
                f"{factor:.2f}",
            )
        )
    rows.append(("a cached phrase", "", p50_p95(cached), "", "", "", ""))
    columns = ("reply", "audio s", "first sound ms", "all ms", f"{peer} ms", "ratio", "RTF")
    chosen = next(timing for timing in timings if timing.words == HEADLINE)
    first = tuple(round(ms, 1) for ms in chosen.first)
    more = {
        "words": {
            str(t.words): {
                **percentiles(t.first),
                "peer": percentiles(t.whole) if t.whole else None,
                "audio_s": round(t.seconds, 2),
            }
            for t in timings
        },
        "cached": percentiles(cached),
    }
    return Report(
        bench="tts",
        ours=first,
        peer=tuple(round(ms, 1) for ms in chosen.whole) if chosen.whole else None,
        parts=tuple({"first_window": ms} for ms in first),
        more=more,
        sheets=(Sheet("First sound of a reply (p50 / p95)", columns, tuple(rows)),),
        notes=tuple(notes),
        series={f"{t.words} words": t.first for t in timings} | {f"{peer}, 16": chosen.whole},
    )
