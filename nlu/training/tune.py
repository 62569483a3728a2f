"""Fine-tunes the encoder's upper layers on labelled utterances.

Cross-entropy with label smoothing (for several intents an utterance: one binary one each), and
beside it a supervised contrastive loss that draws utterances of one intent together (Khosla et al.
2020); AdamW with warm-up and a linear fall, slower layers below, and a running mean of the weights
(EMA), which is what is kept. The best epoch on the validation side wins. After each epoch a
checkpoint is written, from which the same command goes on.
"""

import hashlib
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.utils.tensorboard import SummaryWriter

from nlu.encoder.adapter import Arrays
from nlu.encoder.sentence import word_starts
from nlu.training.network import LONGEST, SHARPNESS, Batch, Lower, Network, device
from nlu.training.prepare import Progress
from nlu.training.recipe import CHECKPOINT, Method, Recipe

WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""

HEAD_FASTER = 7.0
"""The new classifier learns this much faster than the encoder's last layer."""

SOFTNESS = 0.1
"""Temperature of the contrastive loss."""

_CHUNK = 16
_NO_WORD = -100


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Plain texts and their targets.

    Attributes:
        texts: In the form that the encoder is asked about.
        targets: Texts by labels, float32: 1 where the intent holds.
        several: True where an utterance may hold several intents.
        tags: Where slots are learned, too: each text's words' tags (`nlu.slots.head.tags_of`).
        tag_count: How many tags there are; 0 where no slots are learned.
    """

    texts: Sequence[str]
    targets: NDArray[np.float32]
    several: bool
    tags: Sequence[Sequence[int]] = ()
    tag_count: int = 0


class Tuning:
    """One fine-tuning run: `run` trains and gives the adapter of the best epoch."""

    def __init__(self, encoder_dir: Path, train: Lines, validation: Lines, recipe: Recipe) -> None:
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._train, self._validation = train, validation
        rank = recipe.rank if recipe.method is Method.LORA else None
        labels = train.targets.shape[1]
        self._network = Network(
            encoder_dir, labels, recipe.frozen, rank, recipe.layers, train.tag_count
        )
        self._tokenizer = Tokenizer.from_file(str(encoder_dir / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._optimiser = torch.optim.AdamW(self._groups(), fused=True)
        self._rates = [group["lr"] for group in self._optimiser.param_groups]
        trained = self._network.trained
        self._mean = {name: value.detach().clone() for name, value in trained.items()}
        self._best: dict[str, Tensor] = {}
        self._losses: list[float] = []
        self._step = 0

    @property
    def best_epochs(self) -> int:
        """After how many epochs the validation side was judged best."""
        return int(np.argmin(self._losses)) + 1

    @property
    def classifier(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The trained classifier over the encoder's features: labels by widths, and the bias."""
        layer = self._network.classify
        weights = layer.weight.detach().cpu().double().numpy() * SHARPNESS
        return weights, layer.bias.detach().cpu().double().numpy()

    @property
    def tagger(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The trained layer over the words' states: width by tags, and the bias.

        Raises:
            ValueError: No slots were learned.
        """
        layer = self._network.tag
        if layer is None:
            raise ValueError("no slots were learned")
        return layer.weight.detach().cpu().numpy().T, layer.bias.detach().cpu().numpy()

    def run(self, folder: Path, show: Progress) -> Arrays:
        """Train, going on from the folder's checkpoint if it is of this run.

        Args:
            folder: Gets the checkpoint and TensorBoard's log.
            show: Told how far it is.
        """
        lower = self._lower(self._train, "reading", show)
        held = self._lower(self._validation, "reading validation", show)
        self._resume(folder / CHECKPOINT)
        last = self._recipe.stop_after or self._recipe.epochs
        with SummaryWriter(folder / "tensorboard") as log:
            while len(self._losses) < last and not self._is_stale():
                epoch = len(self._losses)
                loss = self._epoch(epoch, lower, show)
                self._judge(held)
                log.add_scalar("loss/train", loss, epoch)
                log.add_scalar("mistakes/validation", self._losses[-1], epoch)
                self._save(folder / CHECKPOINT)
        self._put(self._best)
        return self._network.changes()

    def _groups(self) -> list[dict[str, object]]:
        recipe, network = self._recipe, self._network
        groups: list[dict[str, object]] = [
            {"params": list(layer.parameters()), "lr": HEAD_FASTER * recipe.rate}
            for layer in (network.classify, network.tag)
            if layer
        ]
        for number in range(recipe.frozen, network.layers):
            rate = recipe.rate * recipe.layer_decay ** (network.layers - 1 - number)
            mine = [value for name, value in network.trained.items() if f"layer.{number}." in name]
            groups.append({"params": mine, "lr": rate})
        return groups

    def _lower(self, lines: Lines, what: str, show: Progress) -> Lower:
        found: dict[int, tuple[Tensor, Tensor]] = {}
        for place, hidden, means in self._network.lower(lines.texts, self._tokenizer):
            found[place] = hidden, means
            if len(found) % 64 == 0 or len(found) == len(lines.texts):
                show(what, len(found), len(lines.texts))
        rows = [found[place] for place in range(len(found))]
        return Lower([hidden for hidden, _ in rows], [means for _, means in rows])

    def _epoch(self, epoch: int, lower: Lower, show: Progress) -> float:
        batches = self._batches(epoch, lower)
        steps = len(batches) * self._recipe.epochs
        torch.manual_seed(self._recipe.seed + 1000 * epoch)
        self._network.train()
        total = 0.0
        for rows in batches:
            self._pace(steps)
            loss = self._learn(lower.batch(rows), rows)
            torch.nn.utils.clip_grad_norm_(self._network.trained.values(), 1.0)
            self._optimiser.step()
            self._optimiser.zero_grad()
            self._step += 1
            self._average()
            total += loss
            show("tuning", self._step, steps)
        return total / len(batches)

    def _batches(self, epoch: int, lower: Lower) -> list[list[int]]:
        """Batches of similar lengths, in a random order that the epoch alone decides."""
        order = random.Random(self._recipe.seed + epoch)  # noqa: S311 (no secret)
        rows = list(range(len(lower.hidden)))
        order.shuffle(rows)
        size = self._recipe.batch
        batches = []
        for at in range(0, len(rows), size * _CHUNK):
            chunk = sorted(rows[at : at + size * _CHUNK], key=lower.length)
            batches += [chunk[place : place + size] for place in range(0, len(chunk), size)]
        order.shuffle(batches)
        return batches

    def _pace(self, steps: int) -> None:
        share = min(1.0, self._step / (WARM_UP * steps)) * max(0.0, 1.0 - self._step / steps)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * share

    def _learn(self, batch: Batch, rows: list[int]) -> float:
        """Gradients of a batch and, where the recipe perturbs, of its worst neighbour; the loss."""
        size = self._recipe.perturb
        batch.hidden.requires_grad_(size > 0)
        loss = self._loss(batch, rows)
        loss.backward()  # type: ignore[no-untyped-call]
        if size:
            self._loss(batch.worsened(size), rows).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _loss(self, batch: Batch, rows: list[int]) -> Tensor:
        logits, vectors, states = self._network(batch)
        slots, _ = self._slot_loss(states, self._train, rows)
        truth = torch.from_numpy(self._train.targets[rows]).to(device())
        if self._train.several:
            return slots + several_loss(logits, truth)
        loss = functional.cross_entropy(logits, truth, label_smoothing=self._recipe.smoothing)
        return slots + loss + self._recipe.contrast * contrast(vectors, truth.argmax(dim=1))

    def _slot_loss(self, states: Tensor, lines: Lines, rows: list[int]) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the words' tags and how many are wrong, a line's sum on average."""
        if self._network.tag is None:
            return states.new_zeros(()), states.new_zeros(())
        truth = torch.full(states.shape[:2], _NO_WORD)
        texts = [lines.texts[row] for row in rows]
        for place, encoding in enumerate(self._tokenizer.encode_batch(texts)):
            starts = word_starts(encoding.offsets[:LONGEST], texts[place])
            tags = lines.tags[rows[place]][: len(starts)]
            truth[place, starts[: len(tags)]] = torch.tensor(tags, dtype=torch.long)
        scores = self._network.tag(states).flatten(0, 1)
        flat = truth.flatten().to(device())
        loss = functional.cross_entropy(scores, flat, ignore_index=_NO_WORD, reduction="sum")
        wrong = (scores.argmax(dim=1) != flat) & (flat != _NO_WORD)
        return loss / len(rows), wrong.sum() / len(rows)

    def _mistakes(self, held: Lower, rows: list[int]) -> Tensor:
        """Mistakes a line, and a little of the loss, which decides between equals.

        The loss alone is a poor judge: it rises while more answers become right.
        """
        logits, _, states = self._network(held.batch(rows))
        truth = torch.from_numpy(self._validation.targets[rows]).to(device())
        if self._train.several:
            loss, mistaken = self._slot_loss(states, self._validation, rows)
            intents: Tensor = ((logits > 0) != (truth > 0)).sum(dim=1).float().mean()
            return intents + mistaken + 1e-3 * (several_loss(logits, truth) + loss)
        wrong: Tensor = (logits.argmax(dim=1) != truth.argmax(dim=1)).float().mean()
        return wrong + 1e-3 * functional.cross_entropy(logits, truth)

    def _average(self) -> None:
        keep = min(0.99, self._step / (10 + self._step))
        now = [value.detach() for value in self._network.trained.values()]
        torch._foreach_lerp_(list(self._mean.values()), now, 1.0 - keep)

    def _judge(self, held: Lower) -> None:
        """Measure the averaged weights on the validation side; keep them if they are the best."""
        now = {name: value.detach().clone() for name, value in self._network.trained.items()}
        self._put(self._mean)
        self._network.eval()
        rows = sorted(range(len(held.hidden)), key=held.length)
        total = 0.0
        with torch.inference_mode():
            for at in range(0, len(rows), 128):
                part = rows[at : at + 128]
                total += float(self._mistakes(held, part)) * len(part)
        # Without a validation side every epoch counts as better than the one before.
        self._losses.append(total / len(rows) if rows else -float(len(self._losses)))
        if self._losses[-1] == min(self._losses):
            self._best = {name: value.clone() for name, value in self._mean.items()}
        self._put(now)

    def _is_stale(self) -> bool:
        best = int(np.argmin(self._losses)) if self._losses else 0
        return len(self._losses) - 1 - best >= self._recipe.patience

    def _put(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in self._network.trained.items():
                value.copy_(weights[name])

    def _name(self) -> str:
        told: list[object] = [self._recipe.model_dump(mode="json"), list(self._train.texts)]
        told += [[list(tags) for tags in self._train.tags]] if self._train.tags else []
        content = json.dumps(told).encode() + self._train.targets.tobytes()
        return hashlib.sha256(content).hexdigest()

    def _save(self, path: Path) -> None:
        trained = {name: value.detach() for name, value in self._network.trained.items()}
        state = {
            "run": self._name(),
            "weights": trained,
            "mean": self._mean,
            "best": self._best,
            "optimiser": self._optimiser.state_dict(),
            "losses": self._losses,
            "step": self._step,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def _resume(self, path: Path) -> None:
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True, map_location=device())
        if state["run"] != self._name():
            return  # of other data or another recipe
        self._put(state["weights"])
        self._mean, self._best = state["mean"], state["best"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._losses, self._step = state["losses"], state["step"]


def several_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy of each intent, summed over the intents, its mean over the lines."""
    return functional.binary_cross_entropy_with_logits(logits, truth) * truth.shape[1]


def contrast(vectors: Tensor, labels: Tensor) -> Tensor:
    """Supervised contrastive loss of a batch (Khosla et al. 2020); 0 where no two are of a kind.

    Args:
        vectors: Unit vectors, rows by width.
        labels: One number a row.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    alike = (labels[:, None] == labels[None, :]) & ~itself
    nearness = (vectors @ vectors.T / SOFTNESS).masked_fill(itself, -1e4)
    likelihood = nearness - nearness.logsumexp(dim=1, keepdim=True)
    count = alike.sum(dim=1)
    paired = count > 0
    if not paired.any():
        return vectors.sum() * 0.0
    return -((likelihood * alike).sum(dim=1)[paired] / count[paired]).mean()
