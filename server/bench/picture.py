"""A histogram of a bench's times as a PNG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from server.bench.report import percentile
from server.errors import ServerError

BINS = 30


def draw_histogram(path: Path, title: str, series: Mapping[str, Sequence[float]]) -> None:
    """Draw one histogram of all series, with a line at each median.

    Args:
        path: Where the PNG goes; the folder is made where it is missing.
        title: Above it.
        series: Milliseconds by name.

    Raises:
        ServerError: The picture cannot be written.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    filled = {name: list(values) for name, values in series.items() if len(values)}
    longest = max((max(values) for values in filled.values()), default=1.0)
    edges = [longest * n / BINS for n in range(BINS + 1)]
    for n, (name, values) in enumerate(filled.items()):
        median = percentile(values, 50) or 0.0
        label = f"{name}: p50 {median:.0f} ms, n {len(values)}"
        axes.hist(values, bins=edges, alpha=0.55, color=f"C{n}", label=label)
        axes.axvline(median, color=f"C{n}", linewidth=1.5)
    axes.set(title=title, xlabel="ms", ylabel="count")
    if filled:
        figure.legend(loc="outside lower center", ncols=min(3, len(filled)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise ServerError(f"{path}: the picture cannot be written: {error.strerror}") from error
