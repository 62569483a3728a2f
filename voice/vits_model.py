"""Loads any Coqui VITS checkpoint for inference, without an espeak program and as fast as it goes.

Weight norm is baked into plain weights (the same output, about 1.3 times as fast) and the parts
that only training uses are dropped.
"""

from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import parametrize

from voice.errors import ModelFileError, VoiceError

_IPA = "TTS.tts.utils.text.characters.IPAPhonemes"


def load_vits(folder: Path, device: torch.device) -> tuple[Any, str]:
    """Load `model.pth` and `config.json`.

    Args:
        folder: A Coqui VITS checkpoint, such as `voice.voice_conversion.convert` writes.
        device: Where it will run.

    Returns:
        The `Vits` model, and the espeak language it was trained on ("" if it reads letters).

    Raises:
        ModelFileError: a file is missing or damaged.
        VoiceError: it is not a VITS model or is of a kind that cannot be streamed.
    """
    for name in ("config.json", "model.pth"):
        if not (folder / name).is_file():
            raise ModelFileError(
                f"no {name} in {folder}: run `tellerline models` to prepare a voice,"
                " or give the folder of a Coqui VITS checkpoint"
            )
    config = _load_config(folder / "config.json")
    language = str(config.phoneme_language or "") if config.use_phonemes else ""
    model = _build(config, folder / "model.pth")
    if model.args.encoder_sample_rate or model.args.use_d_vector_file:
        raise VoiceError(
            f"the voice in {folder} resamples its encoder or wants speaker vectors, which cannot be"
            " streamed: give one with a single sample rate and its own speaker table"
        )
    return _fuse(model).to(device), language


def _load_config(path: Path) -> Any:
    from TTS.config import load_config
    from TTS.tts.configs.vits_config import VitsConfig

    try:
        config = load_config(path)
    except Exception as error:  # coqpit raises whatever the field's own check raises
        raise ModelFileError(
            f"{path} is not a Coqui configuration ({type(error).__name__}: {error}):"
            " prepare the voice again"
        ) from error
    if not isinstance(config, VitsConfig):
        raise VoiceError(f"{path} is of a {config.model!r} model: give a VITS checkpoint")
    for table in ("speakers_file", "language_ids_file"):
        for settings in (config, config.model_args):
            _look_beside(settings, table, path.parent)
    return config


def _look_beside(settings: Any, name: str, folder: Path) -> None:
    """A table whose path is that of the machine it was trained on lies beside the checkpoint."""
    written = getattr(settings, name, None)
    if written and not Path(written).is_file() and (folder / Path(written).name).is_file():
        setattr(settings, name, str(folder / Path(written).name))


def _build(config: Any, checkpoint: Path) -> Any:
    from TTS.tts.models.vits import Vits

    if config.use_phonemes:
        if config.characters is not None and not config.characters.characters_class:
            config.characters.characters_class = _IPA  # what Coqui assumes for phonemes
        config.use_phonemes = (
            False  # else Coqui looks for an espeak program; we phonemise ourselves
        )
    try:
        model = Vits(config)
        model.load_checkpoint(config, checkpoint, eval=True, strict=True)
    except Exception as error:  # unpickling and shape checks raise many classes
        first_line = str(error).strip().partition("\n")[0]
        raise ModelFileError(
            f"{checkpoint} is damaged or does not fit its config.json"
            f" ({type(error).__name__}: {first_line}): prepare the voice again"
        ) from error
    return model


def _fuse(model: Any) -> Any:
    for module in model.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    model.posterior_encoder = None
    if hasattr(model.duration_predictor, "post_flows"):
        for part in ("post_pre", "post_convs", "post_proj", "post_flows"):
            setattr(model.duration_predictor, part, None)
    if hasattr(model, "disc"):
        model.disc = None
    return model.eval().requires_grad_(False)
