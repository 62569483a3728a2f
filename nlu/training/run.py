"""Trains an intent model on given data and writes it with everything that explains it.

```
read ─▶ repeats, near-duplicates, splits ─▶ suspect labels ─▶ tune encoder and head, or fit a head
     ─▶ calibrate on validation ─▶ figures before and after ─▶ card
```

The folder gets the head, the adapter (where the encoder was tuned), `card.json`, `suspects.csv`
and, from tuning, a checkpoint and TensorBoard's log.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from nlu.encoder.adapter import to_bytes
from nlu.encoder.sentence import SentenceEncoder
from nlu.errors import DataError
from nlu.feelings.head import FEELINGS_FILE
from nlu.intents.fit import (
    SURES,
    VOTES,
    HeldOut,
    calibrate,
    calibrate_several,
    fit_several,
    fit_weights,
    given_head,
)
from nlu.intents.head import Example, IntentHead
from nlu.intents.model import ADAPTER_FILE, EXPORTED_FILE, HEAD_FILE, IntentModel
from nlu.mishearings import classifiable
from nlu.slots.head import SLOTS_FILE, SlotHead, tags_of
from nlu.training.card import write_card
from nlu.training.measures import Floats, measured, slot_figures
from nlu.training.prepare import Prepared, Progress, prepare, quiet
from nlu.training.protocols import under_protocol
from nlu.training.recipe import CHECKPOINT, Recipe, Suspects, fitted_to
from nlu.training.samples import Sample, data_hash, has_several, slot_names
from nlu.training.suspects import Suspect, suspect_labels

if TYPE_CHECKING:
    from nlu.training.tune import Tuning

_CHUNK = 512
_KEPT = "frozen-features-"
_REFIT = "refit"
"""Folder of the second tuning's checkpoint and log."""


def train_model(
    samples: Sequence[Sample],
    recipe: Recipe,
    encoder_dir: Path,
    out: Path,
    show: Progress = quiet,
) -> dict[str, object]:
    """Train, write everything to a folder and give the card.

    Args:
        samples: With the sides that the data set gives, or none.
        recipe: How.
        encoder_dir: The packaged encoder.
        out: The model's folder, made if need be.
        show: Told how far it is.

    Raises:
        DataError: Nothing can be learned from the data.
    """
    recipe = fitted_to(recipe, samples)
    data = prepare(samples, recipe.validation, show)
    return train_prepared(data, recipe, encoder_dir, out, show)


def train_prepared(
    data: Prepared, recipe: Recipe, encoder_dir: Path, out: Path, show: Progress = quiet
) -> dict[str, object]:
    """The same for data whose sides are apart already and a recipe whose method is chosen.

    Raises:
        DataError: Nothing can be learned from the data.
    """
    data = under_protocol(data, recipe)
    _check(data)
    out.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):  # sums in another order would change the last bits
        encoder = SentenceEncoder(encoder_dir)
        before, features = _fitted(encoder, data, recipe, show, out if recipe.tunes else None)
        suspects = [] if before.head.several else _suspects(data, features, recipe)
        _write_suspects(out / "suspects.csv", data, suspects)
        cleaned = _cleaned(data, suspects, recipe)
        after, epochs = before, 0
        if recipe.tunes:
            tuning = tune(cleaned, recipe, encoder_dir, out, show)
            epochs = tuning.best_epochs
            encoder = SentenceEncoder(encoder_dir, adapter=out / ADAPTER_FILE)
            after = _tuned(encoder, tuning, cleaned, show)
        elif len(cleaned.train) < len(data.train):
            after, _ = _fitted(encoder, cleaned, recipe, show)
        figures = {
            "before": _figures(before, data, show) if after is not before else None,
            "after": _figures(after, data, show),
        }
        if recipe.refit:
            after = _refitted(after, cleaned, recipe, epochs, encoder_dir, out, show)
    (out / HEAD_FILE).write_bytes(after.head.to_bytes())
    if after.slot_head:
        (out / SLOTS_FILE).write_bytes(after.slot_head.to_bytes())
    for kept in (*out.glob(f"{_KEPT}*"), *out.rglob(CHECKPOINT), *_earlier(out, after, recipe)):
        kept.unlink()
    return write_card(out, cleaned, recipe, figures, suspects=len(suspects))


