"""The model store: prepared once, checked always, honest about what is missing."""

import hashlib
from pathlib import Path

import pytest

from server.errors import ModelError
from server.models import ModelStore
from server.settings import Settings


def manifest(folder: Path, source: str, content: bytes) -> Path:
    path = folder / "manifest.toml"
    path.write_text(
        "[tiny]\nabout = 'a test'\nlicence = 'CC0'\nprepare = 'join'\n"
        "install = 'pip install tiny'\n"
        f"[tiny.files.'model.bin']\nfrom = ['{source}']\n"
        f"sha256 = '{hashlib.sha256(content).hexdigest()}'\n"
    )
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.bin"
    path.write_bytes(b"weights" * 1000)
    return path


@pytest.fixture
def tiny(tmp_path: Path, source: Path) -> ModelStore:
    return ModelStore(
        tmp_path / "models", manifest(tmp_path, f"folder:{source}", source.read_bytes())
    )


def test_a_prepared_model_is_whole_and_is_not_prepared_twice(tiny, source):
    folder = tiny.prepare("tiny")
    assert (folder / "model.bin").read_bytes() == source.read_bytes()
    source.unlink()
    assert tiny.prepare("tiny") == folder


def test_a_model_that_is_not_prepared_says_how_to_get_it(tiny):
    with pytest.raises(ModelError, match=r"^model tiny: .*run `tellerline models prepare`$"):
        tiny.path("tiny")


def test_a_damaged_model_is_found_and_mended(tiny, source):
    file = tiny.prepare("tiny") / "model.bin"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelError, match="is damaged: run `tellerline models prepare`"):
        tiny.path("tiny")
    tiny.prepare("tiny")
    assert (tiny.path("tiny") / "model.bin").read_bytes() == source.read_bytes()


def test_a_cut_model_is_missing_a_file(tiny):
    (tiny.prepare("tiny") / "model.bin").unlink()
    with pytest.raises(ModelError, match="is missing: run"):
        tiny.path("tiny")


def test_a_damaged_source_is_refused_and_leaves_nothing(tiny, source):
    source.write_bytes(b"something else")
    with pytest.raises(ModelError, match="pip install tiny --force-reinstall"):
        tiny.prepare("tiny")
    assert not tiny.is_ready("tiny")


def test_a_missing_package_names_the_command_that_installs_it(tmp_path):
    store = ModelStore(tmp_path / "m", manifest(tmp_path, "package:no_such_package/model.bin", b""))
    with pytest.raises(ModelError, match="no_such_package is missing: pip install tiny"):
        store.prepare("tiny")


def test_a_folder_may_stand_for_a_name(tiny, tmp_path):
    assert tiny.path(str(tmp_path)) == tmp_path
    with pytest.raises(ModelError, match="neither a folder nor one of tiny"):
        tiny.path("/nowhere")


def test_errors_are_one_line(tiny):
    with pytest.raises(ModelError) as error:
        tiny.path("tiny")
    assert "\n" not in str(error.value)


def test_the_real_models_are_whole(store, whisper_dir, voice_dir, encoder_dir):
    assert store.path(Settings().recogniser) == whisper_dir
    assert {"model.pth", "config.json"} <= {file.name for file in voice_dir.iterdir()}
    assert (encoder_dir / "model.safetensors").is_file()
    assert store.prepare("turn-models").is_dir()
