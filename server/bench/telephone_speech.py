"""Public recordings as a bank's line would carry them: 8 kHz, G.711, and back up to 16 kHz.

Reads AN4 (spelled names, codes, digit strings; CMU), the Free Spoken Digit Dataset (single digits,
joined here to strings) and spoken commands (Picovoice) from a folder; nothing of them is kept.
"""

import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from server.replay.scenario import find_scenarios, load_scenario
from voice.codecs import decode, encode
from voice.pcm import Samples, read_wav
from voice.resampling import resample

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LINE = 8000
_STRING_LENGTHS = (4, 6, 8, 8)


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance of a data set.

    Attributes:
        source: "an4-digits", "an4-other", "fsdd-digits", "commands" or "recorded calls".
        text: What is said; digits as lower-case words, spelled letters in upper case. Of
            commands only the words of their slots.
        samples: At 16 kHz.
    """

    source: str
    text: str
    samples: Samples

    @property
    def is_digits(self) -> bool:
        """Whether nothing but digits is said."""
        return _only_digits(self.text)


def an4_digits(data: Path, count: int) -> list[Clip]:
    """Digit strings of AN4, in a fixed random order."""
    return _an4(data, count, "an4-digits")


def an4_other(data: Path, count: int) -> list[Clip]:
    """Names, dates and codes of AN4, in a fixed random order."""
    return _an4(data, count, "an4-other")


def fsdd_digits(data: Path, count: int) -> list[Clip]:
    """Strings of 4 to 8 digits, each string of one speaker, joined with short pauses."""
    source = random.Random(3)  # noqa: S311
    takes = _takes(data)
    return [_fsdd_string(takes, source) for _ in range(count)]


def commands(data: Path, count: int) -> list[Clip]:
    """Commands of many people, in a fixed random order, with the words of their slots."""
    folder = data / "spoken_commands"
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    names = sorted(labels)
    random.Random(4).shuffle(names)  # noqa: S311
    clips = []
    for name in names[:count]:
        samples, rate = read_wav(folder / "wav" / name)
        words = " ".join(labels[name]["slots"].values())
        clips.append(Clip("commands", words, _over_the_line(resample(samples, rate, _LINE))))
    return clips


def our_recordings(calls: Path, count: int) -> list[Clip]:
    """Turns of the recorded calls, for those who have none of the data sets."""
    found = []
    for file in find_scenarios(calls):
        for turn in load_scenario(file).turns:
            if turn.say and turn.wav:
                samples, rate = read_wav(file.parent / turn.wav)
                line = _over_the_line(resample(samples, rate, _LINE))
                found.append(Clip("recorded calls", turn.say.rstrip("."), line))
    random.Random(5).shuffle(found)  # noqa: S311
    return found[:count]


def _an4(data: Path, count: int, wanted: str) -> list[Clip]:
    with (data / "an4" / "manifest.tsv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if _kind(row) == wanted]
    random.Random({"an4-digits": 1, "an4-other": 2}[wanted]).shuffle(rows)  # noqa: S311
    return list(islice(_clips(data, rows, wanted), count))


def _kind(row: dict[str, str]) -> str:
    return "an4-digits" if _only_digits(row["text"]) else "an4-other"


def _only_digits(text: str) -> bool:
    return all(word in (*_DIGITS, "oh") for word in re.findall(r"\w+", text.lower()))


def _clips(data: Path, rows: list[dict[str, str]], source: str) -> Iterator[Clip]:
    for row in rows:
        words = [word if len(word) == 1 else word.lower() for word in row["text"].split()]
        samples, rate = read_wav(data / "an4" / row["path"])
        yield Clip(source, " ".join(words), _over_the_line(resample(samples, rate, _LINE)))


def _takes(data: Path) -> dict[str, dict[int, list[Path]]]:
    """Recordings by speaker and digit."""
    takes: dict[str, dict[int, list[Path]]] = {}
    for path in sorted((data / "fsdd").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        takes.setdefault(speaker, {}).setdefault(int(digit), []).append(path)
    return takes


def _fsdd_string(takes: dict[str, dict[int, list[Path]]], source: random.Random) -> Clip:
    speaker = takes[source.choice(sorted(takes))]
    said = [source.randrange(10) for _ in range(source.choice(_STRING_LENGTHS))]
    parts = [np.zeros(_LINE * 3 // 10, dtype=np.int16)]
    for digit in said:
        parts.append(read_wav(source.choice(speaker[digit]))[0])
        parts.append(np.zeros(int(_LINE * source.uniform(0.05, 0.2)), dtype=np.int16))
    text = " ".join(_DIGITS[digit] for digit in said)
    return Clip("fsdd-digits", text, _over_the_line(np.concatenate(parts)))


def _over_the_line(samples: Samples) -> Samples:
    return resample(decode(encode(samples, "ulaw"), "ulaw"), _LINE, 16000)
