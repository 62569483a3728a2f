"""Searches for the recipe's best settings on the validation side (Optuna's TPE, seeded).

Trials are kept in the model's folder (`search.db`), so that a search that was stopped goes on
where it was, and a longer one adds to a shorter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlu.training.prepare import Progress, quiet
from nlu.training.recipe import Recipe, fitted_to
from nlu.training.run import train_model
from nlu.training.samples import Sample


def search_recipe(
    samples: Sequence[Sample],
    recipe: Recipe,
    encoder_dir: Path,
    out: Path,
    *,
    trials: int,
    show: Progress = quiet,
) -> Recipe:
    """The recipe with the settings that did best on the validation side.

    Args:
        samples: As for training.
        recipe: What is not searched for stays as it is here.
        encoder_dir: The packaged encoder.
        out: The model's folder; each trial's model is a folder below it.
        trials: How many settings are tried in all.
        show: Told how far it is.
    """
    import optuna  # slow to import, and only searches need it

    recipe = fitted_to(recipe, samples)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=recipe.method.value,
        storage=f"sqlite:///{out / 'search.db'}",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=recipe.seed),
        load_if_exists=True,
    )

    def score(trial: Any) -> float:
        tried = recipe.model_copy(update={**_settings(trial, recipe), "refit": False})
        folder = out / "trials" / f"{recipe.method.value}-{trial.number}"
        figures: Any = train_model(samples, tried, encoder_dir, folder, show)["figures"]
        validation = figures["after"]["validation"]
        show("search", trial.number + 1, trials)
        return float(validation.get("accuracy", validation.get("micro_f1")))

    missing = trials - sum(trial.state.is_finished() for trial in study.trials)
    study.optimize(score, n_trials=max(0, missing))
    return recipe.model_copy(update=study.best_params)


def _settings(trial: Any, recipe: Recipe) -> dict[str, object]:
    settings: dict[str, object] = {
        "strength": trial.suggest_float("strength", 1.0, 100.0, log=True)
    }
    if recipe.tunes:
        settings |= {
            "rate": trial.suggest_float("rate", 5e-5, 1e-3, log=True),
            "frozen": trial.suggest_int("frozen", 0, 4),
            "smoothing": trial.suggest_float("smoothing", 0.0, 0.2),
            "layer_decay": trial.suggest_float("layer_decay", 0.7, 1.0),
        }
    return settings
