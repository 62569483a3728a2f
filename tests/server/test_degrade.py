"""What conditions do to a caller's voice: measured in the sound, the same for the same seed."""

from itertools import pairwise

import numpy as np
import pytest

from server.replay.degrade import CLEAN, Condition, background, concealed, degraded
from server.replay.noise import make_noise
from server.replay.reading import ScenarioError
from server.replay.telephone import LEVEL_DBOV
from tests.server.conftest import sample
from voice.pcm import level_dbov, read_wav

RATE = 16000


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    samples, rate = read_wav(sample("demo", 1))
    assert rate == RATE
    return samples


def under(samples: np.ndarray, seed: int = 5, **what) -> np.ndarray:
    return degraded(samples, RATE, Condition(name="test", **what), seed)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    count = min(len(a), len(b))
    return float(np.corrcoef(a[:count], b[:count])[0, 1])


def pitch_of(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


@pytest.mark.parametrize(
    ("codec", "at_least"),
    [("g711-ulaw", 0.99), ("g711-alaw", 0.99), ("g722", 0.99), ("gsm", 0.93), ("opus", 0.9)],
)
def test_a_codec_leaves_the_words_and_takes_a_little(speech, codec, at_least):
    heard = under(speech, codec=codec)
    assert len(heard) == len(speech)
    assert at_least < alike(speech, heard)
    assert not np.array_equal(speech, heard)


def test_a_narrow_codec_takes_the_high_band_and_a_wide_one_leaves_it():
    at = np.arange(RATE) / RATE
    high = (8000 * np.sin(2 * np.pi * 6000 * at)).astype(np.int16)
    assert level_dbov(under(high, codec="gsm")) < level_dbov(high) - 25
    assert level_dbov(under(high, codec="g722")) > level_dbov(high) - 6


def test_chance_is_the_same_for_the_same_seed_and_another_for_another(speech):
    lossy = {"loss": 0.1, "burst": 2.0, "reverberation": 0.3}
    assert np.array_equal(under(speech, **lossy), under(speech, **lossy))
    assert not np.array_equal(under(speech, **lossy), under(speech, seed=6, **lossy))


def test_as_many_packets_are_lost_as_asked_for_and_in_bursts():
    noise = np.random.default_rng(1).integers(-9000, 9000, 200 * RATE).astype(np.int16)
    changed = under(noise, loss=0.1, burst=3.0) != noise
    lost = changed.reshape(-1, RATE // 50).mean(axis=1) > 0.5
    assert lost.mean() == pytest.approx(0.1, abs=0.02)
    starts = sum(not a and b for a, b in pairwise(lost))
    assert lost.sum() / starts == pytest.approx(3.0, abs=0.5)


def test_late_packets_are_lost_and_early_ones_are_not():
    noise = np.random.default_rng(1).integers(-9000, 9000, 120 * RATE).astype(np.int16)
    changed = under(noise, jitter_ms=40) != noise
    lost = changed.reshape(-1, RATE // 50).mean(axis=1) > 0.5
    assert lost.mean() == pytest.approx(0.0668, abs=0.01)  # beyond 1.5 standard deviations
    assert np.array_equal(under(noise, jitter_ms=10), noise)


def test_a_lost_packet_of_a_steady_voice_is_hardly_noticed():
    at = np.arange(RATE) / RATE
    voice = (6000 * np.sin(2 * np.pi * 150 * at) + 2000 * np.sin(2 * np.pi * 300 * at)).astype(
        np.int16
    )
    lost = np.zeros(50, bool)
    lost[25] = True
    mended, silenced = concealed(voice, RATE, lost), voice.copy()
    silenced[25 * 320 : 26 * 320] = 0
    error = np.abs(mended.astype(int) - voice).mean()
    assert error < np.abs(silenced.astype(int) - voice).mean() / 5


def test_a_long_gap_fades_to_silence():
    voice = np.full(RATE, 5000, np.int16)
    lost = np.zeros(50, bool)
    lost[20:30] = True
    assert not concealed(voice, RATE, lost)[24 * 320 : 30 * 320].any()


def test_speed_changes_the_time_and_pitch_the_tone_and_neither_the_other():
    at = np.arange(2 * RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
    faster, higher = under(tone, speed=1.25), under(tone, semitones=12)
    assert len(faster) == pytest.approx(len(tone) / 1.25, rel=0.05)
    assert pitch_of(faster) == pytest.approx(440, rel=0.02)
    assert len(higher) == pytest.approx(len(tone), rel=0.06)
    assert pitch_of(higher) == pytest.approx(880, rel=0.02)


def test_gain_and_clipping_are_exact(speech):
    assert level_dbov(under(speech, gain_db=-12)) == pytest.approx(level_dbov(speech) - 12, abs=0.1)
    assert np.abs(under(speech, clip_db=-20).astype(int)).max() <= 32768 * 0.1 + 1


def test_a_room_rings_on_after_the_voice(speech):
    rung = under(speech, reverberation=0.6)
    assert len(rung) > len(speech)
    assert level_dbov(rung[len(speech) : len(speech) + 1600]) > -75


@pytest.mark.parametrize("kind", ["street", "babble", "hum", "white"])
@pytest.mark.parametrize("snr_db", [5, 20])
def test_noise_lasts_all_through_the_call_at_its_ratio(kind, snr_db):
    around = background(Condition(name="loud", noise=kind, snr_db=snr_db), RATE)
    assert around is not None
    assert level_dbov(around(0, 30 * RATE)) == pytest.approx(LEVEL_DBOV - snr_db, abs=0.5)
    assert np.array_equal(around(100, 320), around(100 + 30 * RATE, 320))


def spectrum(kind) -> tuple[np.ndarray, np.ndarray]:
    noise = make_noise(kind, 20.0, RATE, seed=3)
    power = np.abs(np.fft.rfft(noise.astype(float))) ** 2
    return np.fft.rfftfreq(len(noise), 1 / RATE), power


@pytest.mark.parametrize(
    ("kind", "low", "high", "share"),
    [("street", 0, 400, 0.6), ("hum", 0, 1500, 0.9), ("babble", 100, 4000, 0.9)],
)
def test_a_noise_has_the_spectrum_of_its_kind(kind, low, high, share):
    at, power = spectrum(kind)
    assert power[(at >= low) & (at <= high)].sum() > share * power.sum()


def test_white_noise_is_even_and_hum_has_the_mains_harmonics():
    at, power = spectrum("white")
    assert power[at < 4000].sum() == pytest.approx(power[at >= 4000].sum(), rel=0.05)
    at, power = spectrum("hum")
    assert at[np.argmax(power)] == pytest.approx(60, abs=0.1)


def test_another_seed_is_another_noise():
    once, twice, other = (make_noise("street", 1.0, RATE, seed) for seed in (1, 1, 2))
    assert np.array_equal(once, twice)
    assert not np.array_equal(once, other)


def test_a_condition_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="lengthen the burst"):
        Condition(name="x", loss=0.9)


@pytest.mark.parametrize(
    ("what", "cure"),
    [
        ({"snr_db": 5}, "snr_db needs noise"),
        ({"burst": 4}, "burst needs loss"),
        ({"echo_ms": 50, "gain_db": 3}, "echo_ms needs echo_db"),
        ({"gain_db": 0, "seed": 2}, "it changes nothing"),
    ],
)
def test_a_condition_that_is_clean_under_another_name_is_refused(what, cure):
    with pytest.raises(ValueError, match=cure):
        Condition.model_validate({"name": "x"} | what)
    assert Condition(name="clean") == CLEAN


def test_an_empty_matrix_is_refused(tmp_path):
    from server.replay.matrix import load_matrix

    path = tmp_path / "matrix.yml"
    path.write_text("# conditions: none yet\n")
    with pytest.raises(ScenarioError, match=r"matrix.yml: empty: give conditions or channels"):
        load_matrix(path)


def test_a_mistake_in_a_matrix_names_the_line_and_the_cure(tmp_path):
    from server.replay.matrix import load_matrix

    path = tmp_path / "matrix.yaml"
    path.write_text("conditions:\n  - name: bad\n    codecs: gsm\n")
    with pytest.raises(ScenarioError, match=r"matrix.yaml:3: conditions.0.codecs: .*spelling"):
        load_matrix(path)
    path.write_text("channels: [carrier-pigeon]\n")
    with pytest.raises(ScenarioError, match=r"matrix.yaml:1: .*'carrier-pigeon' is no channel"):
        load_matrix(path)
