"""The marks on a comparison's figures, as plain data that plotly takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fallline.render._captions import plural
from fallline.render._comparison_curves import Course
from fallline.render._comparison_fields import spelled
from fallline.render._comparison_grid import Box, Grid, Row
from fallline.render._marks import clipped
from fallline.render._theme import ACCENT, LIGHT, MUTED, RULE, SHARES, plain
from fallline.render.comparison import Comparison, Curve, Place, Tolerance
from fallline.render.names import metric_name
from fallline.render.number import aligned, short

__all__ = [
    "PALETTE",
    "best_of_row",
    "blank",
    "courses",
    "crosses",
    "outline",
    "place_dots",
    "strip",
    "underline",
    "value_axis",
]

Trace = dict[str, Any]
PALETTE = (ACCENT, "#2b7bba", "#2f9e44", "#8a4fbf", "#b07d00", "#0b8f8f", "#c2255c", "#5b6776")
"""One colour an optimizer, the best first; more optimizers than colours begin again."""
_SCALE = SHARES[1:]
_TOP, _FLOOR, _LINE = 0.36, 0.30, 0.41
"""How far above and below its middle a cell of the heat map reaches, and where the line under its row is."""


def strip(row: Row, at: int, comparison: Comparison) -> Trace:
    """The cells of an optimizer that have a value, or a grey that says that they have none."""
    edges, values, hover = _laid(row, comparison)
    return {
        **_cells(row, at, edges),
        "z": [values],
        "coloraxis": "coloraxis",
        "hoverinfo": "text",
        "hovertext": [hover],
    }


def blank(row: Row, at: int, comparison: Comparison) -> Trace:
    """The cells of an optimizer that have no value."""
    edges, values, hover = _laid(row, comparison)
    empty = [0 if value is None and text else None for value, text in zip(values, hover, strict=True)]
    return {
        **_cells(row, at, edges),
        "z": [empty],
        "colorscale": [[0, RULE], [1, RULE]],
        "showscale": False,
        "hoverinfo": "text",
        "hovertext": [hover],
    }


def crosses(grid: Grid) -> Trace:
    """What stands on cells in which runs diverged: a cross for all of them, a stroke for some."""
    found = [(at, box) for at, row in enumerate(grid.rows) for box in row.boxes if box.cell.diverged > 0]
    colours = ["#ffffff" if (box.share or 0) > 0.6 else MUTED for _, box in found]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "diverged",
        "x": [box.cell.learning_rate for _, box in found],
        "y": [at + (_FLOOR - _TOP) / 2 for at, _ in found],
        "marker": {
            "symbol": ["x-thin" if box.lost else "line-ne" for _, box in found],
            "size": [9 if box.lost else 7 for _, box in found],
            "color": colours,
            "line": {"color": colours, "width": 1.5},
        },
        "hoverinfo": "skip",
    }


def outline(box: Box) -> Trace:
    """A frame around the best cell, which is in the first row."""
    left, right = 10.0**box.left, 10.0**box.right
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best",
        "x": [left, right, right, left, left],
        "y": [-_TOP, -_TOP, _FLOOR, _FLOOR, -_TOP],
        "cliponaxis": False,
        "line": {"color": ACCENT, "width": 3},
        "hoverinfo": "skip",
    }


def underline(tolerance: Tolerance, at: int) -> list[Trace]:
    """A line under the rates that an optimizer tolerates, with a dot at the rate of its lowest loss."""
    if tolerance.rates is None:
        return []
    low, high = tolerance.rates
    hover = f"<b>{plain(tolerance.optimizer)}</b>, within 1.1 × its lowest validation loss:<br>"
    hover += f"learning rates {short(low)} to {short(high)}"
    if tolerance.decades is not None:
        hover += f" ({short(tolerance.decades, 2)} decades)"
    look = {"type": "scatter", "cliponaxis": False, "hoverinfo": "text", "name": "tolerated"}
    line = {**look, "mode": "lines", "x": [low, high], "y": [at + _LINE] * 2, "line": {"color": MUTED, "width": 2}}
    rate = tolerance.best_rate
    x = [low, high] if rate is None else [low, rate, high]
    sizes = [5] * len(x) if rate is None else [1, 8, 1]
    dots = {**look, "mode": "markers", "x": x, "y": [at + _LINE] * len(x), "marker": {"size": sizes, "color": MUTED}}
    return [{**line, "hoverinfo": "skip"}, {**dots, "hovertext": [hover] * len(x)}]


def best_of_row(row: Row, at: int, text: str) -> Trace:
    """The best value of a row, to its right."""
    return {
        "name": "row",
        "text": f"<b>{text}</b>" if at == 0 and row.best is not None else text,
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 8,
        "y": at + (_FLOOR - _TOP) / 2,
        "yref": "y",
        "yanchor": "middle",
        "font": {"size": 12, "color": ACCENT if at == 0 and row.best is not None else MUTED},
        "showarrow": False,
    }


def value_axis(grid: Grid, comparison: Comparison) -> Trace:
    """The colour axis of the metric: strong where it is good, with a bar that is drawn above the plot."""
    good, bad = grid.good or 0.0, grid.bad or 0.0
    low, high = sorted((good, bad))
    if low == high:
        low, high = low - abs(low or 1) / 2, high + abs(high or 1) / 2
    colours = _SCALE if comparison.higher else _SCALE[::-1]
    edge = ("≤ " if comparison.higher else "≥ ") if grid.cut else ""
    texts = aligned([bad, good])
    bar = {
        "orientation": "h",
        "thickness": 10,
        "outlinewidth": 0,
        "len": 0.6,
        "x": 1,
        "xanchor": "right",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 6,
        "tickvals": [good] if good == bad else [bad, good],
        "ticktext": [f"best {texts[1]}"] if good == bad else [f"{edge}{texts[0]}", f"best {texts[1]}"],
        "tickangle": 0,
        "tickfont": {"size": 12, "color": MUTED},
    }
    scale = [[step / (len(colours) - 1), colour] for step, colour in enumerate(colours)]
    return {"colorscale": scale, "cmin": low, "cmax": high, "colorbar": bar}


def place_dots(places: Sequence[Place], *, muted: bool) -> Trace:
    """The means of places with their intervals; in the accent colour those level with the best."""
    colour = LIGHT if muted else ACCENT
    means = [place.mean or 0.0 for place in places]
    above = [(mean if place.high is None else place.high) - mean for place, mean in zip(places, means, strict=True)]
    below = [mean - (mean if place.low is None else place.low) for place, mean in zip(places, means, strict=True)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "worse" if muted else "not distinguishable from the best",
        "x": means,
        "y": [place.rank for place in places],
        "cliponaxis": False,
        "marker": {"size": 9, "color": MUTED if muted else ACCENT},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [max(length, 0.0) for length in above],
            "arrayminus": [max(length, 0.0) for length in below],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "hoverinfo": "text",
        "hovertext": [_described(place) for place in places],
    }


def courses(curve: Curve, course: Course, *, colour: str, axis: str, name: str) -> list[Trace]:
    """An optimizer's curves: each seed thin, their mean thick, and dashed from where some have stopped on."""
    look: Trace = {"type": "scatter", "legendgroup": plain(curve.optimizer), "showlegend": False}
    look |= {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    hover = f"<b>{plain(clipped(curve.label, 60))}</b><br>epoch %{{x}}<br>validation loss %{{y:.4~g}}"
    traces = []
    if len(curve.seeds) > 1:
        opacity = 0.35 if len(curve.seeds) <= 10 else 0.18
        x, y = _joined(curve.seeds)
        thin = {"color": colour, "width": 1}
        traces.append({**look, "mode": "lines", "x": x, "y": y, "line": thin, "opacity": opacity, "hoverinfo": "skip"})
    epochs = range(1, len(course.mean) + 1)
    mean = [loss if math.isfinite(loss) else None for loss in course.mean]
    if course.whole < len(mean):
        start = max(course.whole - 1, 0)
        traces.append(
            {
                **look,
                "mode": "lines",
                "name": plain(name),
                "x": list(epochs[start:]),
                "y": mean[start:],
                "line": {"color": colour, "width": 2, "dash": "4px,3px"},
                "hovertemplate": hover + "<br>some seeds have stopped<extra></extra>",
            }
        )
    whole = {
        **look,
        "mode": "lines" if course.whole > 1 else "lines+markers",
        "name": plain(name),
        "showlegend": True,
        "x": list(epochs[: course.whole]) or [None],
        "y": mean[: course.whole] or [None],
        "line": {"color": colour, "width": 3},
        "hovertemplate": hover + "<extra></extra>",
    }
    return [*traces, whole]


def _cells(row: Row, at: int, edges: Sequence[float]) -> Trace:
    return {
        "type": "heatmap",
        "name": plain(row.optimizer),
        "x": [10.0**edge for edge in edges],
        "y": [at - _TOP, at + _FLOOR],
        "hoverongaps": False,
        "xgap": 1,
    }


def _laid(row: Row, comparison: Comparison) -> tuple[list[float], list[float | None], list[str]]:
    """The edges of a row's cells, and between them values and hover texts; an empty text is a gap in the row."""
    edges, values, texts = [row.boxes[0].left], [], []
    for box in row.boxes:
        if box.left > edges[-1] + 1e-9:
            edges, values, texts = [*edges, box.left], [*values, None], [*texts, ""]
        edges.append(box.right)
        values.append(None if box.share is None else box.cell.value)
        texts.append(_told(box, comparison))
    return edges, values, texts


def _told(box: Box, comparison: Comparison) -> str:
    """What a cell holds."""
    cell = box.cell
    said = [f"<b>{plain(cell.optimizer)}</b> at learning rate <b>{short(cell.learning_rate)}</b>"]
    metric = plain(metric_name(comparison.metric))
    said.append(f"no {metric}" if box.share is None else f"{metric} <b>{short(cell.value)}</b>")
    if box.lost:
        said.append("all runs diverged")
    elif cell.diverged > 0:
        said.append(f"{cell.diverged:.0%} of the runs diverged" if cell.diverged >= 0.01 else "a few runs diverged")
    return "<br>".join(said)


def _described(place: Place) -> str:
    """All that is known of a place."""
    said = [f"<b>{place.rank:,}.</b> " + plain(clipped(place.fields[0][1], 40) if place.fields else "")]
    said += [f"{plain(spelled(name))} {plain(clipped(text, 40))}" for name, text in place.fields[1:]]
    said.append(f"<b>{short(place.mean)}</b>")
    if place.low is not None and place.high is not None:
        said[-1] += f", 95 % interval {short(place.low)} to {short(place.high)}"
    said.append(plural(place.seeds, "seed"))
    if place.rank > 1 and place.distinguishable is not None:
        said.append("worse than the best" if place.distinguishable else "not distinguishable from the best")
    return "<br>".join(said)


def _joined(seeds: Sequence[Sequence[float]]) -> tuple[list[int | None], list[float | None]]:
    """All seeds as one line with gaps between them."""
    x: list[int | None] = []
    y: list[float | None] = []
    for losses in seeds:
        x += [*range(1, len(losses) + 1), None]
        y += [*(loss if math.isfinite(loss) else None for loss in losses), None]
    return x, y
