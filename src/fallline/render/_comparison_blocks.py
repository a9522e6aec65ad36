"""Rows of blocks: the heat map and learning curves in characters, ASCII where a terminal knows no other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from fallline.render._comparison_grid import Box, Grid, Row
from fallline.render._theme import ACCENT, HUES, decades

__all__ = ["CALM", "heat_axis", "heat_row", "spark"]

_HEIGHTS = {False: "▁▂▃▄▅▆▇█", True: "12345678"}
"""The better, the higher; ASCII: the better, the larger."""
_LOST, _UNKNOWN = {False: "×", True: "x"}, "?"
_SHADES = ("#8fb0d2", "#7ea3ca", "#6d97c3", "#5f8cbb", "#5081b3", "#4377ab", "#3a6fa5", HUES[1])
_FAINT = "bright_black"
CALM = _SHADES[3]
"""The colour of learning curves, on a light terminal and on a dark one."""


def heat_row(row: Row, grid: Grid, width: int, *, plain: bool) -> Text:
    """An optimizer's cells, ``width`` characters across; where several fall on one character, the best of them."""
    boxes = [_box_at(row, *_span(grid, at, width)) for at in range(width)]
    looks = [_look(box, best=box is not None and box is grid.best, plain=plain) for box in boxes]
    text = Text()
    for style, run in groupby(looks, key=lambda look: look[1]):
        text.append("".join(character for character, _ in run), style)
    return text


def heat_axis(grid: Grid, width: int, *, plain: bool) -> list[Text]:
    """The axis under the rows: a line with ticks, and their learning rates."""
    low, high = grid.low, grid.high
    rule, numbers = ["-" if plain else "─"] * width, [" "] * width
    end = 0
    if not grid.rates:
        return []
    for place, text in zip(*decades(grid.rates, max(width // 10, 2)), strict=True):
        column = min(int((math.log10(place) - low) / (high - low) * width), width - 1)
        rule[column] = "+" if plain else "┬"
        start = min(max(column - len(text) // 2, 0), max(width - len(text), 0))
        if start >= end:
            numbers[start : start + len(text)] = text
            end = start + len(text) + 1
    return [Text("".join(rule), _FAINT), Text("".join(numbers)[:width].rstrip(), _FAINT)]


def spark(losses: Sequence[float], low: float, high: float, width: int, *, log: bool, plain: bool) -> str:
    """Losses as a row of blocks, the higher the larger, at most ``width`` of them: each the mean of its epochs."""
    count = min(width, len(losses))
    parts = [losses[at * len(losses) // count : (at + 1) * len(losses) // count] for at in range(count)]
    return "".join(_height(part, low, high, log=log, plain=plain) for part in parts)


def _height(losses: Sequence[float], low: float, high: float, *, log: bool, plain: bool) -> str:
    finite = [loss for loss in losses if math.isfinite(loss)]
    if not finite:
        return _LOST[plain]
    loss = math.fsum(finite) / len(finite)
    if log:
        loss, low, high = math.log(max(loss, low)), math.log(low), math.log(high)
    share = (loss - low) / (high - low) if high > low else 0.0
    return _HEIGHTS[plain][_step(share)]


def _step(share: float) -> int:
    return min(max(round(share * 7), 0), 7)


def _span(grid: Grid, at: int, width: int) -> tuple[float, float]:
    """The powers of ten that a character stands for."""
    wide = (grid.high - grid.low) / width
    return grid.low + at * wide, grid.low + (at + 1) * wide


def _box_at(row: Row, left: float, right: float) -> Box | None:
    """The best of the cells whose rates lie on a character; where none does, the cell that it is in."""
    inside = [box for box in row.boxes if left <= box.middle < right]
    if inside:
        return max(inside, key=lambda box: (box is row.best, -1.0 if box.share is None else box.share))
    middle = (left + right) / 2
    return next((box for box in row.boxes if box.left <= middle < box.right), None)


def _look(box: Box | None, *, best: bool, plain: bool) -> tuple[str, str]:
    """A cell's character and its style."""
    if box is None:
        return " ", ""
    if box.share is None or box.lost:
        return (_LOST[plain] if box.cell.diverged > 0 else _UNKNOWN), _FAINT
    step = _step(box.share)
    return _HEIGHTS[plain][step], f"bold {ACCENT}" if best else _SHADES[step]
