"""What a verdict says that was tested: whatever changes the answers changes a version's name."""

from pathlib import Path

import pytest
import yaml

from server.replay.matrix import Matrix
from server.replay.suite import cases
from server.replay.versions import versions
from server.settings import Settings


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    fields = {"name": "a", "about": "b", "today": "2026-03-16", "turns": [{"wav": "01.wav"}]}
    path = tmp_path / "calls" / "a.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(fields))
    (path.parent / "01.wav").write_bytes(b"one")
    return path


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_each_version_is_of_what_its_name_says(scenario: Path, tmp_path: Path):
    model = tmp_path / "ears"
    model.mkdir()
    (model / "model.bin").write_bytes(b"one")
    settings = Settings(recogniser=str(model), models=tmp_path / "models")
    first = versions(settings, "u1", cases([scenario]), "by voice")
    assert changed(first, versions(settings, "u1", cases([scenario]), "by voice")) == set()

    (scenario.parent / "01.wav").write_bytes(b"two")
    (model / "model.bin").write_bytes(b"two")
    street = Matrix.model_validate({"conditions": [{"name": "street", "noise": "street"}]})
    now = versions(settings, "u2", cases([scenario], street), "by voice, fast cpu")
    assert changed(first, now) == {"scenarios", "recogniser", "conditions", "intents", "options"}

    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "fees.md").write_text("none")
    llm = {"url": "http://127.0.0.1:9/v1", "model": "tiny", "token": "secret-token"}
    told = Settings(**settings.model_dump() | {"llm": llm, "documents": tmp_path / "papers"})
    other = versions(told, "u2", cases([scenario], street), "by voice, fast cpu")
    assert changed(now, other) == {"prompts", "documents"}
    assert other["prompts"].startswith("tiny ")
    assert "secret" not in str(other)


@pytest.mark.parametrize(
    ("kind", "folder", "file"),
    [
        ("words", "voice/spoken", "en.yaml"),
        ("words", "voice/cues", "en.yaml"),
        ("words", "nlu/corpus/documents", "branches.csv"),
        ("flows", "dialog/flows", "login.yaml"),
        ("code", "dialog", "engine.py"),
    ],
)
def test_a_changed_file_changes_the_version_of_its_kind(
    kind, folder, file, scenario, tmp_path, monkeypatch
):
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr("server.replay.versions.ROOT", tmp_path)
    calls = cases([scenario])
    found = []
    for content in ("one", "two"):
        (tmp_path / folder / file).write_text(content)
        found.append(versions(Settings(), "u", calls, ""))
    assert changed(*found) == {kind}
