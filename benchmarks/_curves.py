"""The curves of the searches as a figure: of each table the best score so far against the seconds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

__all__ = ["figure"]

SHOWN = {
    "fallline, 8 seeds, halving": ("Fallline compare --halving --seeds 8, 2,048 runs", "#0f6b5c"),
    "fallline, halving": ("Fallline compare --halving, 1,024 runs", "#58a797"),
    "optuna": ("Optuna, 100 trials", "#b4561f"),
    "scikit-learn": ("scikit-learn's random search, 100 candidates", "#4a5fa5"),
}
METRICS = {"roc_auc": "ROC AUC", "balanced_accuracy": "balanced accuracy", "rmse": "RMSE"}
POINTS = 400

Curve = Sequence[tuple[float, float]]


def figure(found: Sequence[Any], path: Path) -> None:
    """Draw what `benchmarks.searches` found: medians over the splits, once all of them have a score."""
    tables = list(dict.fromkeys(each.table for each in found))
    shown = Figure(figsize=(10.5, 6.2), layout="constrained")
    grid = shown.subplots(2, -(-len(tables) // 2), squeeze=False).flat
    for axes, table in zip(grid, tables, strict=False):
        _panel(axes, [each for each in found if each.table == table])
        axes.set_title(table, fontsize=10, loc="left")
    handles, labels = grid[0].get_legend_handles_labels()
    shown.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fallline", "font.family": "sans-serif"}):
        shown.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Any, found: Sequence[Any]) -> None:
    """One table: each side's line, which rises to the right even where less is better."""
    for side, (name, colour) in SHOWN.items():
        own = [each for each in found if each.side == side]
        if not own:
            continue
        times, middle = _median([each.log.known for each in own], own[0].sign, last=max(e.log.seconds for e in own))
        axes.step(times, middle, where="post", color=colour, linewidth=1.8, label=name)
        if side.startswith("fallline"):
            axes.plot(times[-1:], middle[-1:], "o", color=colour, markersize=5)
    axes.set_xscale("log")
    axes.set_xlabel("seconds", fontsize=9)
    axes.set_ylabel(METRICS[found[0].metric], fontsize=9)
    _zoom(axes, found)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _zoom(axes: Any, found: Sequence[Any]) -> None:
    """Show what lies near the ends of the curves: the first score of a search may be anything."""
    sign = found[0].sign
    sides = [[each.log.known[-1][1] for each in found if each.side == side] for side in SHOWN]
    ends = [sign * statistics.median(scores) for scores in sides if scores]
    room = max(max(ends) - min(ends), 0.02 * abs(max(ends)))
    axes.set_ylim(sign * (min(ends) - 2 * room), sign * (max(ends) + 0.3 * room))


def _median(curves: Sequence[Curve], sign: int, *, last: float) -> tuple[list[float], list[float]]:
    """The median of the best scores so far, from when every curve has one to ``last``."""
    first = max(curve[0][0] for curve in curves)
    times = np.geomspace(first, max(last, first), POINTS).tolist()

    def best(curve: Curve, time: float) -> float:
        return max((score for at, score in curve if at <= time * (1 + 1e-12)), key=lambda score: sign * score)

    return times, [statistics.median(best(curve, time) for curve in curves) for time in times]
