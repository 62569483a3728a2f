"""People dictate customer numbers and codes in whole calls; their recordings are used by path.

FSDD has single digits of six people, joined into the numbers of the demo's customers. AN4 has
digits that people said in one go: they are nobody's number, and must let nobody in.
"""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dialog.bank.demo import demo_customers
from server.bench.spelled import digits
from server.bench.telephone_speech import an4_digits
from server.engines import Engines
from server.replay.hosting import application_for_scenarios
from server.replay.metrics import measured
from server.replay.scenario import load_scenario
from server.replay.suite import cases, replay
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings
from voice.pcm import read_wav, write_wav

SAMPLES = Path(__file__).parents[2] / "audio_samples"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ASKED = load_scenario(SAMPLES / "balance" / "scenario.yaml").turns[0]
CUSTOMERS = demo_customers()[:3]
BREATH = 0.25


def speakers(data: Path) -> list[str]:
    return sorted({path.stem.split("_")[1] for path in (data / "fsdd").glob("*.wav")})


def dictated(data: Path, speaker: str, number: str, path: Path) -> dict[str, Any]:
    """A turn in which somebody says a number digit by digit, in groups of four."""
    source = random.Random(f"{speaker}{number}")
    parts = [np.zeros(800, np.int16)]
    for place, digit in enumerate(number):
        takes = sorted((data / "fsdd").glob(f"{digit}_{speaker}_*.wav"))
        samples, rate = read_wav(source.choice(takes))
        assert rate == 8000
        parts += [samples, np.zeros(800 if (place + 1) % 4 else int(BREATH * 8000), np.int16)]
    write_wav(path, np.concatenate(parts), 8000)
    return {"say": " ".join(WORDS[int(digit)] for digit in number), "wav": str(path)}


def call(folder: Path, name: str, number: dict, pin: dict, **expect: Any) -> Path:
    fields = {
        "name": name,
        "about": "A person dictates a number and a code.",
        "tags": ["human"],
        "today": "2026-03-16",
        "turns": [
            {"say": ASKED.say, "wav": str(SAMPLES / "balance" / "01.wav")},
            number,
            pin,
        ],
        "expect": {"books": {"transfers": []}, **expect},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(fields))
    return path


def replayed(paths: list[Path], engines: Engines) -> list[dict[str, Any]]:
    serve = application_for_scenarios(Settings(), engines)
    work = replay(cases(paths), by="voice", serve=serve, concurrency=2)
    return [result.json() for result in run_in_virtual_time(work).results]


def logins(record: dict[str, Any]) -> bool:
    return any(turn["action"] == "tell_balance" for turn in record["turns"])


@pytest.mark.slow
def test_people_log_in_by_voice_as_themselves_or_not_at_all(shared_data, engines, tmp_path):
    paths = []
    for n, speaker in enumerate(speakers(shared_data)):
        who = CUSTOMERS[n % len(CUSTOMERS)]
        number = dictated(shared_data, speaker, who.number, tmp_path / f"{speaker}-number.wav")
        pin = dictated(shared_data, speaker, who.pin, tmp_path / f"{speaker}-pin.wav")
        paths.append(call(tmp_path, f"fsdd-{speaker}", number, pin))
    records = replayed(paths, engines)
    for n, record in enumerate(records):
        name = CUSTOMERS[n % len(CUSTOMERS)].name.split()[0]
        others = {who.name.split()[0] for who in CUSTOMERS} - {name}
        said = " ".join(turn["said"] for turn in record["turns"])
        assert not any(other in said for other in others), record
    figures = {metric.name: metric for metric in measured(records)}
    print({name: (round(m.value, 3), m.n) for name, m in figures.items()})
    print([logins(record) for record in records])
    assert figures["digit strings wrong"].n == 2 * len(records)
    assert sum(map(logins, records)) >= len(records) / 2


@pytest.mark.slow
def test_digits_that_are_nobodys_number_let_nobody_in(shared_data, engines, tmp_path):
    paths = []
    for n, clip in enumerate(an4_digits(shared_data, 4)):
        wav = tmp_path / f"an4-{n}.wav"
        write_wav(wav, clip.samples, 16000)
        said = {"say": " ".join(WORDS[int(digit)] for digit in digits(clip.text)), "wav": str(wav)}
        paths.append(call(tmp_path, f"an4-{n}", said, said, audit_lacks=["login"]))
    records = replayed(paths, engines)
    assert not any(map(logins, records))
    assert not [m for record in records for m in record["mismatches"] if m["what"] == "audit"]
