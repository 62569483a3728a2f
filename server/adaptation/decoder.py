"""Whisper's decoder in torch, on a model file's weights, with low-rank differences to learn."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperDecoder

from voice.ctranslate2_file import DOWN, UP, ModelArrays

_PLAIN: Final = {
    "self_attn.out_proj": "self_attention/linear_1",
    "encoder_attn.q_proj": "attention/linear_0",
    "encoder_attn.out_proj": "attention/linear_2",
    "fc1": "ffn/linear_0",
    "fc2": "ffn/linear_1",
}
_JOINED: Final = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
}
_NORMS: Final = {
    "self_attn_layer_norm": "self_attention/layer_norm",
    "encoder_attn_layer_norm": "attention/layer_norm",
    "final_layer_norm": "ffn/layer_norm",
}
_NOT_LEARNT: Final = ("self_attn.k_proj",)


class LowRank(nn.Module):
    """A linear layer that stays, and a difference of low rank that is learnt (LoRA)."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear
        scale = linear.in_features**-0.5
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) * scale)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, values: Tensor) -> Tensor:
        """The layer's output with the difference, twice as fast as it is learnt."""
        changed: Tensor = self.linear(values) + 2 * (values @ self.down.T) @ self.up.T
        return changed


class FittedDecoder(nn.Module):
    """The decoder of a Whisper model of which only low-rank differences learn.

    Args:
        model: `model.bin` of a CTranslate2 model in float16.
        rank: Of the differences.
    """

    def __init__(self, model: Path, rank: int) -> None:
        super().__init__()
        arrays = ModelArrays(model)
        self._layers = sum(
            name.startswith("decoder/") and name.endswith("/ffn/linear_0/weight")
            for name in arrays.places
        )
        embeddings = arrays.read("decoder/embeddings/weight")
        positions = arrays.read("decoder/position_encodings/encodings")
        inner = arrays.places["decoder/layer_0/ffn/linear_0/weight"].shape[0]
        config = WhisperConfig(
            vocab_size=embeddings.shape[0],
            d_model=embeddings.shape[1],
            decoder_layers=self._layers,
            decoder_attention_heads=embeddings.shape[1] // 64,
            decoder_ffn_dim=inner,
            max_target_positions=positions.shape[0],
            dropout=0.0,
            use_cache=False,
        )
        self.decoder = WhisperDecoder(config)
        weights = {"embed_tokens.weight": embeddings, "embed_positions.weight": positions}
        weights |= dict(_norm(arrays, "decoder/layer_norm", "layer_norm"))
        for layer in range(self._layers):
            weights |= dict(_layer(arrays, f"decoder/layer_{layer}/", f"layers.{layer}."))
        self.decoder.load_state_dict({key: torch.from_numpy(each) for key, each in weights.items()})
        self.requires_grad_(requires_grad=False)
        for layer in self.decoder.layers:
            for name in (*_PLAIN, *(each for parts in _JOINED.values() for each in parts)):
                if name not in _NOT_LEARNT:
                    parent, _, last = name.rpartition(".")
                    holder = layer.get_submodule(parent)
                    setattr(holder, last, LowRank(getattr(holder, last), rank))

    def forward(self, tokens: Tensor, encoded: Tensor, asked: Tensor) -> Tensor:
        """Scores of the next token.

        Args:
            tokens: Of shape (batch, length).
            encoded: The encoder's output, (batch, time, width).
            asked: Where scores are wanted, bool like tokens; (n, vocabulary) comes back.
        """
        states = self.decoder(input_ids=tokens, encoder_hidden_states=encoded).last_hidden_state
        scores: Tensor = states[asked] @ self.decoder.embed_tokens.weight.T
        return scores

    def difference(self, share: float = 1.0) -> dict[str, NDArray[np.float16]]:
        """A share of what was learnt, as `voice.ctranslate2_file.add_difference` takes it."""
        found: dict[str, NDArray[np.float16]] = {}
        for number, layer in enumerate(self.decoder.layers):
            for name, target in _PLAIN.items():
                found |= _factors(_array(number, target), [layer.get_submodule(name)], share)
            for target, names in _JOINED.items():
                parts = [layer.get_submodule(name) for name in names]
                found |= _factors(_array(number, target), parts, share)
        return found


def _array(layer: int, target: str) -> str:
    return f"decoder/layer_{layer}/{target}/weight"


def _factors(target: str, parts: list[nn.Module], share: float) -> dict[str, NDArray[np.float16]]:
    """The factors of an array that is several layers, one below the other."""
    ups, downs = [], []
    for part in parts:
        if isinstance(part, LowRank):
            ups.append(2 * share * part.up.detach())
            downs.append(part.down.detach())
        else:
            ups.append(torch.zeros(part.out_features, 0))  # type: ignore[call-overload]
    up: Tensor = torch.block_diag(*ups)  # type: ignore[no-untyped-call]
    down = torch.cat(downs)
    return {target + UP: up.half().numpy(), target + DOWN: down.half().numpy()}


def _layer(
    arrays: ModelArrays, source: str, target: str
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name, place in _PLAIN.items():
        yield f"{target}{name}.weight", arrays.read(f"{source}{place}/weight")
        yield f"{target}{name}.bias", arrays.read(f"{source}{place}/bias")
    for place, names in _JOINED.items():
        weight = np.split(arrays.read(f"{source}{place}/weight"), len(names))
        bias = np.split(arrays.read(f"{source}{place}/bias"), len(names))
        for name, rows, offsets in zip(names, weight, bias, strict=True):
            yield f"{target}{name}.weight", rows
            if not name.endswith("k_proj"):  # keys have none
                yield f"{target}{name}.bias", offsets
    for name, place in _NORMS.items():
        yield from _norm(arrays, source + place, target + name)


def _norm(
    arrays: ModelArrays, source: str, target: str
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield f"{target}.weight", arrays.read(f"{source}/gamma")
    yield f"{target}.bias", arrays.read(f"{source}/beta")


def learnt(decoder: FittedDecoder) -> list[Any]:
    """The parameters that learn."""
    return [each for each in decoder.parameters() if each.requires_grad]
