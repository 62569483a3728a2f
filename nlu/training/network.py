"""The encoder as a torch network: its upper layers train, its lower ones are run once and kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AutoModel

from nlu.encoder.adapter import Arrays
from nlu.encoder.graph import tapped
from nlu.encoder.sentence import PART_LENGTHS
from nlu.errors import DataError

LONGEST = 48
"""Tokens of an utterance that training looks at."""

SHARPNESS = 20.0
"""The classifier sees features times this."""


_TINY = 1e-12


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def halves() -> bool:
    """True where bfloat16 is fast: on a GPU, or a processor with instructions for it."""
    able = torch.cpu.get_capabilities()
    return torch.cuda.is_available() or bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def attend(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **_told: object,
) -> tuple[Tensor, None]:
    """Attention in single precision: in bfloat16 a processor takes ten times as long for it."""
    with torch.autocast(query.device.type, enabled=False):
        seen = functional.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), attn_mask=attention_mask
        )
    return seen.transpose(1, 2).contiguous(), None


AttentionInterface.register("single_precision", attend)


@dataclass(frozen=True, slots=True)
class Batch:
    """Utterances side by side: hidden states (rows by tokens by width), the mask of what is no
    padding, and the means of frozen layers that are pooled (rows by layers by width)."""

    hidden: Tensor
    mask: Tensor
    means: Tensor

    def worsened(self, size: float) -> "Batch":
        """The batch moved to where the loss grows most, after the backward pass of `hidden`.

        Adversarial training of Miyato et al. (2017), above the frozen layers instead of the words.

        Args:
            size: Of the move, as a share of each line's own length.
        """
        if self.hidden.grad is None:
            raise ValueError("no gradient: hidden must require it, and backward come first")
        slope, hidden = self.hidden.grad.float(), self.hidden.detach()
        lengths = (part.flatten(1).norm(dim=1)[:, None, None] for part in (hidden.float(), slope))
        length, steepness = lengths
        move = slope * (size * length / (steepness + _TINY))
        return replace(self, hidden=(hidden + move).to(hidden.dtype))


@dataclass(frozen=True, slots=True)
class Lower:
    """What the frozen layers make of each utterance.

    Attributes:
        hidden: One tensor a line, tokens by width.
        means: One tensor a line: the means of the frozen layers that are pooled, layers by width.
    """

    hidden: list[Tensor]
    means: list[Tensor]

    def batch(self, rows: Sequence[int]) -> Batch:
        """The rows' lines, padded to the longest."""
        chosen = [self.hidden[row] for row in rows]
        padded = nn.utils.rnn.pad_sequence(chosen, batch_first=True)
        lengths = torch.tensor([len(part) for part in chosen])
        mask = torch.arange(padded.shape[1])[None, :] < lengths[:, None]
        means = torch.stack([self.means[row] for row in rows])
        return Batch(padded.to(device()), mask.to(device()), means.to(device()))

    def length(self, row: int) -> int:
        """Tokens of a line."""
        return len(self.hidden[row])


