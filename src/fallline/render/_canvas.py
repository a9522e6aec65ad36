"""Characters that lines are drawn on: eight braille dots to a character, or one where there is only ASCII."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Canvas", "Pattern", "Point"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of a braille character's dot, by row and column."""
_REACH = 8.0
"""So many canvases away a line is cut before it is drawn."""

Point = tuple[float, float]
Dot = tuple[int, int]
Pattern = tuple[int, int]


class Canvas:
    """A grid of ``width`` by ``height`` characters.

    Args:
        width: Characters across.
        height: Characters down.
        plain: Draw with ASCII characters, one a character, instead of eight dots.
    """

    def __init__(self, width: int, height: int, *, plain: bool) -> None:
        self._plain = plain
        self._across, self._down = (1, 1) if plain else (2, 4)
        self.width, self.height = width, height
        self._dots: list[list[int]] = [[0] * width for _ in range(height)]
        self._owner: list[list[int]] = [[-1] * width for _ in range(height)]

    @property
    def dots(self) -> tuple[int, int]:
        """Dots across and down."""
        return self.width * self._across, self.height * self._down

    def line(self, points: Sequence[Point], *, owner: int, pattern: Pattern) -> None:
        """Draw a line through ``points``, in dots from the top left, over what is there.

        Args:
            points: At least one.
            owner: Whose line it is: what `cell` answers for the characters that it passes through.
            pattern: So many dots are drawn, so many left out.
        """
        drawn, period = pattern[0], sum(pattern)
        for at, (column, row) in enumerate(_without_corners(self._passed(points))):
            if at % period < drawn:
                self._set(column, row, owner)

    def cell(self, row: int, column: int) -> tuple[str, int]:
        """The character at a place and its owner; a blank one has none (-1)."""
        dots, owner = self._dots[row][column], self._owner[row][column]
        if not dots:
            return " ", -1
        return ("" if self._plain else chr(0x2800 + dots)), owner

    def _passed(self, points: Sequence[Point]) -> list[Dot]:
        """The dots that a line passes, in order, without those far outside."""
        dots: list[Dot] = []
        for start, end in zip(points, points[1:] or points, strict=False):
            if (cut := _cut(start, end, self.dots)) is None:
                continue
            (x0, y0), (x1, y1) = cut
            steps = max(round(max(abs(x1 - x0), abs(y1 - y0))), 1)
            for step in range(steps + 1):
                dot = (round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps))
                if not dots or dots[-1] != dot:
                    dots.append(dot)
        return dots

    def _set(self, column: int, row: int, owner: int) -> None:
        across, down = self.dots
        if not (0 <= column < across and 0 <= row < down):
            return
        cell_row, cell_column = row // self._down, column // self._across
        bit = 1 if self._plain else _DOTS[row % 4][column % 2]
        self._dots[cell_row][cell_column] |= bit
        self._owner[cell_row][cell_column] = owner


def _without_corners(dots: list[Dot]) -> list[Dot]:
    """The dots without those between two that touch already: a line through many points has such steps."""
    kept: list[Dot] = []
    for place, dot in enumerate(dots):
        after = dots[place + 1] if place + 1 < len(dots) else None
        if kept and after and abs(kept[-1][0] - after[0]) == 1 and abs(kept[-1][1] - after[1]) == 1:
            continue
        kept.append(dot)
    return kept


def _cut(start: Point, end: Point, size: tuple[int, int]) -> tuple[Point, Point] | None:
    """The part of a line that is within reach of the canvas (Liang and Barsky, 1984), or None."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        low, high = -_REACH, size[axis] + _REACH
        way = end[axis] - start[axis]
        if way == 0:
            if not low <= start[axis] <= high:
                return None
            continue
        enter, leave = sorted(((low - start[axis]) / way, (high - start[axis]) / way))
        first, last = max(first, enter), min(last, leave)
    if first > last:
        return None
    return _at(start, end, first), _at(start, end, last)


def _at(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
