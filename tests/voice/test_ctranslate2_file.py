"""A model file's arrays are found, read and changed in place; nothing else is."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nlu.arrays import to_bytes
from voice.ctranslate2_file import DOWN, UP, ModelArrays, add_difference
from voice.errors import ModelFileError

NAME = "decoder/layer_0/ffn/linear_1/weight"


@pytest.fixture
def model(whisper_dir, tmp_path):
    return Path(shutil.copy(whisper_dir / "model.bin", tmp_path))


def difference(tmp_path, name=NAME, rows=512):
    random = np.random.default_rng(1)
    up = random.normal(0, 0.01, (rows, 2)).astype(np.float16)
    down = random.normal(0, 0.01, (2, 2048)).astype(np.float16)
    path = tmp_path / "difference.safetensors"
    path.write_bytes(to_bytes({name + UP: up, name + DOWN: down}))
    return path, up.astype(np.float32) @ down.astype(np.float32)


def test_a_difference_changes_its_array_and_no_other_byte(whisper_dir, model, tmp_path):
    path, change = difference(tmp_path)
    before = ModelArrays(model)
    old, place = before.read(NAME), before.places[NAME]
    add_difference(model, path)
    assert np.array_equal(ModelArrays(model).read(NAME), (old + change).astype(np.float16))
    was, now = (whisper_dir / "model.bin").read_bytes(), model.read_bytes()
    end = place.offset + 2 * old.size
    assert was[: place.offset] == now[: place.offset]
    assert was[end:] == now[end:]


def test_what_does_not_belong_together_is_refused(model, tmp_path):
    with pytest.raises(ModelFileError, match="no float16 array decoder/nothing"):
        add_difference(model, difference(tmp_path, "decoder/nothing")[0])
    with pytest.raises(ModelFileError, match=r"is \(512, 2048\), not \(3, 2048\)"):
        add_difference(model, difference(tmp_path, rows=3)[0])


def test_another_file_is_no_model(tmp_path):
    for content in (b"", b"\x06\x00\x00\x00\x05", b"RIFF" * 20):
        path = tmp_path / "other.bin"
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"other\.bin"):
            ModelArrays(path)
