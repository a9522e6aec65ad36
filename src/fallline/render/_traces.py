"""The marks on the figures, as plain data that plotly takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fallline.render._captions import MANY_CLASSES
from fallline.render._theme import ACCENT, INK, LIGHT, RATES, SHARES, plain
from fallline.render._window import Window
from fallline.render.number import plural, short
from fallline.render.report import Report, RunLine

__all__ = [
    "BAR",
    "best_epoch",
    "best_rate",
    "cells",
    "colours",
    "crash",
    "curve",
    "exact",
    "pointer",
    "points",
    "rate_crosses",
    "rate_points",
]

Trace = dict[str, Any]
BAR: Trace = {
    "type": "scatter",
    "mode": "markers",
    "x": [None],
    "y": [None],
    "marker": {"color": [0], "coloraxis": "coloraxis"},
    "hoverinfo": "skip",
}
"""No mark at all: what the bar of learning rates hangs on."""
_MOST_LABELLED = 20
"""More classes than this leave no room for a number in each cell."""


def curve(run: RunLine, *, split: str, line: dict[str, Any]) -> Trace:
    """The loss of ``run`` on ``split`` ("validation", "training") by epoch; gaps where it is not finite."""
    losses = run.validation if split == "validation" else run.training
    return {
        "type": "scatter",
        "mode": "lines" if len(losses) > 1 else "lines+markers",
        "name": f"{split}, {short(run.learning_rate)}",
        "x": list(range(1, len(losses) + 1)),
        "y": [loss if math.isfinite(loss) else None for loss in losses],
        "line": line,
        "hovertemplate": f"learning rate <b>{short(run.learning_rate)}</b><br>epoch %{{x}}"
        f"<br>{split} loss %{{y:.4~g}}<extra></extra>",
    }


def crash(run: RunLine, window: Window, colour: str) -> Trace:
    """A cross at the last finite loss of ``run``, or above it at the top edge where that is out of sight."""
    finite = [epoch for epoch, loss in enumerate(run.validation, start=1) if math.isfinite(loss)]
    epoch = finite[-1] if finite else 1
    last = run.validation[epoch - 1] if finite else math.inf
    inside = window.holds(last)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"diverged, {short(run.learning_rate)}",
        "x": [epoch],
        "y": [last if inside else 1],
        "yaxis": "y" if inside else "y2",
        "cliponaxis": False,
        "marker": _cross(colour),
        "hoverinfo": "text",
        "hovertext": [_fate(run)],
    }


def best_epoch(run: RunLine) -> Trace:
    """A dot at the lowest validation loss of the chosen run."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "best epoch",
        "x": [run.best_epoch],
        "y": [run.lowest],
        "cliponaxis": False,
        "marker": {"size": 11, "color": ACCENT, "line": {"color": "#ffffff", "width": 2}},
        "hovertemplate": f"learning rate <b>{short(run.learning_rate)}</b><br>best epoch %{{x}}"
        "<br>validation loss %{y:.4~g}<extra></extra>",
    }


def pointer(run: RunLine, word: str, *, x: float, log: bool, share: float) -> Trace:
    """The label of the chosen run, under its mark; ``share`` is how far to the right the mark is, 0 to 1."""
    loss = run.lowest or 0.0
    return {
        "x": x,
        "y": math.log10(loss) if log else loss,
        "text": f"<b>{word}: {short(run.learning_rate)}</b>",
        "font": {"color": ACCENT, "size": 13},
        "showarrow": False,
        "xanchor": "left" if share < 0.2 else "right" if share > 0.8 else "center",
        "yanchor": "top",
        "yshift": -8,
        "bgcolor": "rgba(255,255,255,0.8)",
        "borderpad": 1,
    }


def rate_points(runs: Sequence[RunLine], shades: dict[int, str]) -> Trace:
    """The lowest loss of each of ``runs``, joined by a quiet line."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "lowest validation loss",
        "x": [run.learning_rate for run in runs],
        "y": [run.lowest for run in runs],
        "cliponaxis": False,
        "line": {"color": LIGHT, "width": 1.5},
        "marker": {
            "size": 9,
            "color": [shades[run.run] for run in runs],
            "line": {"color": "#ffffff", "width": 1},
        },
        "hoverinfo": "text",
        "hovertext": [_reached(run) for run in runs],
    }


def rate_crosses(runs: Sequence[RunLine]) -> Trace:
    """A cross at the top edge for each of ``runs``, which diverged."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "diverged",
        "x": [run.learning_rate for run in runs],
        "y": [1 for _ in runs],
        "yaxis": "y2",
        "cliponaxis": False,
        "marker": _cross(INK),
        "hoverinfo": "text",
        "hovertext": [_fate(run) for run in runs],
    }


