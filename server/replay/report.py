"""The report for people: one HTML file that needs nothing beside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from server.replay.causes import cause, misheard
from server.replay.gates import first
from server.replay.glance import glance
from server.replay.metrics import Record
from server.replay.pictures import audio_uri, read_stereo, spectrogram_uri, waveform_path
from server.replay.verdict import Verdict, mismatch_line

PARTS = (
    "voice_tail",
    "endpointing",
    "transcription",
    "understanding",
    "decision",
    "synthesis",
    "wire",
    "playout",
    "lead_in",
)
SOUNDS = 60
"""Calls whose sound is put into the page: failed ones first, then the others in order."""


def write_report(verdict: Verdict, folder: Path) -> Path:
    """Write `report.html` beside the recordings of the same replay.

    Args:
        verdict: What it tells.
        folder: Where; the sound that each call left is taken into the page.

    Returns:
        The file.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    order = sorted(verdict.calls, key=lambda call: _rank(call, verdict))
    pages = [
        {**_page(call, sound=n < SOUNDS), "regression": _rank(call, verdict)[0] == 0}
        for n, call in enumerate(order)
    ]
    page = environment.get_template("report.html.j2").render(
        verdict=verdict,
        glance=glance(verdict),
        pages=pages,
        parts=PARTS,
        of=_requirements(verdict),
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _rank(call: Record, verdict: Verdict) -> tuple[int, str]:
    """Regressions first, then other failures, then the rest."""
    if call["passed"]:
        return 2, call["name"]
    return (0 if first(call) in verdict.regressions else 1), call["name"]


def _requirements(verdict: Verdict) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    for requirement in verdict.coverage:
        kinds.setdefault(requirement.kind, []).append(requirement)
    return kinds


def _page(call: Record, *, sound: bool) -> dict[str, Any]:
    recording = call.get("recording")
    pictures: dict[str, Any] = {}
    if sound and recording:
        stereo, rate = read_stereo(Path(recording))
        if len(stereo) >= rate // 10:
            pictures = {
                "audio": audio_uri(stereo, rate),
                "waves": [waveform_path(stereo[:, side]) for side in (0, 1)],
                "spectra": [spectrogram_uri(stereo[:, side], rate) for side in (0, 1)],
            }
    return {
        "call": call,
        "mismatches": [mismatch_line(mismatch) for mismatch in call["mismatches"]],
        "cause": "" if call["passed"] else cause(call),
        "misheard": list(misheard(call)),
        "turns": list(_turns(call)),
        "longest": max((_felt(turn) for turn in call["turns"]), default=0.0) or 1.0,
        **pictures,
    }


def _felt(turn: Record) -> float:
    return float(turn["response_latency_ms"] or 0.0)


def _turns(call: Record) -> Iterator[dict[str, Any]]:
    wrong: dict[int, list[Any]] = {}
    for mismatch in call["mismatches"]:
        if mismatch["turn"] is not None:
            wrong.setdefault(mismatch["turn"], []).append(mismatch)
    total = call["seconds"] or 1.0
    places = [_places(turn.get("span"), total) for turn in call["turns"]]
    numbers = [turn["n"] for turn in call["turns"]]
    tried_again = {n for n, number in enumerate(numbers) if number in numbers[n + 1 :]}
    for n, turn in enumerate(call["turns"]):
        yield {
            **turn,
            "wrong": [] if n in tried_again else wrong.get(turn["n"], []),
            "places": places[n],
            "room": {who: _room(who, n, places) for who in places[n]},
            "bars": [(name, turn["parts"].get(name, 0.0)) for name in PARTS],
        }


def _room(who: str, n: int, places: Sequence[dict[str, float]]) -> float:
    """Percent of the call until the same one's next words."""
    after = [place[who] for place in places[n + 1 :] if who in place]
    return round(max(0.5, min([*after, 100.0]) - places[n][who] - 0.3), 2)


def _places(span: Sequence[float | None] | None, total: float) -> dict[str, float]:
    """Where the words stand under the picture, in percent of the call."""
    if span is None:
        return {}
    began, _, answer = span
    places = {"caller": 100 * (began or 0.0) / total}
    if answer is not None:
        places["assistant"] = 100 * answer / total
    return {name: round(place, 2) for name, place in places.items()}