def _earlier(out: Path, model: IntentModel, recipe: Recipe) -> Iterator[Path]:
    """Files of a model that was trained into the folder before, which this one has not."""
    has = {ADAPTER_FILE: recipe.tunes, SLOTS_FILE: model.slot_head}
    has |= dict.fromkeys((EXPORTED_FILE, FEELINGS_FILE), False)
    yield from (out / name for name, own in has.items() if not own and (out / name).is_file())


def tune(
    data: Prepared,
    recipe: Recipe,
    encoder_dir: Path,
    out: Path,
    show: Progress,
    kept: str = "",
) -> "Tuning":
    """Tune the encoder and write its adapter; checkpoint and log go into the folder's `kept`."""
    from nlu.training.tune import Lines, Tuning  # torch: seconds that only tuning should wait for

    labels = _labels(data.train)
    several = has_several(data.train)
    names = slot_names(data.train)

    def lines(side: Sequence[Sample]) -> Lines:
        known = [sample for sample in side if several or sample.label in labels]
        rows = [[float(name in sample.labels) for name in labels] for sample in known]
        targets = np.array(rows, dtype=np.float32).reshape(len(known), len(labels))
        texts = [classifiable(sample.text) for sample in known]
        if not names:
            return Lines(texts, targets, several)
        slots = ([slot for slot in sample.slots if slot.name in names] for sample in known)
        tags = [
            tags_of(filled, names, len(text.split()))
            for filled, text in zip(slots, texts, strict=True)
        ]
        return Lines(texts, targets, several, tags, 2 * len(names) + 1)

    tuning = Tuning(encoder_dir, lines(data.train), lines(data.validation), recipe)
    (out / kept).mkdir(exist_ok=True)
    changes = tuning.run(out / kept, show)
    (out / ADAPTER_FILE).write_bytes(to_bytes(changes, recipe.layers))
    return tuning


def _labels(samples: Sequence[Sample]) -> list[str]:
    return sorted({label for sample in samples for label in sample.labels})


def features_of(
    encoder: SentenceEncoder, samples: Sequence[Sample], what: str, show: Progress
) -> Floats:
    """Features of the samples, one row each."""
    texts = [classifiable(sample.text) for sample in samples]
    parts = []
    for at in range(0, len(texts), _CHUNK):
        parts.append(encoder.features(texts[at : at + _CHUNK]))
        show(what, min(at + _CHUNK, len(texts)), len(texts))
    return np.concatenate(parts)


def _check(data: Prepared) -> None:
    labels = {label for sample in data.train for label in sample.labels}
    if len(labels) < 2 or not data.validation:
        raise DataError(
            f"{len(data.train)} training and {len(data.validation)} validation lines of "
            f"{len(labels)} intents are left: give two intents with ten lines each at least"
        )


def _fitted(
    encoder: SentenceEncoder,
    data: Prepared,
    recipe: Recipe,
    show: Progress,
    kept: Path | None = None,
) -> tuple[IntentModel, Floats]:
    """The model of the training side, calibrated on the validation side; the train features."""
    train = _kept(kept, encoder, data.train, "encoding", show)
    validation = _kept(kept, encoder, data.validation, "encoding validation", show)
    head = _calibrated(_fit(data.train, train, recipe), data, validation)
    return IntentModel(encoder, head), train


def _tuned(
    encoder: SentenceEncoder, tuning: "Tuning", data: Prepared, show: Progress
) -> IntentModel:
    """The tuned encoder with the classifier that was trained with it, calibrated."""
    head = _own_head(encoder, tuning, data, show)
    validation = features_of(encoder, data.validation, "encoding validation", show)
    head = _calibrated(head, data, validation)
    return IntentModel(encoder, head, slot_head=_slot_head(tuning, data))


def _slot_head(tuning: "Tuning", data: Prepared) -> SlotHead | None:
    names = slot_names(data.train)
    return SlotHead(names, *tuning.tagger) if names else None


