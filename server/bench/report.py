"""What a bench found: figures as values, one JSON object, tables for people and for the docs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.table import Table

NEAR_MEDIAN = 10.0
"""Milliseconds around the median of which the parts are averaged."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of ready-made cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def rich(self) -> Table:
        """For the terminal."""
        table = Table(title=self.title, title_justify="left")
        for n, column in enumerate(self.columns):
            table.add_column(column, justify="right" if n else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For the docs."""
        lines = [f"**{self.title}**", "", _line(self.columns), _line(["---"] * len(self.columns))]
        return "\n".join([*lines, *map(_line, self.rows)])


@dataclass(frozen=True, slots=True)
class Report:
    """One bench.

    Attributes:
        bench: Its name.
        ours: Milliseconds, one per measurement.
        peer: The same of the peer, in the same run; None where it was not asked for.
        beside: Ours where the peer's were measured, too, if those are not all.
        parts: The named parts of each of ours, milliseconds; empty where it has none.
        more: What only this bench tells, for the JSON object.
        sheets: For people.
        notes: Lines below the tables: what was left out, and why.
        series: For the picture: milliseconds by name.
    """

    bench: str
    ours: tuple[float, ...]
    peer: tuple[float, ...] | None = None
    beside: tuple[float, ...] | None = None
    parts: tuple[Mapping[str, float], ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    sheets: tuple[Sheet, ...] = ()
    notes: tuple[str, ...] = ()
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def p50(self) -> float | None:
        """The median of ours."""
        return percentile(self.ours, 50)

    @property
    def ratio(self) -> float | None:
        """Our median over the peer's, on the same; None without a peer."""
        theirs = percentile(self.peer or (), 50)
        ours = percentile(self.ours if self.beside is None else self.beside, 50)
        return round(ours / theirs, 3) if theirs and ours is not None else None

    def json(self) -> dict[str, Any]:
        """The last line of `--json`."""
        return {
            "bench": self.bench,
            "n": len(self.ours),
            **percentiles(self.ours),
            "peer": None if self.peer is None else percentiles(self.peer),
            "ratio": self.ratio,
            "parts_ms": typical_parts(self.ours, self.parts),
            **self.more,
        }

    def json_line(self) -> str:
        """The same as one line."""
        return json.dumps(self.json(), ensure_ascii=False)


def percentile(values: Sequence[float], q: float) -> float | None:
    """A percentile that is one of the values; None of none.

    Args:
        values: In any order.
        q: 0 to 100.
    """
    if not len(values):
        return None
    return round(float(np.percentile(values, q, method="inverted_cdf")), 1)


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """p50 and p95."""
    return {f"p{q}_ms": percentile(values, q) for q in (50, 95)}


def typical_parts(
    latencies: Sequence[float], parts: Sequence[Mapping[str, float]]
) -> dict[str, float]:
    """The parts of a median turn: the mean over turns within 10 ms of the median.

    So they add up to the median, which medians of each part would not.

    Args:
        latencies: Milliseconds.
        parts: Of each latency, by name; an empty one was not measured.
    """
    measured = [(ms, each) for ms, each in zip(latencies, parts, strict=False) if each]
    middle = percentile([ms for ms, _ in measured], 50)
    if middle is None:
        return {}
    near = [each for ms, each in measured if abs(ms - middle) <= NEAR_MEDIAN]
    names = dict.fromkeys(name for each in near for name in each)
    return {name: round(sum(p.get(name, 0.0) for p in near) / len(near), 1) for name in names}


def worst_gap(latencies: Sequence[float], parts: Sequence[Mapping[str, float]]) -> float | None:
    """Milliseconds by which the parts of a turn miss its latency at worst; None of no turn."""
    measured = [(ms, each) for ms, each in zip(latencies, parts, strict=False) if each]
    return max((round(abs(ms - sum(p.values())), 1) for ms, p in measured), default=None)


def cell(value: float | None, unit: str = "") -> str:
    """A figure in a table."""
    return "" if value is None else f"{value:.0f}{unit}"


def p50_p95(values: Sequence[float]) -> str:
    """Both percentiles in one cell."""
    return f"{cell(percentile(values, 50))} / {cell(percentile(values, 95))}" if len(values) else ""


def share(part: int, whole: int) -> str:
    """A count in one cell, with its percentage."""
    return f"{part} of {whole} ({100 * part / whole:.1f}%)" if whole else "none"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
