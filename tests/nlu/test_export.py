import numpy as np
import pytest

from nlu.errors import ModelFileError
from nlu.intents.model import EXPORTED_FILE, IntentModel
from nlu.paths import MODEL_FOLDER
from nlu.training.default import fresh_lines, held_out_figures


@pytest.fixture(scope="module")
def exported(encoder_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    IntentModel.export(MODEL_FOLDER, encoder_dir, folder)
    return folder


def test_an_exported_model_is_as_right_as_the_exact_one(encoder_dir, exported):
    exact = IntentModel.load(MODEL_FOLDER, encoder_dir)
    rounded = IntentModel.load(exported, encoder_dir)
    lines = fresh_lines()
    texts = [line.text for line in lines]
    best = [answer.intents[0].name for answer in exact.answer(texts)]
    again = [answer.intents[0].name for answer in rounded.answer(texts)]
    assert sum(a == b for a, b in zip(best, again, strict=True)) / len(lines) >= 0.97
    before, after = held_out_figures(exact, lines), held_out_figures(rounded, lines)
    assert after["accuracy"] >= before["accuracy"] - 0.015


def test_an_exported_encoder_tells_of_words_what_the_exact_one_does(encoder_dir, exported):
    exact, rounded = (
        IntentModel.load(folder, encoder_dir).encoder.words("send fifty to anna's account")
        for folder in (MODEL_FOLDER, exported)
    )
    assert len(exact) == len(rounded) == 5
    cosines = (exact * rounded).sum(1) / np.linalg.norm(exact, axis=1)
    assert (cosines / np.linalg.norm(rounded, axis=1)).min() > 0.95


def test_an_exported_model_has_a_name_of_its_own(encoder_dir, exported):
    exact = IntentModel.load(MODEL_FOLDER, encoder_dir)
    assert IntentModel.load(exported, encoder_dir).version != exact.version


def test_an_exported_graph_is_a_third_smaller_and_broken_ones_are_told(
    encoder_dir, exported, tmp_path
):
    size = (exported / EXPORTED_FILE).stat().st_size
    assert size < 0.7 * (encoder_dir / "model.safetensors").stat().st_size
    for file in exported.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / EXPORTED_FILE).write_bytes(b"broken")
    with pytest.raises(ModelFileError, match="export it again"):
        IntentModel.load(tmp_path, encoder_dir)
