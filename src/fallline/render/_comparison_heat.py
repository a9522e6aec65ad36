"""The marks on the heat map of a comparison, as plain data that plotly takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fallline.render._comparison_fields import decades_text
from fallline.render._comparison_grid import Box, Grid, Row
from fallline.render._theme import ACCENT, MUTED, RULE, SHARES, plain
from fallline.render.comparison import Comparison, Tolerance
from fallline.render.names import metric_name
from fallline.render.number import aligned, short

__all__ = ["best_of_row", "blank", "crosses", "outline", "strip", "underline", "value_axis"]

Trace = dict[str, Any]
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
        hover += f" ({decades_text(short(tolerance.decades, 2))})"
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
        room = abs(good or 1) / 2
        low, high = (low - room, high) if comparison.higher else (low, high + room)
    colours = _SCALE if comparison.higher else _SCALE[::-1]
    edge = ("≤ " if comparison.higher else "≥ ") if grid.cut else ""
    texts = aligned([bad, good])
    first = f"best {texts[1]}" if grid.best is not None and grid.best.cell.value == good else texts[1]
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
        "ticktext": [first] if good == bad else [f"{edge}{texts[0]}", first],
        "tickangle": 0,
        "tickfont": {"size": 12, "color": MUTED},
    }
    scale = [[step / (len(colours) - 1), colour] for step, colour in enumerate(colours)]
    return {"colorscale": scale, "cmin": low, "cmax": high, "colorbar": bar}


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
