"""A small drawing of the heat map, as SVG in itself."""

from __future__ import annotations

import math

from fallline.render._comparison_fields import tail
from fallline.render._comparison_grid import Box, Grid, Row
from fallline.render._parts import escaped
from fallline.render._theme import ACCENT, HUES, decades
from fallline.render.comparison import Comparison
from fallline.render.names import metric_name
from fallline.render.number import short

__all__ = ["heat_drawing"]

_LEFT, _ACROSS, _RIGHT = 96, 380, 64
_ROW, _TALL = 22, 18
_QUIET = 'font-size="12" fill="currentColor" fill-opacity=".75"'


def heat_drawing(comparison: Comparison, grid: Grid) -> str:
    """The metric by optimizer and learning rate; nothing where no cell has a value.

    Words take the colour of the text around them; the better a cell, the stronger its colour, on a light page and
    on a dark one. Crosses are cells in which all runs diverged.
    """
    best = grid.best
    if best is None:
        return ""
    height, width = _ROW * len(grid.rows) + 34, _LEFT + _ACROSS + _RIGHT
    rows = "".join(_row(row, at, grid) for at, row in enumerate(grid.rows))
    title = (
        f"{metric_name(comparison.metric)} by optimizer and learning rate: best with {best.cell.optimizer} at "
        f"{short(best.cell.learning_rate)}, {short(best.cell.value)}"
    )
    return (
        f'<svg width="{width}" height="{height}" role="img" viewBox="0 0 {width} {height}" '
        f'style="max-width:100%;height:auto;font-family:inherit"><title>{escaped(title)}</title>{rows}'
        f"{_frame(best, grid)}{_axis(grid)}</svg>"
    )


def _x(place: float, grid: Grid) -> float:
    """Where a power of ten stands."""
    return _LEFT + _ACROSS * (place - grid.low) / (grid.high - grid.low)


def _row(row: Row, at: int, grid: Grid) -> str:
    top = _ROW * at
    cells = "".join(_cell(box, top + 2, grid) for box in row.boxes)
    value = short(row.best.cell.value) if row.best else "-"
    value = f"<tspan font-weight='bold'>{value}</tspan>" if at == 0 else value
    return (
        f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end" {_QUIET}>{escaped(tail(row.optimizer, 14))}</text>'
        f'{cells}<text x="{_LEFT + _ACROSS + 8}" y="{top + 15}" {_QUIET}>{value}</text>'
    )


def _cell(box: Box, top: int, grid: Grid) -> str:
    left, right = _x(box.left, grid), _x(box.right, grid)
    cross = ""
    if box.lost:
        x, y = (left + right) / 2, top + _TALL / 2
        look = 'stroke="currentColor" stroke-opacity=".6" stroke-width="1.3"'
        cross = f'<path d="M{x - 3:.1f},{y - 3:.1f}l6,6m0,-6l-6,6" {look}/>'
    wide = max(right - left - 1, 0.5)
    fill = 'fill="currentColor" fill-opacity=".08"'
    if box.share is not None:
        fill = f'fill="{HUES[1]}" fill-opacity="{0.12 + 0.88 * box.share:.2f}"'
    return f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{_TALL}" {fill}/>{cross}'


def _frame(box: Box, grid: Grid) -> str:
    left, right = _x(box.left, grid), _x(box.right, grid)
    wide = max(right - left - 1, 0.5)
    look = f'fill="none" stroke="{ACCENT}" stroke-width="2.5"'
    return f'<rect x="{left:.1f}" y="2" width="{wide:.1f}" height="{_TALL}" {look}/>'


def _axis(grid: Grid) -> str:
    y = _ROW * len(grid.rows) + 14
    parts = []
    for place, text in zip(*decades(grid.rates, 5), strict=True):
        x = _x(math.log10(place), grid)
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle" {_QUIET}>{text}</text>')
    middle = _LEFT + _ACROSS / 2
    parts.append(f'<text x="{middle:.0f}" y="{y + 16}" text-anchor="middle" {_QUIET}>learning rate</text>')
    return "".join(parts)
