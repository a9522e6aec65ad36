"""Text of several lines with a base line, set side by side and over one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

__all__ = ["Box", "beside", "fenced", "stacked"]

_TALL = {
    "(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "⌊": "⎢⎢⎣", "⌋": "⎥⎥⎦", "⌈": "⎡⎢⎢", "⌉": "⎤⎥⎥",
}  # fmt: skip
"""Brackets over several lines: top, between, bottom."""
_BRACES = {"{": "⎧⎪⎨⎩", "}": "⎫⎪⎬⎭"}


@dataclass(frozen=True)
class Box:
    """Lines of text.

    Args:
        lines: At least one; they need not be equally long.
        base: Which of them stands on the line of its neighbours.
    """

    lines: tuple[str, ...]
    base: int = 0

    @property
    def width(self) -> int:
        """Characters across."""
        return max(map(cell_len, self.lines))

    def padded(self, width: int | None = None, *, centred: bool = False) -> Box:
        """The same with lines that are equally long."""
        room = [(self.width if width is None else width) - cell_len(line) for line in self.lines]
        left = [free // 2 if centred else 0 for free in room]
        lines = (
            " " * before + line + " " * (free - before)
            for line, free, before in zip(self.lines, room, left, strict=True)
        )
        return Box(tuple(lines), self.base)


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes side by side on one base line.

    Example:
        >>> beside([Box(("a",)), Box(("1", "-", "2"), 1)]).lines
        (' 1', 'a-', ' 2')
    """
    above = max((box.base for box in boxes), default=0)
    below = max((len(box.lines) - box.base for box in boxes), default=1)
    lines = [""] * (above + below)
    for box in boxes:
        padded, top = box.padded(), above - box.base
        for row in range(above + below):
            inside = 0 <= row - top < len(box.lines)
            lines[row] += padded.lines[row - top] if inside else " " * box.width
    return Box(tuple(lines), above)


def stacked(boxes: Sequence[Box], *, base: int) -> Box:
    """Boxes of one line over one another, each in the middle; box number ``base`` is the base line."""
    width = max(box.width for box in boxes)
    return Box(tuple(line for box in boxes for line in box.padded(width, centred=True).lines), base)


def fenced(left: str, box: Box, right: str) -> Box:
    """A box between brackets as high as it is."""
    return beside([_bracket(left, box), box, _bracket(right, box)])


def _bracket(mark: str, box: Box) -> Box:
    height = len(box.lines)
    if height == 1 or not mark:
        return Box((mark,))
    if mark in _BRACES:
        top, between, middle, bottom = _BRACES[mark]
        lines = [top, *between * (height - 2), bottom]
        lines[box.base] = middle
        return Box(tuple(f"{line} " if mark == "{" else line for line in lines), box.base)
    top, between, bottom = _TALL.get(mark, mark * 3)
    return Box((top, *between * (height - 2), bottom), box.base)
