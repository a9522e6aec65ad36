"""The figures of a comparison: pure functions from a `Comparison` to plotly figures."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from fallline.render import _comparison_heat as _heat
from fallline.render import _comparison_traces as _traces
from fallline.render import _comparison_words, _theme
from fallline.render._comparison_curves import Course, course_of, window_of
from fallline.render._comparison_fields import fields_of, tail
from fallline.render._comparison_grid import Grid, grid_of
from fallline.render._marks import clipped
from fallline.render._theme import plain
from fallline.render._window import Window, padded
from fallline.render.comparison import Comparison, Curve, Place
from fallline.render.names import metric_name
from fallline.render.number import aligned, short

__all__ = ["heat_map", "optimizer_curves", "ranking_intervals"]

_ROW = 44
"""Pixels down of an optimizer in the heat map."""
_LINE = 34
"""Pixels down of a place in the ranking."""
_PANEL = 230
"""Pixels down of each of several small figures."""


def heat_map(comparison: Comparison) -> go.Figure:
    """The metric by optimizer and learning rate.

    Each optimizer is a row of cells at the true places of its own learning rates; rows are in the order of their
    best cells. The scale ends at the best value and at the worst that is not far off all others, so that a few
    senseless ones do not take all of it.

    Args:
        comparison: The comparison; a cell without a value is grey.

    Returns:
        The figure. Cells whose runs all diverged are crossed, those where some did have a stroke; the best cell is
        outlined, and the best value of each optimizer stands to the right of its row. A line under a row spans
        the learning rates that the optimizer tolerates.
    """
    grid = grid_of(comparison)
    margin = {"l": 8, "r": 60, "t": 44 if grid.best else 20, "b": 52}
    height = margin["t"] + margin["b"] + _ROW * max(len(grid.rows), 2)
    figure = go.Figure(layout=_theme.frame(_comparison_words.of_heat(comparison, grid), height=height, margin=margin))
    _add_rows(figure, grid, comparison)
    quiet = {"showgrid": False, "showline": False, "ticks": "", "zeroline": False}
    names = [plain(tail(row.optimizer, 22)) for row in grid.rows]
    figure.update_yaxes(
        {**_theme.axis("", grows=True), **quiet, "tickvals": list(range(len(names))), "ticktext": names}
    )
    figure.update_yaxes(range=[max(len(names), 1) - 0.45, -0.5], fixedrange=True, tickfont={"size": 13})
    ends = padded(grid.low, grid.high, below=0.01, above=0.01)
    figure.update_xaxes({**_theme.rate_axis(grid.rates), "range": ends, "showgrid": False})
    if grid.rates:
        places, texts = _theme.decades(grid.rates, 5)
        figure.update_xaxes(tickvals=places, ticktext=texts)
    if grid.best is None:
        return figure if grid.rows else _says(figure, plain(_comparison_words.unscored(comparison)))
    # plotly shifts the title up by about the height of a horizontal colour bar
    figure.update_layout(coloraxis=_heat.value_axis(grid, comparison), title_pad_t=26)
    return figure


def ranking_intervals(comparison: Comparison) -> go.Figure:
    """The first 20 recipes with the 95 % intervals of their means, the best on top.

    Args:
        comparison: The comparison; places without a number are left out.

    Returns:
        The figure: in the accent colour those that are not distinguishable from the best, the others muted. Over
        each place stands what tells it from the others.
    """
    places = _comparison_words.shown_places(comparison)
    words = _comparison_words.of_ranking(comparison)
    margin = {"l": 8, "r": 16, "t": 12, "b": 52}
    height = margin["t"] + margin["b"] + _LINE * max(len(places), 3)
    figure = go.Figure(layout=_theme.frame(words, height=height, margin=margin))
    level = [place for place in places if place.rank == 1 or place.distinguishable is False]
    worse = [place for place in places if place not in level]
    for group, muted in ((worse, True), (level, False)):
        if group:
            figure.add_trace(_traces.place_dots(group, muted=muted))
    arrow = "higher" if comparison.higher else "lower"
    title = f"{plain(metric_name(comparison.metric))} on the validation rows ({arrow} is better)"
    figure.update_xaxes(_theme.axis(title, grows=True), range=_reach(places), nticks=8)
    ranks = [place.rank for place in places]
    ends = [max(ranks, default=1) + 0.4, min(ranks, default=1) - 0.8]
    quiet = {"showline": False, "ticks": "", "showticklabels": False, "tickvals": ranks, "fixedrange": True}
    figure.update_yaxes({**_theme.axis(""), **quiet, "range": ends})
    for place, label in zip(places, _labels(places), strict=True):
        figure.add_annotation(_traces.place_name(place, label))
    return figure if places else _says(figure, plain(_comparison_words.unscored(comparison)))


def optimizer_curves(comparison: Comparison) -> go.Figure:
    """Validation loss by epoch of each optimizer's best recipe: the mean over its seeds, and each of them.

    Args:
        comparison: The comparison; a loss that is not finite leaves a gap.

    Returns:
        The figure. The mean is over the runs that are still going, and dashed from where the first has stopped on.
        The loss axis is logarithmic where all losses are above zero and span a factor above 8. Where the
        optimizers' losses differ, each has a panel and an axis of its own.
    """
    curves = comparison.curves
    courses = [course_of(curve) for curve in curves]
    words = _comparison_words.of_courses(comparison)
    apart = not comparison.loss and len(curves) > 1
    across = 1 if not apart else 2 if len(curves) in (2, 4) else 3
    down = math.ceil(max(len(curves), 1) / across)
    margin = {"l": 60, "r": 24, "t": 36 if apart else 20, "b": 52}
    legend = 0 if apart else 28 * math.ceil(len(curves) / 2)
    height = _PANEL * down + 60 if apart else 440 + legend
    figure = go.Figure(layout=_theme.frame(words, height=height, margin=margin))
    windows = [window_of([curve]) for curve in curves] if apart else [window_of(curves)] * len(curves)
    for at, (curve, course) in enumerate(zip(curves, courses, strict=True)):
        axis = str(at + 1) if apart and at else ""
        colour = _traces.PALETTE[at % len(_traces.PALETTE)]
        for trace in _traces.courses(curve, course, colour=colour, axis=axis, name=_named(curve, course)):
            figure.add_trace({**trace, "showlegend": trace["showlegend"] and not apart})
        if apart:
            _set_panel(figure, axis, windows[at], place=(at % across, at // across), size=(across, down))
            figure.add_annotation(_panel_name(curve, course, axis))
    if apart:
        return figure
    window = windows[0] if windows else Window.over([])
    _set_axes(
        figure, window, name=f"validation loss ({plain(clipped(comparison.loss, 30))})", longest=_longest(courses)
    )
    figure.update_layout(showlegend=True, legend=_LEGEND)
    return figure if window.low is not None else _says(figure, "No run had a finite validation loss.")


_LEGEND: dict[str, Any] = {
    "orientation": "h",
    "x": 0,
    "y": -0.17,
    "yanchor": "top",
    "font": {"size": 13},
    "itemwidth": 30,
    "bgcolor": "rgba(0,0,0,0)",
}


def _add_rows(figure: go.Figure, grid: Grid, comparison: Comparison) -> None:
    """Draw the cells, and what is on and beside them."""
    texts = aligned([row.best.cell.value if row.best else None for row in grid.rows])
    for at, (row, text) in enumerate(zip(grid.rows, texts, strict=True)):
        if any(box.share is None for box in row.boxes):
            figure.add_trace(_heat.blank(row, at, comparison))
        if row.best is not None:
            figure.add_trace(_heat.strip(row, at, comparison))
        figure.add_annotation(_heat.best_of_row(row, at, text))
    figure.add_trace(_heat.crosses(grid))
    rows = {row.optimizer: at for at, row in enumerate(grid.rows)}
    for tolerance in comparison.tolerances:
        if tolerance.optimizer in rows:
            figure.add_traces(_heat.underline(tolerance, rows[tolerance.optimizer]))
    if grid.best is not None:
        figure.add_trace(_heat.outline(grid.best))


def _reach(places: list[Place]) -> list[float]:
    """The range that holds all means and intervals."""
    ends = [end for place in places for end in (place.mean, place.low, place.high) if end is not None]
    return padded(min(ends), max(ends), below=0.03, above=0.03) if ends else [0.0, 1.0]


def _labels(places: list[Place]) -> list[str]:
    """What is said of each place: its fields, of which those that are alike are left out."""
    return [clipped(" · ".join(text for text in row if text), 60) for row in fields_of(places).rows]


def _named(curve: Curve, course: Course) -> str:
    return f"{clipped(curve.label or curve.optimizer, 48)}: {short(course.lowest)}"


def _longest(courses: list[Course]) -> int:
    return max((len(course.mean) for course in courses), default=1)


def _set_axes(figure: go.Figure, window: Window, *, name: str, longest: int) -> None:
    ends = padded(1, longest, below=0.02, above=0.02) if longest > 1 else [0, 2]
    figure.update_xaxes(_theme.axis("epoch"), range=ends, dtick=1 if longest < 10 else None)
    figure.update_yaxes(_theme.axis(name, log=window.log, grows=True), range=window.range(), nticks=window.ticks)


def _set_panel(figure: go.Figure, axis: str, window: Window, *, place: tuple[int, int], size: tuple[int, int]) -> None:
    """Give a panel its place and its axes."""
    (column, row), (across, down) = place, size
    wide, tall = 1 / across, 1 / down
    side = [column * wide + (0.06 if column else 0), (column + 1) * wide - 0.02]
    high = [1 - (row + 1) * tall + (0.1 if row + 1 < down else 0), 1 - row * tall - (0.08 if row else 0)]
    figure.update_layout(
        {
            f"xaxis{axis}": {**_theme.axis("epoch" if row + 1 == down else ""), "domain": side, "anchor": f"y{axis}"},
            f"yaxis{axis}": {
                **_theme.axis("", log=window.log),
                "domain": high,
                "anchor": f"x{axis}",
                "range": window.range(),
                "nticks": window.ticks or 5,
            },
        }
    )


def _panel_name(curve: Curve, course: Course, axis: str) -> dict[str, Any]:
    return {
        "name": "panel",
        "text": plain(_named(curve, course)),
        "font": {"size": 13},
        "showarrow": False,
        "x": 0,
        "xref": f"x{axis} domain",
        "xanchor": "left",
        "y": 1,
        "yref": f"y{axis} domain",
        "yanchor": "bottom",
        "yshift": 4,
    }


def _says(figure: go.Figure, sentence: str) -> go.Figure:
    """Write ``sentence`` where there is nothing to draw, and no numbers beside it."""
    bare = {"showticklabels": False, "ticks": "", "showgrid": False}
    figure.update_yaxes(bare)
    figure.update_xaxes(bare)
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 15})
    return figure