def _own_head(
    encoder: SentenceEncoder, tuning: "Tuning", data: Prepared, show: Progress
) -> IntentHead:
    features = features_of(encoder, data.train, "encoding", show)
    weights, bias = tuning.classifier
    several = has_several(data.train)
    labels = tuple(_labels(data.train))
    return given_head(labels, weights, bias, _examples(data.train), features, several=several)


def _calibrated(head: IntentHead, data: Prepared, validation: Floats) -> IntentHead:
    if head.several:
        holds = [frozenset(sample.labels) for sample in data.validation]
        return calibrate_several(head, validation, holds)
    parts = [HeldOut(head, _examples(data.validation), validation)]
    return calibrate(head, parts, votes=VOTES, sures=SURES)


def _kept(
    folder: Path | None,
    encoder: SentenceEncoder,
    samples: Sequence[Sample],
    what: str,
    show: Progress,
) -> Floats:
    """Features, kept in the folder (if one is given) for a training that is stopped and goes on."""
    if folder is None:
        return features_of(encoder, samples, what, show)
    path = folder / f"{_KEPT}{data_hash(samples)[:16]}.npy"
    if not path.is_file():
        made = features_of(encoder, samples, what, show)
        with path.with_suffix(".part").open("wb") as stream:
            np.save(stream, made)
        path.with_suffix(".part").replace(path)
    loaded: Floats = np.load(path)
    return loaded


def _fit(samples: Sequence[Sample], features: Floats, recipe: Recipe) -> IntentHead:
    if has_several(samples):
        holds = [frozenset(sample.labels) for sample in samples]
        return fit_several(_examples(samples), holds, features, strength=recipe.strength)
    return fit_weights(_examples(samples), features, strength=recipe.strength)


def _refitted(
    model: IntentModel,
    data: Prepared,
    recipe: Recipe,
    epochs: int,
    encoder_dir: Path,
    out: Path,
    show: Progress,
) -> IntentModel:
    """The same training on the validation side as well, with the calibration found before."""
    labels = set(_labels(data.train))
    known = (sample for sample in data.validation if labels.issuperset(sample.labels))
    every = replace(data, train=(*data.train, *known), validation=())
    encoder, slot_head = model.encoder, None
    if recipe.tunes:
        again = recipe.model_copy(update={"stop_after": epochs})

        def second(what: str, done: int, total: int) -> None:
            show(f"{what}, every line", done, total)

        tuning = tune(every, again, encoder_dir, out, second, _REFIT)
        encoder = SentenceEncoder(encoder_dir, adapter=out / ADAPTER_FILE)
        head = _own_head(encoder, tuning, every, show)
        slot_head = _slot_head(tuning, every)
    else:
        head = _fit(every.train, features_of(encoder, every.train, "encoding", show), recipe)
    old = model.head
    head = replace(
        head,
        temperature=old.temperature,
        threshold=old.threshold,
        cut=old.cut,
        vote=old.vote,
        sure=old.sure,
    )
    return IntentModel(encoder, head, slot_head=slot_head)


def _figures(model: IntentModel, data: Prepared, show: Progress) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, side in (("validation", data.validation), ("test", data.test)):
        if side:
            features = features_of(model.encoder, side, f"measuring {name}", show)
            slots = slot_figures(model, side) if model.slot_head else {}
            found[name] = {**measured(model.head, features, side), **slots}
    return found


def _examples(samples: Sequence[Sample]) -> list[Example]:
    return [Example(sample.text, sample.label) for sample in samples]


def _suspects(data: Prepared, features: Floats, recipe: Recipe) -> list[Suspect]:
    return suspect_labels(
        _examples(data.train), features, strength=recipe.strength, seed=recipe.seed
    )


def _cleaned(data: Prepared, suspects: Sequence[Suspect], recipe: Recipe) -> Prepared:
    if recipe.suspects is Suspects.KEEP:
        return data
    doubted = {suspect.place for suspect in suspects}
    kept = [sample for place, sample in enumerate(data.train) if place not in doubted]
    return replace(data, train=tuple(kept))


def _write_suspects(path: Path, data: Prepared, suspects: Sequence[Suspect]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["text", "label", "suggested", "probability", "source"])
        for suspect in suspects:
            sample = data.train[suspect.place]
            row = [sample.text, sample.label, suspect.suggested, suspect.probability]
            table.writerow([*row, sample.source])
