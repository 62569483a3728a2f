"""Settings: one file, the environment over it, mistakes named."""

import stat

import pytest

from server.errors import SettingsError
from server.settings import load_settings, read_pepper


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path, monkeypatch):
    file = tmp_path / "tellerline.toml"
    file.write_text("port = 9000\nmax_calls = 3\nsilence = 4.5\n")
    monkeypatch.setenv("TELLERLINE_MAX_CALLS", "5")
    settings = load_settings(file, silence=6.0, host=None)
    assert (settings.port, settings.max_calls, settings.silence) == (9000, 5, 6.0)
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "named"),
    [("prot = 9000", "prot"), ("port = 70000", "port"), ("port = [", "settings file")],
)
def test_a_mistake_is_named(tmp_path, text, named):
    file = tmp_path / "tellerline.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings(file)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")


def test_the_pepper_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "secrets" / "pepper"
    pepper = read_pepper(path)
    assert len(pepper) == 32
    assert read_pepper(path) == pepper
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_cut_pepper_is_refused(tmp_path):
    path = tmp_path / "pepper"
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="shorter than 32 bytes"):
        read_pepper(path)


def test_records_cannot_be_left_in_the_open(tmp_path):
    """Retention and erasure destroy keys: what has none would stay."""
    file = tmp_path / "tellerline.toml"
    file.write_text("seal_records = false")
    with pytest.raises(SettingsError, match="seal_records"):
        load_settings(file)
