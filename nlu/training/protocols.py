"""Harder ways to be measured: few examples of each intent, and intents never seen in training."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.training.prepare import Prepared
from nlu.training.recipe import Recipe
from nlu.training.samples import Sample


def under_protocol(data: Prepared, recipe: Recipe) -> Prepared:
    """The data as the recipe's `shots` and `unseen` want it; held-out lines are never dropped."""
    if recipe.unseen:
        data = without_intents(data, recipe.unseen, recipe.seed)
    if recipe.shots:
        data = replace(data, train=few(data.train, recipe.shots, recipe.seed))
    return data


def few(samples: Sequence[Sample], shots: int, seed: int) -> tuple[Sample, ...]:
    """So many lines of each intent, drawn by the seed, in their order."""
    places = list(range(len(samples)))
    random.Random(seed).shuffle(places)  # noqa: S311 (no secret)
    taken: Counter[str] = Counter()
    kept = set()
    for place in places:
        label = samples[place].label
        if taken[label] < shots:
            taken[label] += 1
            kept.add(place)
    return tuple(sample for place, sample in enumerate(samples) if place in kept)


def without_intents(data: Prepared, share: float, seed: int) -> Prepared:
    """A share of the intents, one at least, leaves training: held-out lines are out of scope."""
    labels = sorted({sample.label for sample in data.train if sample.in_scope})
    count = min(len(labels), max(1, round(share * len(labels))))
    unseen = set(random.Random(seed).sample(labels, count))  # noqa: S311

    def outside(samples: Sequence[Sample]) -> tuple[Sample, ...]:
        return tuple(
            replace(sample, labels=(OUT_OF_SCOPE,)) if sample.label in unseen else sample
            for sample in samples
        )

    train = tuple(sample for sample in data.train if sample.label not in unseen)
    return replace(data, train=train, validation=outside(data.validation), test=outside(data.test))
