"""Shared fixtures: the prepared models, made once and kept between runs."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command does, before torch
os.environ.setdefault("TELLERLINE_LATEST", "3600")  # a busy machine refuses no call of a test

import pytest
import structlog

from server.models import ModelStore
from server.settings import Settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def logs_go_where_they_went() -> Iterator[None]:
    """A command under test sends logs to its own error stream, which closes with it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def store() -> ModelStore:
    """The models of the default settings."""
    return ModelStore(Settings().models)


@pytest.fixture(scope="session")
def whisper_dir(store: ModelStore) -> Path:
    return store.prepare(Settings().recogniser)


@pytest.fixture(scope="session")
def voice_dir(store: ModelStore) -> Path:
    return store.prepare("voice-joe")


@pytest.fixture(scope="session")
def encoder_dir(store: ModelStore) -> Path:
    return store.prepare("minilm-l6")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public data sets beside the checkout; a user does not have them."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no data sets in {SHARED_DATA}")
    return SHARED_DATA