class Network(nn.Module):
    """A BERT sentence encoder with a linear classifier over its pooled features.

    The features are those that the shipped graph gives (nlu.encoder.sentence), so that the trained
    classifier can serve as the head.
    """

    def __init__(
        self,
        folder: Path,
        labels: int,
        frozen: int,
        rank: int | None,
        layers: int | None = None,
        tags: int = 0,
    ) -> None:
        """Load the encoder.

        Args:
            folder: The packaged encoder.
            labels: How many intents are told apart.
            frozen: How many layers, counted from the words, stay as they are.
            rank: Of the low-rank change (LoRA) of the others; None trains them whole.
            layers: How many layers, counted from the words, are kept; None keeps all.
            tags: How many tags a word may have, where slots are learned, too.

        Raises:
            DataError: More layers are frozen or kept than the encoder has.
        """
        super().__init__()
        bert = AutoModel.from_pretrained(
            folder, attn_implementation="single_precision", attention_probs_dropout_prob=0.0
        )
        every = bert.config.num_hidden_layers
        self.layers = layers or every
        if not 0 <= frozen < self.layers <= every:
            raise DataError(
                f"frozen={frozen}, layers={self.layers}: the encoder has {every} layers, and one "
                "of those that are kept must learn"
            )
        bert.encoder.layer = bert.encoder.layer[: self.layers]
        bert.config.num_hidden_layers = self.layers
        self.frozen = frozen
        self.before = {name: value.clone() for name, value in bert.state_dict().items()}
        self.bert: Any = _with_adapters(bert, frozen, rank) if rank else bert
        width = bert.config.hidden_size * len(PART_LENGTHS)
        self.classify = nn.Linear(width, labels)
        nn.init.normal_(self.classify.weight, std=0.02)
        nn.init.zeros_(self.classify.bias)
        seen = sum(tap >= frozen for tap in tapped(self.layers))
        self.tag = nn.Linear(bert.config.hidden_size * seen, tags) if tags else None
        trained = tuple(f"encoder.layer.{number}." for number in range(frozen, self.layers))
        for name, weight in self.bert.named_parameters():
            weight.requires_grad = any(part in name for part in trained) and (
                not rank or "lora_" in name
            )
        self.to(device())

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """What learns, by name."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}

    def lower(
        self, texts: Sequence[str], tokenizer: Tokenizer
    ) -> Iterator[tuple[int, Tensor, Tensor]]:
        """The frozen layers' output for each text, without dropout.

        Yields its place, its hidden states (tokens by width) and the means of the frozen layers
        that are pooled (layers by width).

        Texts of one token length run together, so that none is padded.
        """
        self.eval()
        by_length: dict[int, list[tuple[int, list[int]]]] = {}
        for place, encoding in enumerate(tokenizer.encode_batch(list(texts))):
            ids = encoding.ids[:LONGEST]
            by_length.setdefault(len(ids), []).append((place, ids))
        for rows in by_length.values():
            for chunk in (rows[at : at + 32] for at in range(0, len(rows), 32)):
                tokens = torch.tensor([ids for _, ids in chunk], device=device())
                hidden, means = self._lower(tokens)
                yield from zip((place for place, _ in chunk), hidden, means, strict=True)

    def _lower(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        means = []
        with torch.inference_mode(), autocast():
            hidden = self._core.embeddings(input_ids=ids)
            for number, layer in enumerate(self._core.encoder.layer[: self.frozen], 1):
                hidden = _first(layer(hidden))
                if number in tapped(self.layers):
                    means.append(hidden.float().mean(dim=1).cpu())
        kept = hidden.to("cpu", torch.bfloat16 if halves() else torch.float32)
        none = torch.zeros(len(ids), 0, hidden.shape[-1])
        return kept.clone(), torch.stack(means, dim=1) if means else none

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (rows by labels), sentence vectors of unit length (rows by width) and the tokens'
        states: those of the pooled layers that learn side by side, the last layer's first, and of
        the highest frozen one where it is pooled (rows by tokens by widths)."""
        hidden, attended = batch.hidden, batch.mask[:, None, None, :]
        kept = batch.mask[..., None].float()
        taps = sorted(tapped(self.layers))
        means = dict(zip(taps, batch.means.unbind(dim=1), strict=False))
        states = {self.frozen: hidden.float()}
        with autocast():
            for number, layer in enumerate(
                self._core.encoder.layer[self.frozen :], self.frozen + 1
            ):
                hidden = _first(layer(hidden, attention_mask=attended))
                if number in taps:
                    states[number] = hidden.float()
                    means[number] = (states[number] * kept).sum(1) / kept.sum(1)
        peak = hidden.float().masked_fill(~batch.mask[..., None], -torch.inf).amax(dim=1)
        pooled = [*(means[tap] for tap in tapped(self.layers)), peak]
        parts = [
            functional.normalize(part, dim=1) * length
            for part, length in zip(pooled, PART_LENGTHS, strict=True)
        ]
        told = torch.cat([states[tap] for tap in tapped(self.layers) if tap in states], dim=2)
        return self.classify(torch.cat(parts, dim=1) * SHARPNESS), parts[0], told

    @property
    def _core(self) -> Any:
        return self.bert.base_model.model if hasattr(self.bert, "peft_config") else self.bert

    def changes(self) -> Arrays:
        """What training changed, for the adapter's file."""
        if hasattr(self.bert, "peft_config"):
            return self._low_rank()
        after = self.bert.state_dict()
        return {
            f"{name}.delta": (after[name].cpu() - self.before[name]).numpy()
            for name in after
            if not torch.equal(after[name].cpu(), self.before[name])
        }

    def _low_rank(self) -> Arrays:
        parts: Arrays = {}
        for name, module in self._core.named_modules():
            if hasattr(module, "lora_A"):
                scaling = module.scaling["default"]
                parts[f"{name}.weight.a"] = module.lora_A["default"].weight.detach().cpu().numpy()
                down = module.lora_B["default"].weight.detach().cpu().numpy()
                parts[f"{name}.weight.b"] = down * scaling
        return parts


def autocast() -> torch.autocast:
    """Products in bfloat16 where that is fast."""
    return torch.autocast(device().type, dtype=torch.bfloat16, enabled=halves())


def _first(output: Any) -> Tensor:
    first: Tensor = output[0] if isinstance(output, tuple) else output
    return first


def _with_adapters(bert: Any, frozen: int, rank: int) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules=["query", "key", "value", "dense"],
        layers_to_transform=list(range(frozen, bert.config.num_hidden_layers)),
        layers_pattern="layer",
    )
    return get_peft_model(bert, config)
