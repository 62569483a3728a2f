from pathlib import Path

import pytest

from nlu.understander import Understander


@pytest.fixture(scope="session")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)
