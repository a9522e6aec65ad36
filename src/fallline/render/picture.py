"""What a small line drawing shows, as plain data: drawn in the terminal, as SVG and as a figure alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Line", "Mark", "Picture", "Stroke"]

Stroke = Literal["solid", "dashed"]


@dataclass(frozen=True)
class Line:
    """A line through points.

    Args:
        name: What it shows ("loss"); "" for one that the caption explains.
        x: Where its points are across.
        y: Where they are up; a number that is not finite leaves a gap.
        hue: Which colour of the palette it has, from 0; lines that belong together share one.
        stroke: Solid, or dashed for what is derived from a solid line, as its slope.
        steps: Whether each point is something that happened, and is to be seen (the steps of an optimizer).
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    hue: int = 0
    stroke: Stroke = "solid"
    steps: bool = False

    def points(self) -> list[list[tuple[float, float]]]:
        """Its points, in one list for each part without a gap."""
        parts: list[list[tuple[float, float]]] = [[]]
        for x, y in zip(self.x, self.y, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                parts[-1].append((x, y))
            elif parts[-1]:
                parts.append([])
        return [part for part in parts if part]


@dataclass(frozen=True)
class Mark:
    """A named point."""

    name: str
    x: float
    y: float
    shape: Literal["ring", "dot", "cross"] = "dot"
    hue: int = 0


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A line drawing.

    Args:
        title: What is seen.
        caption: How to read it: a sentence or two.
        across: What the horizontal axis measures; the lines' names say what the vertical one does.
        window: What is shown: left, right, bottom, top. Lines may leave it.
        lines: The lines, the most important first.
        marks: Named points.
        contours: Faint closed lines of equal height, behind the others.
        log: Whether the vertical axis is logarithmic.
    """

    title: str
    caption: str
    across: str
    window: tuple[float, float, float, float]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    contours: tuple[Line, ...] = ()
    log: bool = False

    def scaled(self, width: float, height: float) -> Callable[[float, float], tuple[float, float]]:
        """A function from a point to its place on paper: 0 … ``width`` to the right, 0 … ``height`` down."""
        left, right, bottom, top = self.window
        low, high = (math.log10(bottom), math.log10(top)) if self.log else (bottom, top)

        def place(x: float, y: float) -> tuple[float, float]:
            if self.log:
                y = math.log10(y) if y > 0 else low - 9 * (high - low)
            return (x - left) / (right - left) * width, (high - y) / (high - low) * height

        return place
