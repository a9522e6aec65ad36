"""Points on a curve, and what part of it to show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from fallline.render.picture import Line

__all__ = ["curve_and_slope", "even", "window", "without_jumps"]

_POINTS = 480
_JUMP = 0.04
"""A curve that changes by more than this share of the window from one point to the next has a gap there."""


def even(low: float, high: float, points: int = _POINTS) -> list[float]:
    """Points at equal distances, in the middle of ``points`` equal parts: kinks at round numbers lie between two."""
    return [low + (high - low) * (place + 0.5) / points for place in range(points)]


def curve_and_slope(
    function: Callable[[Tensor], Tensor], x: Sequence[float], *, names: tuple[str, str], hue: int = 0
) -> tuple[Line, Line]:
    """The line of a scalar function and that of its derivative, by autograd in float64.

    Args:
        function: From a number ``()`` to a number ``()``.
        x: Where.
        names: What the two lines show.
        hue: Their colour.
    """
    values, slopes = [], []
    for place in x:
        at = torch.tensor(place, dtype=torch.float64, requires_grad=True)
        value = function(at)
        (slope,) = torch.autograd.grad(value, at)
        values.append(value.item())
        slopes.append(slope.item())
    across = tuple(x)
    return Line(names[0], across, tuple(values), hue), Line(names[1], across, tuple(slopes), hue, stroke="dashed")


def window(lines: Sequence[Line], *, highest: float = math.inf) -> tuple[float, float, float, float]:
    """What holds all lines, with a little air above and below; no higher than ``highest``."""
    across = [x for line in lines for x in line.x]
    up = [min(max(y, -highest), highest) for line in lines for y in line.y if math.isfinite(y)]
    low, high = min(up), max(up)
    air = 0.05 * (high - low or 1)
    step = (lines[0].x[1] - lines[0].x[0]) / 2
    return round(min(across) - step, 9), round(max(across) + step, 9), low - air, high + air


def without_jumps(line: Line, shown: tuple[float, float, float, float]) -> Line:
    """The line with a gap where it jumps, as a slope does at a kink."""
    size = _JUMP * (shown[3] - shown[2])
    y = [
        math.nan if abs(after - here) > size and shown[2] < here < shown[3] and _stands_out(line.y, place) else here
        for place, (here, after) in enumerate(zip(line.y, line.y[1:], strict=False))
    ]
    return Line(line.name, line.x, (*y, line.y[-1]), line.hue, line.stroke)


def _stands_out(y: tuple[float, ...], place: int) -> bool:
    """Whether the change after a point is far larger than those around it."""
    here = abs(y[place + 1] - y[place])
    around = [abs(y[near + 1] - y[near]) for near in (place - 1, place + 1) if 0 <= near < len(y) - 1]
    return all(here > 4 * other for other in around)
