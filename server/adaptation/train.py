"""Fit the recogniser's decoder to bank calls over bad lines; makes the difference that is shipped.

    python -m server.adaptation.train --out voice/fitted/whisper-base.safetensors
    python -m server.adaptation.train --out whole.safetensors --kept 1

Speech is synthesised here from our own sentences; the encoder is the served one and stays as it is,
so that it is asked once per recording. About twenty minutes of a core.
"""

import argparse
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress, track
from torch.nn.functional import cross_entropy

from nlu.arrays import to_bytes
from server.adaptation.decoder import FittedDecoder, learnt
from server.adaptation.sentences import Words, sentences
from server.adaptation.sounds import Callers, Said
from server.models import STOCK_RECOGNISER, ModelStore
from server.settings import Settings
from voice.cues import Awaited, load_cues
from voice.recogniser import Recogniser
from voice.synthesiser import Synthesiser
from voice.whisper_model import load_model, load_tokenizer

NOT_ASKED: Final = -100
"""The label of a position whose next token is given, not learnt."""

_EVERY: Final = 15
"""Sentences after which nobody speaks once."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is fitted.

    Attributes:
        sentences: Each is heard over two lines.
        rank: Of the differences; 16 are 1.2 million numbers.
        rounds: Times that every recording is learnt from.
        batch: Recordings per step.
        rate: The greatest step (AdamW, a short warm-up, then down along a cosine).
        smoothing: Of the labels, so that it does not get sure of everything.
        kept: Of what was learnt: weights between the packaged and the fitted ones do better on most
            sounds that neither has met (docs/decisions/0037-fitted-ear.md).
        seed: Of all that is random.
    """

    sentences: int = 1800
    rank: int = 16
    rounds: float = 1.6
    batch: int = 8
    rate: float = 5e-4
    smoothing: float = 0.05
    kept: float = 0.6
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What the served encoder makes of a recording, (time, width), and what is said in it."""

    text: str
    encoded: NDArray[np.float16]


def hear(recogniser: Recogniser, said: Iterator[Said], count: int) -> list[Heard]:
    """Every recording through the served encoder."""
    shown = track(said, "speaking and encoding", total=count)
    return [Heard(each.text, recogniser.encoded(each.samples)) for each in shown]


def recordings(callers: Callers, texts: Sequence[str]) -> Iterator[Said]:
    """Every sentence twice, and now and then nobody who speaks."""
    for number, text in enumerate(texts, start=1):
        yield from callers.say(text)
        if number % _EVERY == 0:
            yield callers.say_nothing()


class Prompts:
    """The tokens before a sentence as in a call, and those of the sentence.

    Args:
        model_dir: Whose vocabulary.
        language: ISO 639-1.
        seed: Of the cue that is taken and of the payees in it.
    """

    def __init__(self, model_dir: Path, language: str, seed: int) -> None:
        self._tokens = load_tokenizer(model_dir, load_model(model_dir, "cpu", 1), language)
        self._cues = load_cues(language)
        self._random = random.Random(seed)  # noqa: S311
        self._words = Words(seed)

    def draw(self, text: str) -> tuple[list[int], list[int]]:
        """Tokens and, for each, the label of the one that follows it."""
        prompt, tokens = self._prompt(text), self._tokens
        said = tokens.encode(f" {text}") if text else []
        whole = [*prompt, *said]
        labels = [NOT_ASKED] * (len(prompt) - 1) + [*said, tokens.eot]
        start = prompt.index(tokens.sot)
        labels[start] = tokens.sot_sequence[1] if text else tokens.no_speech
        return whole, labels

    def _prompt(self, text: str) -> list[int]:
        awaited = self._random.choice(self._kinds(text))
        names = [self._words.name() for _ in range(self._random.choice((0, 0, 3, 4, 6)))]
        cue = self._random.choices(self._cues.pair(awaited, names), (0.85, 0.15))[0]
        before = [self._tokens.sot_prev, *self._tokens.encode(f" {cue}")] if cue else []
        return [*before, *self._tokens.sot_sequence, self._tokens.no_timestamps]

    def _kinds(self, text: str) -> tuple[Awaited, ...]:
        spoken = {word.strip(".,?!").lower() for word in text.split()}
        digits = spoken & set(self._cues.digits)
        return ("any", "digits") if digits else ("any", "any", "any", "date")


def fit(model: Path, prompts: Prompts, heard: list[Heard], recipe: Recipe) -> FittedDecoder:
    """The decoder after its lessons."""
    torch.manual_seed(recipe.seed)
    source = random.Random(recipe.seed)  # noqa: S311
    decoder = FittedDecoder(model, recipe.rank)
    optimiser = torch.optim.AdamW(learnt(decoder), lr=recipe.rate, weight_decay=0.01)
    steps = max(1, round(recipe.rounds * len(heard) / recipe.batch))
    with Progress() as progress:
        task = progress.add_task("fitting", total=steps)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate * _share(step, steps)
            loss = _loss(
                decoder, prompts, source.sample(heard, min(recipe.batch, len(heard))), recipe
            )
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learnt(decoder), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            progress.update(task, advance=1, description=f"fitting, loss {loss.item():.2f}")
    return decoder


def _share(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / 30) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def _loss(
    decoder: FittedDecoder, prompts: Prompts, batch: Sequence[Heard], recipe: Recipe
) -> torch.Tensor:
    drawn = [prompts.draw(each.text) for each in batch]
    longest = max(len(tokens) for tokens, _ in drawn)
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    labels = torch.full((len(batch), longest), NOT_ASKED)
    for row, (said, wanted) in enumerate(drawn):
        tokens[row, : len(said)] = torch.tensor(said)
        labels[row, : len(wanted)] = torch.tensor(wanted)
    time = max(len(each.encoded) for each in batch)
    encoded = torch.zeros(len(batch), time, batch[0].encoded.shape[1])
    for row, each in enumerate(batch):
        encoded[row, : len(each.encoded)] = torch.from_numpy(each.encoded.astype(np.float32))
    asked = labels != NOT_ASKED
    with torch.autocast("cpu", torch.bfloat16):
        scores = decoder(tokens, encoded, asked)
    return cross_entropy(scores.float(), labels[asked], label_smoothing=recipe.smoothing)


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m server.adaptation.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="the difference, *.safetensors")
    parser.add_argument("--sentences", type=int, default=Recipe().sentences)
    parser.add_argument(
        "--kept", type=float, default=Recipe().kept, help="share of the difference that is written"
    )
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    options = options_of(arguments)
    recipe, settings = Recipe(sentences=options.sentences, kept=options.kept), Settings()
    store = ModelStore(settings.models)
    folder, own = store.prepare(STOCK_RECOGNISER), store.prepare(settings.voice)
    callers = Callers(Synthesiser(own, device="cpu", threads=options.threads), recipe.seed)
    texts = sentences(recipe.sentences, recipe.seed)
    recogniser = Recogniser(folder, device="cpu", threads=options.threads)
    count = 2 * len(texts) + len(texts) // _EVERY
    heard = hear(recogniser, recordings(callers, texts), count)
    decoder = fit(
        folder / "model.bin", Prompts(folder, settings.language, recipe.seed), heard, recipe
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(to_bytes(decoder.difference(recipe.kept), {"recipe": str(recipe)}))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
