"""Keys in the sound: each is known, over G.711 and noise, and no voice is one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.callfiles import read_turn
from voice.codecs import decode, encode
from voice.dtmf import COLUMNS, KEYS, ROWS, ToneKeys
from voice.pcm import Samples
from voice.resampling import Resampler

SAMPLES = Path(__file__).parents[2] / "audio_samples"
RATE = 16000


def tone(key: str, seconds: float = 0.06, *, peak: float = 4000, twist_db: float = 0.0) -> Samples:
    (row,) = (n for n, keys in enumerate(KEYS) if key in keys)
    column = KEYS[row].index(key)
    at = np.arange(int(seconds * RATE)) / RATE
    high = 10 ** (twist_db / 20)
    both = np.sin(2 * np.pi * ROWS[row] * at) + high * np.sin(2 * np.pi * COLUMNS[column] * at)
    return np.asarray(peak * both / max(1, high), np.int16)


def quiet(seconds: float = 0.06) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


def keyed(keys: str, **how: float) -> Samples:
    return np.concatenate([part for key in keys for part in (tone(key, **how), quiet())])


def heard(sound: Samples, step: int = 320) -> tuple[str, Samples]:
    keypad = ToneKeys()
    parts = [keypad.process(sound[at : at + step]) for at in range(0, len(sound), step)]
    return "".join(keys for keys, _ in parts), np.concatenate([rest for _, rest in parts])


def telephoned(sound: Samples) -> Samples:
    """Through an 8 kHz wire with G.711."""
    narrow = Resampler(RATE, 8000).process(sound, last=True)
    return Resampler(8000, RATE).process(decode(encode(narrow, "ulaw"), "ulaw"), last=True)


EVERY = "1234567890*#"


def test_every_key_is_known_once_over_a_telephone():
    assert heard(telephoned(keyed(EVERY + "0044")))[0] == EVERY + "0044"


@pytest.mark.parametrize("twist_db", [-6.0, 6.0])
def test_keys_are_known_softly_unevenly_and_in_noise(twist_db):
    sound = keyed(EVERY, peak=1000, twist_db=twist_db).astype(float)
    noisy = sound + np.random.default_rng(1).normal(0, 100, len(sound))  # 15 dB and more below
    assert heard(noisy.astype(np.int16))[0] == EVERY


@settings(max_examples=20, deadline=None)
@given(step=st.integers(20, 2000), held=st.floats(0.06, 2.0))
def test_pieces_are_like_the_whole_and_a_long_key_is_one(step, held):
    sound = np.concatenate((quiet(), tone("7", held), quiet(), tone("7"), quiet()))
    whole, rest = heard(sound, len(sound))
    keys, pieces = heard(sound, step)
    assert keys == whole == "77"
    assert np.array_equal(pieces, rest)


def test_a_tone_is_quiet_once_it_is_known():
    _, rest = heard(np.concatenate((tone("5", 1.0), quiet())))
    assert np.abs(rest[: int(0.02 * RATE)]).max() > 1000
    assert np.abs(rest[int(0.05 * RATE) :]).max() == 0


def test_what_is_short_or_one_tone_only_or_soft_is_no_key():
    one = np.asarray(6000 * np.sin(2 * np.pi * 770 * np.arange(RATE) / RATE), np.int16)
    assert heard(np.concatenate((tone("1", 0.02), quiet())))[0] == ""
    assert heard(one)[0] == ""
    assert heard(keyed("123", peak=100))[0] == ""


@pytest.mark.parametrize("at", range(1600, 1760, 40))
@pytest.mark.parametrize("lost", ["silent", "skipped"])
def test_a_key_goes_on_where_a_packet_is_lost(at, lost):
    for key in EVERY:
        pressed = tone(key, 0.25)
        hole = quiet(0.02) if lost == "silent" else quiet(0)
        sound = np.concatenate((quiet(), pressed[:at], hole, pressed[at + 320 :], quiet()))
        assert heard(telephoned(sound))[0] == key


def test_a_key_goes_on_while_somebody_speaks():
    voice = read_turn(sorted(SAMPLES.glob("*/*.wav"))[0], RATE).astype(float)
    voice *= 0.3 * 4000 / np.sqrt((voice[np.abs(voice) > 300] ** 2).mean())  # 10 dB below the key
    for key, n in zip(EVERY * 4, range(len(EVERY) * 4), strict=True):
        sound = np.concatenate((quiet(), tone(key, 0.25), quiet()))
        start = n * 997 % (len(voice) - len(sound))
        spoken = np.clip(sound + voice[start : start + len(sound)], -32768, 32767)
        assert heard(telephoned(spoken.astype(np.int16)))[0] == key


@pytest.mark.parametrize("late", [0.0, 0.003, 0.006, 0.009])
def test_a_key_pressed_again_after_40_ms_is_two(late):
    for key in EVERY:
        twice = (quiet(0.06 + late), tone(key), quiet(0.04), tone(key), quiet())
        assert heard(telephoned(np.concatenate(twice)))[0] == 2 * key


def test_no_callers_voice_is_a_key():
    turns = sorted(SAMPLES.glob("*/*.wav"))
    assert len(turns) > 60
    for path in turns:
        assert heard(read_turn(path, RATE), 4000)[0] == "", path
