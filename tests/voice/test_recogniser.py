import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from voice.codecs import decode, encode
from voice.errors import AudioFormatError, ModelFileError
from voice.pcm import mix_at_snr, read_wav
from voice.readings import bare
from voice.recogniser import Recogniser
from voice.resampling import resample

RATE = 16000
NUMBER = "40217308"


def hiss(seconds, loudness=400, seed=5):
    noise = np.random.default_rng(seed).normal(0, loudness, int(seconds * RATE))
    return noise.clip(-32768, 32767).astype(np.int16)


def hum(seconds):
    time_axis = np.arange(int(seconds * RATE)) / RATE
    mains = 4000 * np.sin(2 * np.pi * 50 * time_axis) + 1500 * np.sin(2 * np.pi * 150 * time_axis)
    return mains.astype(np.int16)


def knocks(seconds):
    noise = hiss(seconds, 6000).astype(float)
    since = np.arange(len(noise)) % (RATE * 7 // 10)
    return (noise * np.exp(-since / 400)).astype(np.int16)


def over_the_telephone(samples):
    line = resample(samples, RATE, 8000)
    return resample(decode(encode(line, "ulaw"), "ulaw"), 8000, RATE)


WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = {word: str(digit) for digit, word in enumerate(WORDS)}


def digits_of(text):
    words = re.findall(r"\d|[a-z]+", text.lower())
    return "".join(word if word.isdigit() else DIGITS.get(word, "") for word in words)


@pytest.fixture(scope="module")
def number(recorded):
    """A caller says a customer number."""
    return recorded("demo", 2)


def test_a_caller_is_understood(recogniser, spoken):
    heard = recogniser.transcribe(spoken)
    assert bare(heard.text) == "howmuchmoneydoihaveinmysavingsaccount"
    assert heard.is_speech
    assert heard.language == "en"
    assert heard.seconds == pytest.approx(len(spoken) / RATE)
    assert heard.confidence > 0.6


def test_a_digit_string_comes_back_exact_through_a_telephone(recogniser, number):
    heard = recogniser.transcribe(over_the_telephone(number), awaited="digits")
    assert digits_of(heard.text) == NUMBER
    assert heard.confidence > 0.6


def test_readings_are_different_texts_and_the_best_is_the_transcript(recogniser, recorded):
    hard = over_the_telephone(recorded("balance-savings", 2))
    heard = recogniser.transcribe(hard, awaited="digits")
    texts = [reading.text.lower().strip(" .,!?") for reading in heard.hypotheses]
    assert len(texts) == len(set(texts)) > 1
    assert (heard.text, heard.confidence) == (
        heard.hypotheses[0].text,
        heard.hypotheses[0].confidence,
    )
    assert all(0.0 <= reading.confidence <= 1.0 for reading in heard.hypotheses)


def test_a_number_drowned_in_noise_is_not_trusted(recogniser, number):
    drowned = mix_at_snr(number, hiss(8, 3000), -4)
    heard = recogniser.transcribe(drowned, awaited="digits")
    right = digits_of(heard.text) == NUMBER
    assert right or heard.confidence < 0.6


@pytest.mark.parametrize(
    "noise",
    [
        np.zeros(0, dtype=np.int16),
        np.zeros(100, dtype=np.int16),
        np.zeros(5 * RATE, dtype=np.int16),
        hiss(3, 20),
        hiss(3, 400),
        hiss(6, 9000),
        hum(4),
        knocks(4),
    ],
    ids=["empty", "tiny", "silence", "faint", "hiss", "loud", "hum", "knocks"],
)
def test_noise_without_speech_gives_no_words(recogniser, noise):
    heard = recogniser.transcribe(noise)
    assert (heard.text, heard.hypotheses, heard.is_speech) == ("", (), False)
    assert heard.confidence == 0.0
    assert heard.seconds == len(noise) / RATE


@pytest.mark.parametrize(
    "name", ["kitchen", "siren", "ringing_phone", "dog_bark", "car_horn", "engine_idling"]
)
def test_recorded_noise_gives_no_words(recogniser, shared_data, name):
    samples, rate = read_wav(shared_data / "noise" / f"{name}.wav")
    noise = over_the_telephone(resample(samples, rate, RATE)[: 20 * RATE])
    words = [
        recogniser.transcribe(noise[at : at + 4 * RATE]).text
        for at in range(0, 20 * RATE, 4 * RATE)
    ]
    assert "".join(words) == ""


def test_clipped_speech_is_still_understood(recogniser, spoken):
    clipped = np.clip(spoken.astype(np.int32) * 12, -32768, 32767).astype(np.int16)
    assert np.mean(np.abs(clipped.astype(int)) >= 32767) > 0.05
    assert "savings account" in recogniser.transcribe(clipped).text.lower()


def test_faint_speech_is_still_understood(recogniser, spoken):
    faint = (spoken / 30).astype(np.int16)
    assert "savings account" in recogniser.transcribe(faint).text.lower()


def test_ten_minutes_are_recognised_in_parts(recogniser, spoken, number):
    audio = np.zeros(600 * RATE, dtype=np.int16)
    for samples, second in ((spoken, 40), (number, 590)):
        audio[second * RATE : second * RATE + len(samples)] = samples
    heard = recogniser.transcribe(audio)
    assert "savings account" in heard.text.lower()
    assert digits_of(heard.text) == NUMBER
    assert heard.seconds == 600.0


def test_a_cancelled_recognition_does_no_further_part(recogniser, spoken):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 1

    heard = recogniser.transcribe(np.tile(spoken, 60), cancelled=cancelled)
    assert (heard.text, heard.is_speech) == ("", False)
    assert len(asked) < 6


def test_two_calls_at_once_hear_what_each_hears_alone(recogniser, spoken, number):
    alone = [recogniser.transcribe(spoken), recogniser.transcribe(number)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(recogniser.transcribe, [spoken, number]))
    assert [heard.text for heard in together] == [heard.text for heard in alone]


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE, dtype=np.float32), np.zeros((RATE, 2), dtype=np.int16)]
)
def test_samples_of_another_form_are_refused(recogniser, samples):
    with pytest.raises(AudioFormatError, match="takes mono int16"):
        recogniser.transcribe(samples)


def test_a_missing_model_is_named_with_its_cure(tmp_path):
    with pytest.raises(ModelFileError, match=r"model\.bin: missing; bring it with: tellerline"):
        Recogniser(tmp_path)


@pytest.mark.parametrize("damaged", ["model.bin", "tokenizer.json"])
def test_a_damaged_model_is_named_with_its_cure(tmp_path, whisper_dir, damaged):
    for file in whisper_dir.iterdir():
        if file.is_file():
            (tmp_path / file.name).symlink_to(file)
    (tmp_path / damaged).unlink()
    (tmp_path / damaged).write_bytes((whisper_dir / damaged).read_bytes()[:5000])
    with pytest.raises(ModelFileError, match="bring it again with: tellerline models prepare"):
        Recogniser(tmp_path, device="cpu")


def test_a_language_that_the_model_does_not_know_is_refused(whisper_dir):
    with pytest.raises(ModelFileError, match="'klingon'"):
        Recogniser(whisper_dir, device="cpu", language="klingon")
