"""What is chosen when a model is trained; everything that changes its weights stands here."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlu.errors import DataError
from nlu.training.samples import TRAIN, Sample, has_several

TUNED_FROM = 2000
"""Lines from which tuning the encoder pays,"""

TUNED_FROM_SEVERAL = 800
"""and where a line may hold several intents."""

CHECKPOINT = "checkpoint.pt"
"""What a tuning that was stopped goes on from."""


class Method(StrEnum):
    """How much of the model learns."""

    AUTO = "auto"
    HEAD = "head"
    LORA = "lora"
    FULL = "full"


class Suspects(StrEnum):
    """What becomes of training lines whose label the other lines contradict."""

    DROP = "drop"
    KEEP = "keep"


class Recipe(BaseModel):
    """One training.

    Attributes:
        method: The head over the frozen encoder; low-rank changes of its upper layers; those
            layers whole; or what suits so many lines (`fitted_to`).
        seed: Of everything random.
        validation: Share of the training side held out by hash, where the data has none.
        strength: Inverse of the penalty on the head's weights.
        suspects: Whether lines with a suspect label are trained on.
        frozen: Layers, from the words up, that stay as they are.
        rank: Of the low-rank changes.
        epochs: At most; training stops earlier where validation no longer gets better.
        stop_after: Epochs after which it stops in any case, None for all; the learning rate falls
            as for all.
        patience: Epochs without a better validation loss before it stops.
        rate: Highest learning rate, of the last layer.
        layer_decay: Each layer below learns this much slower.
        smoothing: Share of a label's weight that is spread over the others.
        contrast: Weight of the contrastive loss beside the classifier's.
        perturb: Size of the adversarial move beside each line that is trained on, as a share of
            the line's own length (about 0.05; twice the time); 0 makes none.
        layers: Of the encoder, counted from the words, that are kept (tuning only; the model is
            that much faster); None keeps all.
        batch: Utterances a step.
        shots: Lines of each intent that are trained on, drawn by the seed; None for all.
        unseen: Share of the intents, drawn by the seed, that training does not see and whose
            held-out lines count as out of scope.
        refit: Whether what is written has learned from the validation side as well, with the
            settings found without it; the figures are of the model before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = Method.AUTO
    seed: int = 7
    validation: float = Field(default=0.1, gt=0, lt=0.9)
    strength: float = Field(default=20.0, gt=0)
    suspects: Suspects = Suspects.KEEP
    frozen: int = Field(default=3, ge=0)
    rank: int = Field(default=16, ge=1)
    epochs: int = Field(default=6, ge=1)
    stop_after: int | None = Field(default=None, ge=1)
    patience: int = Field(default=2, ge=1)
    rate: float = Field(default=3e-4, gt=0)
    layer_decay: float = Field(default=0.85, gt=0, le=1)
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    contrast: float = Field(default=0.2, ge=0)
    perturb: float = Field(default=0.0, ge=0)
    layers: int | None = Field(default=None, ge=3)
    batch: int = Field(default=64, ge=1)
    shots: int | None = Field(default=None, ge=1)
    unseen: float = Field(default=0.0, ge=0, lt=1)
    refit: bool = False

    @property
    def tunes(self) -> bool:
        """True where the encoder itself learns."""
        return self.method in (Method.LORA, Method.FULL)


def fitted_to(recipe: Recipe, samples: Sequence[Sample]) -> Recipe:
    """The recipe with its method chosen, where that is left to us, and what goes with the choice.

    Settings that were given stay as they are given.

    Args:
        recipe: How to train.
        samples: All of the data.
    """
    if recipe.method is not Method.AUTO:
        return recipe
    train = [sample for sample in samples if sample.side in (None, TRAIN)]
    lines, several = len(train), has_several(train)
    if recipe.shots:
        lines = min(lines, recipe.shots * len({sample.label for sample in train}))
    if lines < (TUNED_FROM_SEVERAL if several else TUNED_FROM):
        return recipe.model_copy(update={"method": Method.HEAD})
    suits: dict[str, object] = {"method": Method.FULL, "refit": not (recipe.shots or recipe.unseen)}
    upper = {"frozen": 2}
    every = {"frozen": 0, "epochs": 12, "patience": 12, "batch": 16}
    suits |= every if several else upper
    given = recipe.model_fields_set - {"method"}
    return recipe.model_copy(update={k: v for k, v in suits.items() if k not in given})


def read_recipe(method: str, settings: Sequence[str]) -> Recipe:
    """A recipe from words such as "epochs=8".

    Raises:
        DataError: A setting does not exist or cannot have that value.
    """
    given: dict[str, str] = {"method": method}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign:
            raise DataError(f"--set {setting}: write NAME=VALUE, such as epochs=8")
        given[name.strip()] = value.strip()
    try:
        return Recipe.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(Recipe.model_fields)
        raise DataError(f"--set {name}: {first['msg']} (settings: {known})") from error
