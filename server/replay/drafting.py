"""Scenario drafts from real calls: a stereo recording cut into turns, or a live call's record."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import soundfile
import yaml

from dialog.bank.demo import demo_customers
from server.errors import ServerError
from server.explaining import Told, from_record
from server.replay.words import MASK
from voice.pcm import Samples, read_wav, write_wav
from voice.resampling import resample
from voice.vad import WINDOW, speech_probabilities

RATE = 16000
VOICED = 0.5
TURN_GAP = 0.8
"""Seconds of quiet between two turns; shorter quiet is a pause within one."""
SHORTEST = 0.25
EDGE = 0.15
"""Seconds kept before and after a turn's voice."""

Side = Literal["left", "right"]
Hear = Callable[[Samples], str]
"""The words of a turn at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of voice, in seconds of the recording."""

    began: float
    until: float


def draft_from_recording(
    wav: Path, out: Path, *, caller: Side, today: date, hear: Hear
) -> tuple[Path, int]:
    """Cut a stereo call into a scenario.

    Args:
        wav: The call; the caller on one side, the assistant on the other.
        out: A new folder for the scenario and its recordings.
        caller: The caller's side.
        today: The scenario's day.
        hear: Drafts the words, for a person to correct.

    Returns:
        The scenario file, and how many turns are in it.

    Raises:
        ServerError: The recording is not stereo, nobody speaks on the caller's side, or there is
            a scenario in the folder.
        AudioFormatError: It cannot be read.
    """
    path = _new(out)
    _require_stereo(wav)
    sides = ("left", "right")
    mine, rate = read_wav(wav, sides.index(caller))
    theirs, _ = read_wav(wav, 1 - sides.index(caller))
    turns, answers = voiced(resample(mine, rate, RATE)), voiced(resample(theirs, rate, RATE))
    if not turns:
        raise ServerError(f"{wav}: nobody speaks on the {caller} side; is the caller on the other?")
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for n, turn in enumerate(turns, start=1):
        samples = _cut(mine, rate, turn)
        write_wav(out / f"{n:02}.wav", samples, rate)
        words = hear(resample(samples, rate, RATE))
        written.append({"say": words, "wav": f"{n:02}.wav", **_when(turn, answers)})
    about = f"Drafted from {wav.name}: correct the words, and say what is expected."
    _write(path, about, ["imported"], today, written, rate)
    return path, len(written)


def draft_from_record(record: Path, out: Path, *, customer: str, today: date) -> tuple[Path, int]:
    """Turn a live call's record into a scenario of the demo bank.

    What was masked in the record is not in it: eight masked digits become the customer's number,
    four the PIN, and others a place to fill in.

    Args:
        record: The call's JSON lines.
        out: A new folder for the scenario.
        customer: Of the demo bank, by first name in lower case, who takes the caller's place.
        today: The scenario's day.

    Raises:
        ServerError: It is no record, there is no such customer, or there is a scenario in the
            folder.
    """
    path = _new(out)
    names = [person.name.split()[0].lower() for person in demo_customers()]
    if customer not in names:
        raise ServerError(f"no customer {customer} in the demo bank: there are {', '.join(names)}")
    told = [turn for turn in from_record(record) if turn.heard]
    turns = [_turn(turn, customer, n) for n, turn in enumerate(told, start=1)]
    if not turns:
        said = "the caller said nothing in it" if record.stat().st_size else "an empty file"
        raise ServerError(f"{record}: {said}")
    out.mkdir(parents=True, exist_ok=True)
    about = f"Drafted from the call {record.stem}: check what is expected."
    fills = {f"fill_in_{n}": "" for n, turn in enumerate(turns, 1) if "fill_in" in str(turn)}
    _write(path, about, ["recorded"], today, turns, 8000, fills)
    return path, len(turns)


def voiced(samples: Samples) -> list[Stretch]:
    """The turns in one side of a call at 16 kHz, by voice activity."""
    seconds = WINDOW / RATE
    loud = [n * seconds for n, p in enumerate(speech_probabilities(samples)) if p >= VOICED]
    found: list[Stretch] = []
    for at in loud:
        if found and at - found[-1].until < TURN_GAP:
            found[-1] = Stretch(found[-1].began, at + seconds)
        else:
            found.append(Stretch(at, at + seconds))
    return [stretch for stretch in found if stretch.until - stretch.began >= SHORTEST]


def _new(out: Path) -> Path:
    """Where the scenario will be; one that somebody may have corrected is not written over."""
    path = out / "scenario.yaml"
    if path.exists():
        raise ServerError(f"{path} is there already: name a new folder, or remove it")
    return path


def _require_stereo(wav: Path) -> None:
    if not wav.is_file():
        raise ServerError(f"{wav}: there is no such file")
    try:
        channels = soundfile.info(wav).channels
    except soundfile.LibsndfileError as error:
        raise ServerError(f"{wav}: cannot be read: {error}") from error
    if channels != 2:
        wrong = "mono, both sides in one" if channels == 1 else f"of {channels} channels"
        raise ServerError(f"{wav}: {wrong}; a call to import is stereo, one side each")


def _cut(samples: Samples, rate: int, turn: Stretch) -> Samples:
    return samples[int(max(0.0, turn.began - EDGE) * rate) : int((turn.until + EDGE) * rate)]


def _when(turn: Stretch, answers: Sequence[Stretch]) -> dict[str, float]:
    """Speech over an answer begins that long after the answer did."""
    over = [answer for answer in answers if answer.began < turn.began < answer.until]
    return {"barge_in": round(turn.began - over[0].began, 2)} if over else {}


def _turn(told: Told, customer: str, n: int) -> dict[str, Any]:
    heard = told.heard or ""
    expect = {"action": told.decided} if told.decided else {}
    if not heard.strip(f"{MASK} "):
        digits = heard.count(MASK)
        keyed = told.confidence in (None, 1.0) and " " not in heard
        name = {8: f"{customer}.number", 4: f"{customer}.pin"}.get(digits)
        if keyed and name:
            return {"keys": f"${{{name}}}#", "expect": expect}
        return {"say": f"${{{name}|spoken}}" if name else f"${{fill_in_{n}}}", "expect": expect}
    words = re.sub(rf"{MASK}(?:[ ]?{MASK})*", f"${{fill_in_{n}}}", heard)
    return {"say": words, "expect": expect}


def _write(
    path: Path,
    about: str,
    tags: list[str],
    today: date,
    turns: list[dict[str, Any]],
    rate: int,
    let: dict[str, str] | None = None,
) -> None:
    name = re.sub(r"[^a-z0-9-]+", "-", path.parent.name.lower()).strip("-") or "draft"
    fields = {
        "name": name,
        "about": about,
        "tags": tags,
        "today": today.isoformat(),
        "caller": {"sample_rate": 16000 if rate >= RATE else 8000},
        **({"let": let} if let else {}),
        "turns": turns,
    }
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(text, encoding="utf-8")
