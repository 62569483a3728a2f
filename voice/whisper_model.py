"""Loading a Whisper model that was converted to CTranslate2."""

import logging
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper.tokenizer import Tokenizer
from tokenizers import Tokenizer as Vocabulary

from voice.errors import ModelFileError

_log = logging.getLogger(__name__)

_FILES = ("model.bin", "config.json", "tokenizer.json")


def load_model(model_dir: Path, device: str, threads: int) -> ctranslate2.models.Whisper:
    """Load the network: int8 on the CPU, float16 on CUDA.

    Args:
        model_dir: A Whisper model in CTranslate2 form.
        device: "cpu", "cuda" or "auto" (CUDA where it is present and works).
        threads: CPU threads for one request.

    Raises:
        ModelFileError: It is missing, damaged or does not run on the device.
    """
    for name in _FILES:
        if not (model_dir / name).is_file():
            raise ModelFileError(
                f"{model_dir / name}: missing; bring it with: tellerline models prepare"
            )
    if device == "auto":
        device = "cuda" if _cuda_works(model_dir) else "cpu"
    try:
        return ctranslate2.models.Whisper(
            str(model_dir),
            device=device,
            compute_type="float16" if device == "cuda" else "int8",
            intra_threads=threads,
        )
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"{model_dir}: cannot be loaded on {device} ({error}); "
            "bring it again with: tellerline models prepare"
        ) from error


def _cuda_works(model_dir: Path) -> bool:
    """Whether CUDA is there with the libraries that CTranslate2 wants; they load at first use."""
    if ctranslate2.get_cuda_device_count() == 0:
        return False
    try:
        model = ctranslate2.models.Whisper(str(model_dir), device="cuda", compute_type="float16")
        silence = np.zeros((1, model.n_mels, 200), dtype=np.float32)
        model.encode(ctranslate2.StorageView.from_array(silence), to_cpu=True)
    except (RuntimeError, ValueError) as error:
        _log.warning("recogniser falls back to the CPU: CUDA does not work here: %s", error)
        return False
    return True


def load_tokenizer(model_dir: Path, model: ctranslate2.models.Whisper, language: str) -> Tokenizer:
    """Load the model's vocabulary, set to transcribe one language.

    Raises:
        ModelFileError: It is damaged, or the language is unknown to it.
    """
    try:
        vocabulary = Vocabulary.from_file(str(model_dir / "tokenizer.json"))
        return Tokenizer(vocabulary, model.is_multilingual, task="transcribe", language=language)
    except Exception as error:
        raise ModelFileError(
            f"{model_dir / 'tokenizer.json'}: cannot be used for language {language!r} ({error}); "
            "bring it again with: tellerline models prepare"
        ) from error
