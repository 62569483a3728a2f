"""The comparison of two devices, here of the CPU with itself."""

import numpy as np
import pytest
import torch

from nlu.understander import Understander
from server.bench.calls import SAMPLES, recorded_calls
from server.bench.parity import (
    CLOSE,
    Parity,
    compare_speech,
    compare_words,
    correlation,
    engines_on,
    parity_sheet,
)
from server.engines import model_folders
from server.settings import Settings
from voice.errors import VoiceError


@pytest.fixture(scope="module")
def places():
    chosen = Settings()
    folders = model_folders(chosen)
    return folders, (folders[chosen.recogniser], folders[chosen.voice], 2)


def test_one_device_is_like_itself(places):
    folders, given = places
    (ear, mouth), (ear_2, mouth_2) = engines_on("cpu", *given), engines_on("cpu", *given)
    understander = Understander(folders[Settings().encoder])
    results = [
        *compare_speech((mouth, mouth_2)),
        *compare_words((ear, ear_2), understander, recorded_calls(SAMPLES, 1)),
    ]
    assert {each.what for each in results} == {"speech", "words"}
    assert all(each.same for each in results)
    assert parity_sheet(results, ("cpu", "cpu")).rows


def test_other_sound_is_not_the_same():
    noise = np.random.default_rng(0).normal(size=(2, 8000)).astype(np.float32)
    assert correlation(noise[0], noise[0]) == pytest.approx(1.0)
    assert abs(correlation(noise[0], noise[1])) < CLOSE
    assert correlation(noise[0], np.zeros(8000, np.float32)) == 0.0


def test_a_difference_stands_in_the_table():
    sheet = parity_sheet([Parity("words", "x", False, "yes | no", (0.1, 0.2))], ("cpu", "cuda"))
    assert "DIFFERENT" in sheet.rows[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_told(places):
    with pytest.raises(VoiceError, match=r"(?i)cuda"):
        engines_on("cuda", *places[1])
