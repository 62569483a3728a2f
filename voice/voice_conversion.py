"""Turns a Piper VITS voice (ONNX) into a native Coqui `Vits` checkpoint.

Piper and Coqui train the same network (Kim et al. 2021, https://arxiv.org/abs/2106.06103) under
other names. The result, `model.pth` and `config.json`, loads strict with Coqui's own loader and
needs no class of ours at run time. Only what training alone uses (the posterior encoder and half
of the duration predictor) is not in an export; it is filled with ones that take no room.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voice.errors import ModelFileError, VoiceError
from voice.piper_onnx import PiperParameters, read_parameters

_PUNCTUATION = "!'(),-.:;? "
_PAD, _BOS, _EOS = "_", "^", "$"
_TRAINING_ONLY = re.compile(r"posterior_encoder\.|duration_predictor\.(post_|flows\.1\.)")


def convert(onnx_path: Path, config_path: Path, out_dir: Path) -> None:
    """Convert a Piper voice and write it to `out_dir`, all of it or nothing.

    Args:
        onnx_path: The voice's graph, `NAME.onnx`.
        config_path: The voice's settings, `NAME.onnx.json`.
        out_dir: Folder for `model.pth` and `config.json`; replaced if it is there.

    Raises:
        VoiceError: the voice cannot be read or is of a kind that we do not convert; the message
            says what to do.
    """
    settings = _read_settings(config_path)
    parameters = read_parameters(onnx_path)
    if "emb_g.weight" in parameters.tensors:
        raise VoiceError(f"{onnx_path} has several speakers: give a single-speaker Piper voice")
    try:
        config, rows = _coqui_config(onnx_path.stem, settings, parameters)
        state = _coqui_state(config, parameters, rows)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise VoiceError(
            f"{onnx_path} and {config_path} do not make a Piper VITS voice"
            f" ({type(error).__name__}: {error}): fetch the voice again"
        ) from error
    _write(config, state, out_dir)


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelFileError(f"no voice settings at {path}: they lie beside the .onnx") from error
    except ValueError as error:
        raise ModelFileError(f"{path} is not JSON ({error}): fetch the voice again") from error
    missing = {"phoneme_id_map", "espeak", "audio"} - set(settings)
    if missing:
        raise ModelFileError(
            f"{path} lacks {', '.join(sorted(missing))}: give a Piper voice's .onnx.json"
        )
    return dict(settings)


def _vocabulary(id_map: Mapping[str, list[int]]) -> tuple[str, str, list[int]]:
    """Characters and punctuation for Coqui, and Piper's rows in Coqui's order.

    Coqui's order is pad, end, begin, blank, characters (sorted), punctuation; Piper pads and
    interleaves with the same symbol.
    """
    special = (_PAD, _BOS, _EOS)
    characters = "".join(
        sorted(c for c in id_map if len(c) == 1 and c not in special and c not in _PUNCTUATION)
    )
    punctuation = "".join(c for c in _PUNCTUATION if c in id_map)
    order = [_PAD, _EOS, _BOS, _PAD, *characters, *punctuation]
    return characters, punctuation, [id_map[c][0] for c in order]


def _model_sizes(parameters: PiperParameters) -> dict[str, Any]:
    """The network's sizes, read off its tensors and convolutions (Coqui's `VitsArgs` names)."""
    tensors, convolutions = parameters.tensors, parameters.convolutions

    def count(pattern: str) -> int:
        return len({m[0] for name in tensors if (m := re.match(pattern, name))})

    hidden = tensors["enc_p.proj.weight"].shape[1]
    upsamplings = [convolutions[f"dec.ups.{i}"] for i in range(count(r"dec\.ups\.\d+\.weight"))]
    blocks = count(r"dec\.resblocks\.\d+\.convs1?\.0\.weight") // len(upsamplings)
    two_stage = any(".convs1." in name for name in tensors)
    first = "convs1" if two_stage else "convs"
    layers = [
        [convolutions[f"dec.resblocks.{b}.{first}.{i}"] for i in range(depth)]
        for b in range(blocks)
        if (depth := count(rf"dec\.resblocks\.{b}\.{first}\.\d+\.weight"))
    ]
    flow_layers = count(r"flow\.flows\.0\.enc\.in_layers\.\d+\.weight")
    return {
        "hidden_channels": hidden,
        "hidden_channels_ffn_text_encoder": tensors[
            "enc_p.encoder.ffn_layers.0.conv_1.weight"
        ].shape[0],
        "num_layers_text_encoder": count(r"enc_p\.encoder\.attn_layers\.\d+\.conv_q\.weight"),
        "kernel_size_text_encoder": tensors["enc_p.encoder.ffn_layers.0.conv_1.weight"].shape[2],
        "num_heads_text_encoder": hidden
        // tensors["enc_p.encoder.attn_layers.0.emb_rel_k"].shape[2],
        "kernel_size_flow": tensors["flow.flows.0.enc.in_layers.0.weight"].shape[2],
        "num_layers_flow": flow_layers,
        "dilation_rate_flow": convolutions[f"flow.flows.0.enc.in_layers.{min(1, flow_layers - 1)}"][
            "dilations"
        ][0],
        "resblock_type_decoder": "1" if two_stage else "2",
        "resblock_kernel_sizes_decoder": [block[0]["kernel_shape"][0] for block in layers],
        "resblock_dilation_sizes_decoder": [[c["dilations"][0] for c in block] for block in layers],
        "upsample_rates_decoder": [up["strides"][0] for up in upsamplings],
        "upsample_kernel_sizes_decoder": [up["kernel_shape"][0] for up in upsamplings],
        "upsample_initial_channel_decoder": tensors["dec.conv_pre.weight"].shape[0],
    }


def _coqui_config(
    name: str, settings: Mapping[str, Any], parameters: PiperParameters
) -> tuple[Any, list[int]]:
    """The Coqui configuration, and Piper's phoneme rows in the order of its vocabulary."""
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsArgs, VitsConfig

    characters, punctuation, rows = _vocabulary(settings["phoneme_id_map"])
    inference = settings.get("inference", {})
    sizes = _model_sizes(parameters)
    arguments = VitsArgs(
        **sizes,
        num_chars=len(rows),
        init_discriminator=False,
        inference_noise_scale=float(inference.get("noise_scale", 0.667)),
        length_scale=float(inference.get("length_scale", 1.0)),
        inference_noise_scale_dp=float(inference.get("noise_w", 0.8)),
    )
    language = str(settings["espeak"]["voice"])
    config = VitsConfig(
        model_args=arguments,
        run_name=name,
        add_blank=True,
        enable_eos_bos_chars=True,
        use_phonemes=True,
        phonemizer="espeak",
        phoneme_language=language,
        # the English cleaner reads digits, dates and money wrong; it is only ever given words
        text_cleaner="phoneme_cleaners"
        if language.startswith("en")
        else "multilingual_phoneme_cleaners",
        characters=CharactersConfig(
            characters_class="TTS.tts.utils.text.characters.IPAPhonemes",
            pad="<PAD>",
            eos="<EOS>",
            bos="<BOS>",
            blank="<BLNK>",
            characters=characters,
            punctuations=punctuation,
            is_unique=False,
            is_sorted=True,
        ),
    )
    config.audio.sample_rate = int(settings["audio"]["sample_rate"])
    config.audio.hop_length = int(np.prod(sizes["upsample_rates_decoder"]))
    return config, rows


