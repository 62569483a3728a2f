"""Draws which intents are taken for which."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_SHOWN = 40
"""At most so many intents, those most confused, are drawn: more cannot be read."""


def draw_confusions(
    classes: Mapping[str, Mapping[str, float]],
    confused: Sequence[tuple[str, str, int]],
    path: Path,
) -> None:
    """Write a PNG: rows are the right intents, columns what they were taken for.

    Args:
        classes: Recall and support of each intent.
        confused: Right intent, best intent, how often.
        path: The picture's file.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = _most_confused(confused) or sorted(classes)[:_SHOWN]
    place = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for name in names:
        row = classes.get(name, {"recall": 0.0, "support": 0.0})
        table[place[name], place[name]] = row["recall"] * row["support"]
    for right, best, count in confused:
        if right in place and best in place:
            table[place[right], place[best]] = count
    size = 3 + 0.22 * len(names)
    figure, axes = pyplot.subplots(figsize=(size, size), layout="constrained")
    image = axes.imshow(np.sqrt(table), cmap="viridis")
    image.set_clim(0, float(np.sqrt(table.max())) or 1.0)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_xlabel("taken for")
    axes.set_ylabel("right")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _most_confused(confused: Sequence[tuple[str, str, int]]) -> list[str]:
    names: dict[str, None] = {}
    for right, best, _count in confused:
        names |= {right: None, best: None}
    return sorted(list(names)[:_SHOWN])