def best_rate(run: RunLine) -> Trace:
    """The chosen run among the learning rates."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "best",
        "x": [run.learning_rate],
        "y": [run.lowest],
        "cliponaxis": False,
        "marker": {"size": 14, "color": ACCENT, "line": {"color": "#ffffff", "width": 2}},
        "hoverinfo": "text",
        "hovertext": [_reached(run)],
    }


def points(truth: Sequence[float], prediction: Sequence[float]) -> Trace:
    """One mark for each row; the more rows, the smaller and fainter."""
    many = len(truth)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "test rows",
        "x": list(truth),
        "y": [value if math.isfinite(value) else None for value in prediction],
        "marker": {
            "size": 8 if many <= 300 else 6 if many <= 1500 else 4,
            "color": SHARES[-2],
            "opacity": 0.7 if many <= 300 else 0.45 if many <= 1500 else 0.25,
        },
        "hovertemplate": "true %{x:,.5~r}<br>predicted %{y:,.5~r}<extra></extra>",
    }


def exact(ends: Sequence[float]) -> Trace:
    """The line on which a prediction is exact."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "exact",
        "x": list(ends),
        "y": list(ends),
        "line": {"color": ACCENT, "width": 1.5},
        "hoverinfo": "skip",
    }


def cells(counts: Sequence[Sequence[int]], names: Sequence[str]) -> Trace:
    """The confusion matrix: counts, coloured by their share of the row."""
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    labels = [
        [_cell(count, share, len(names)) for count, share in zip(row, row_shares, strict=True)]
        for row, row_shares in zip(counts, shares, strict=True)
    ]
    hover = [
        [_verdict(names[t], names[p], counts[t][p], shares[t][p]) for p in range(len(names))] for t in range(len(names))
    ]
    return {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(names))),
        "z": shares,
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[step / (len(SHARES) - 1), colour] for step, colour in enumerate(SHARES)],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": labels,
        "texttemplate": "%{text}" if len(names) <= _MOST_LABELLED else "",
        "textfont": {"size": 15 if len(names) <= 4 else 12 if len(names) <= 12 else 10},
        "hoverinfo": "text",
        "hovertext": hover,
    }


def colours(report: Report) -> dict[int, str]:
    """The colour of each run by its learning rate, on a logarithmic scale."""
    if not report.runs:
        return {}
    logs = {run.run: math.log10(run.learning_rate) for run in report.runs}
    low, high = min(logs.values()), max(logs.values())
    return {run: _shade((log - low) / (high - low) if high > low else 0.5) for run, log in logs.items()}


def _shade(share: float) -> str:
    """The colour at ``share`` of the way along the learning rates' scale."""
    place = share * (len(RATES) - 1)
    left = min(int(place), len(RATES) - 2)
    ends = [[int(RATES[end][i : i + 2], 16) for i in (1, 3, 5)] for end in (left, left + 1)]
    mixed = [round(a + (place - left) * (b - a)) for a, b in zip(*ends, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _cross(colour: str) -> dict[str, Any]:
    return {"symbol": "x-thin", "size": 9, "color": colour, "line": {"color": colour, "width": 2.5}}


def _fate(run: RunLine) -> str:
    """What became of a run that diverged."""
    before = "" if run.lowest is None else f"<br>lowest loss before {short(run.lowest)}"
    return (
        f"learning rate <b>{short(run.learning_rate)}</b><br>diverged in epoch {run.epochs:,}{before}"
        f"<br>{plain(run.message)}"
    )


def _reached(run: RunLine) -> str:
    """What a run reached."""
    return (
        f"learning rate <b>{short(run.learning_rate)}</b><br>lowest validation loss {short(run.lowest)}"
        f"<br>epoch {run.best_epoch:,} of {run.epochs:,}<br>{plain(run.message)}"
    )


def _cell(count: int, share: float, classes: int) -> str:
    if classes > MANY_CLASSES:
        return f"{count:,}" if count else ""
    return f"{count:,}<br>{share:.0%}"


def _verdict(true: str, predicted: str, count: int, share: float) -> str:
    names = f"true <b>{plain(true)}</b><br>predicted <b>{plain(predicted)}</b>"
    return f"{names}<br>{plural(count, 'row')}, {share:.1%} of the true class"
