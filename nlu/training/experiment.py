"""Measures a recipe where it is hard, several draws of each, so that one lucky draw tells nothing.

Few lines of each intent, or a share of the intents that training never sees and that must be found
to be out of scope. Choices (temperature, thresholds, settings) are made on the validation side; a
report side, drawn by hash where the data has no test side, is only measured on.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from nlu.errors import DataError
from nlu.training.prepare import Progress, prepare, quiet, with_report_side
from nlu.training.recipe import Recipe, fitted_to
from nlu.training.run import train_prepared
from nlu.training.samples import Sample, has_several

REPORT_SHARE = 0.1
"""Of the lines that is only reported on, where the data has no test side."""

_FIGURES = {
    "few-shot": ("accuracy", "macro_f1", "ece"),
    "unseen": ("oos_auroc", "oos_recall_at_95", "accuracy"),
}


class Condition(StrEnum):
    """What makes it hard."""

    FEW_SHOT = "few-shot"
    UNSEEN = "unseen"


def experiment(
    condition: Condition,
    samples: Sequence[Sample],
    recipe: Recipe,
    encoder_dir: Path,
    *,
    draws: int,
    show: Progress = quiet,
) -> dict[str, Any]:
    """Train once a draw and measure each model.

    Args:
        condition: Names the figures that are told.
        samples: All of the data.
        recipe: With its `shots` or `unseen`; the draw is its seed.
        encoder_dir: The packaged encoder.
        draws: How many, with seeds from 1 up.
        show: Told how far it is.

    Returns:
        The recipe; for the validation and the report side how many lines it has, and of each
        figure the value of each draw (None where its lines cannot tell it: none of them is of an
        intent that was left out), their mean and standard deviation.

    Raises:
        DataError: Nothing can be learned from the data, or it gives lines several intents or none.
    """
    if has_several(samples):
        raise DataError("an experiment wants data with one intent a line: draws are by intent")
    recipe = fitted_to(recipe, samples)
    data = prepare(with_report_side(samples, REPORT_SHARE), recipe.validation, show)
    found = []
    for seed in range(1, draws + 1):
        drawn = recipe.model_copy(update={"seed": seed, "refit": False})
        with TemporaryDirectory() as folder:
            card: Any = train_prepared(data, drawn, encoder_dir, Path(folder), show)
        found.append(card["figures"]["after"])
        show("draws", seed, draws)
    sides = {"validation": "validation", "report": "test"}
    return {
        "recipe": recipe.model_dump(mode="json", exclude={"seed"}),
        **{
            name: {
                "n": found[0][side]["n"],
                **{key: _told([one[side][key] for one in found]) for key in _FIGURES[condition]},
            }
            for name, side in sides.items()
        },
    }


def _told(draws: Sequence[float | None]) -> dict[str, Any]:
    values = [value for value in draws if value is not None]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {
        "mean": round(float(np.mean(values)), 4) if values else None,
        "deviation": round(deviation, 4),
        "draws": list(draws),
    }