def _coqui_name(piper: str) -> str:
    """A Piper parameter's name in Coqui's `Vits`."""
    name = re.sub(r"^enc_p\.", "text_encoder.", piper)
    name = re.sub(r"^dec\.", "waveform_decoder.", name)
    # every second Piper flow is a Flip, which Coqui does without a module
    name = re.sub(r"^flow\.flows\.(\d+)\.", lambda m: f"flow.flows.{int(m[1]) // 2}.", name)
    name = re.sub(r"^dp\.flows\.0\.m$", "duration_predictor.flows.0.translation", name)
    name = re.sub(r"^dp\.flows\.0\.logs$", "duration_predictor.flows.0.log_scale", name)
    name = re.sub(
        r"^dp\.flows\.(\d+)\.",
        lambda m: f"duration_predictor.flows.{(int(m[1]) + 1) // 2}.",
        name,
    )
    return re.sub(r"^dp\.", "duration_predictor.", name)


def _coqui_state(
    config: Any, parameters: PiperParameters, rows: list[int]
) -> dict[str, torch.Tensor]:
    """The state that Coqui's `Vits` of this configuration wants, name by name."""
    wanted = _shapes(config)
    state: dict[str, torch.Tensor] = {}
    for piper, array in parameters.tensors.items():
        if piper == "enc_p.emb.weight":
            array = array[rows]
        name = _coqui_name(piper)
        value = torch.from_numpy(np.array(array, dtype=np.float32))
        parametrized = f"{name.removesuffix('.weight')}.parametrizations.weight.original"
        if f"{parametrized}0" in wanted:
            # Coqui keeps weight norm: the magnitude over all dimensions but 0, and the direction
            norm = value.flatten(1).norm(dim=1)
            state[f"{parametrized}0"] = norm.view(-1, *[1] * (value.dim() - 1))
            state[f"{parametrized}1"] = value
        elif name in wanted:
            state[name] = value.reshape(wanted[name])
        else:
            raise ValueError(f"Coqui's Vits has no {name} for {piper}")
    for name, shape in wanted.items():
        if name not in state and not _TRAINING_ONLY.match(name):
            raise ValueError(f"nothing in the voice is {name}")
        if name in state and state[name].shape != shape:
            raise ValueError(f"{name} is {tuple(state[name].shape)}, not {tuple(shape)}")
        if name not in state:
            state[name] = torch.ones(1).expand(shape)  # one stored element, whatever the shape
    return state


def _shapes(config: Any) -> dict[str, torch.Size]:
    """Name and shape of every tensor of Coqui's `Vits` for this configuration."""
    from TTS.tts.models.vits import Vits

    spoken_by = config.use_phonemes
    config.use_phonemes = False  # else Coqui looks for an espeak program, which is not needed here
    try:
        with torch.random.fork_rng(devices=[]):
            model = Vits(config)
    finally:
        config.use_phonemes = spoken_by
    return {name: value.shape for name, value in model.state_dict().items()}


def _write(config: Any, state: Mapping[str, torch.Tensor], out_dir: Path) -> None:
    """Write both files to a folder beside `out_dir`, then put it in its place."""
    try:
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out_dir.name}.", dir=out_dir.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            torch.save({"model": dict(state)}, made / "model.pth")
            config.save_json(str(made / "config.json"))
            if out_dir.exists():
                out_dir.rename(Path(scratch) / "old")
            made.rename(out_dir)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise VoiceError(
            f"cannot write the voice to {out_dir} ({error}): free it or choose another folder"
        ) from error
