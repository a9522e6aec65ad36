"""A `Picture` drawn with characters: braille dots in a terminal, ASCII where it knows no other."""

from __future__ import annotations

import math
from itertools import groupby

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from fallline.render._canvas import Canvas, Pattern, Point
from fallline.render._marks import safe
from fallline.render._plain import plain_text
from fallline.render._theme import HUES
from fallline.render._ticks import across_ticks, tick_texts, up_ticks
from fallline.render.picture import Line, Mark, Picture

__all__ = ["Plot"]

_PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "solid": ((1, 0), (6, 3), (3, 2)),
    "dashed": ((1, 2), (1, 5), (1, 3)),
}
"""How the lines of each hue are broken up, so that they differ without colours too."""
_LETTERS = {"solid": "*o@", "dashed": ".:,"}
"""What they are drawn with where there is ASCII only."""
_CONTOUR: Pattern = (1, 3)
_SHAPES = {"ring": "○o", "dot": "●#", "cross": "✕x"}
"""The characters of a mark, braille and ASCII."""
_FAINT = "bright_black"


class Plot:
    """A picture as a rich renderable, no wider than what it is printed on.

    Args:
        picture: The picture.
        width: Characters across the drawing itself, at most: the numbers of its axis stand beside it.
        height: Characters down, without the axis and the key below.
    """

    def __init__(self, picture: Picture, *, width: int = 60, height: int = 15) -> None:
        self._picture, self._width, self._height = picture, width, height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = options.ascii_only
        places = up_ticks(self._picture, max(self._height // 3, 2))
        texts = tick_texts(places)
        margin = max(map(len, texts), default=0)
        width = max(min(self._width, options.max_width - margin - 2), 10)
        canvas = _drawn(self._picture, width, self._height, plain=plain)
        labels = {canvas.row(place): text for place, text in zip(places, texts, strict=True)}
        for row in range(self._height):
            label = labels.get(row)
            side = Text(f"{label or '':>{margin}} {'┤' if label else '│'}", _FAINT)
            yield _ready(side + canvas.text(row), plain)
        for line in (*_axis(self._picture, width, margin), *_key(self._picture, width + margin, plain)):
            yield _ready(line, plain)


class _Drawing:
    """A canvas with a picture on it, row by row as text."""

    def __init__(self, picture: Picture, canvas: Canvas, *, plain: bool) -> None:
        self._picture, self._canvas, self._plain = picture, canvas, plain
        across, down = canvas.dots
        self.place = picture.scaled(across - 1, down - 1)
        self._marks = {self._cell(mark.x, mark.y): mark for mark in picture.marks}
        bottom, top = picture.window[2:]
        self._zero = self.row(0.0) if bottom < 0 < top and not picture.log else -1

    def row(self, y: float) -> int:
        """The row of characters that height ``y`` is in."""
        return self._cell(self._picture.window[0], y)[0]

    def text(self, row: int) -> Text:
        """A row, in colour."""
        cells = [self._look(row, column) for column in range(self._canvas.width)]
        text = Text()
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            text.append("".join(character for character, _ in run), style)
        text.rstrip()
        return text

    def _look(self, row: int, column: int) -> tuple[str, str]:
        """The character at a place, and its style."""
        if mark := self._marks.get((row, column)):
            return _SHAPES[mark.shape][self._plain], f"bold {HUES[mark.hue]}"
        character, owner = self._canvas.cell(row, column)
        if owner == -1:
            return ("┈" if row == self._zero else " "), _FAINT
        if owner >= len(self._picture.lines):
            return ("." if self._plain else character), _FAINT
        line = self._picture.lines[owner]
        return (_letter(line) if self._plain else character), HUES[line.hue]

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        across, down = self.place(x, y)
        dots_across, dots_down = self._canvas.dots
        return (
            round(down) * self._canvas.height // dots_down,
            round(across) * self._canvas.width // dots_across,
        )


def _drawn(picture: Picture, width: int, height: int, *, plain: bool) -> _Drawing:
    """The picture's lines, the first on top, over its contours."""
    canvas = Canvas(width, height, plain=plain)
    drawing = _Drawing(picture, canvas, plain=plain)
    for contour in picture.contours:
        _trace(canvas, drawing, contour, len(picture.lines), _CONTOUR)
    for owner, line in reversed(list(enumerate(picture.lines))):
        _trace(canvas, drawing, line, owner, (1, 0) if plain else _PATTERNS[line.stroke][line.hue])
    return drawing


def _trace(canvas: Canvas, drawing: _Drawing, line: Line, owner: int, pattern: Pattern) -> None:
    for part in line.points():
        points: list[Point] = [drawing.place(x, y) for x, y in part]
        canvas.line(points, owner=owner, pattern=pattern)


def _letter(line: Line) -> str:
    return _LETTERS[line.stroke][line.hue]


def _axis(picture: Picture, width: int, margin: int) -> list[Text]:
    """The horizontal axis: its line, its numbers, what it measures."""
    left, right = picture.window[:2]
    places = across_ticks(picture, max(width // 8, 2))
    rule, numbers = ["─"] * width, [" "] * (width + margin + 2)
    for place, text in zip(places, tick_texts(places), strict=True):
        column = round((place - left) / (right - left) * (2 * width - 1)) // 2
        rule[column] = "┬"
        start = min(max(margin + 2 + column - len(text) // 2, 0), len(numbers) - len(text))
        numbers[start : start + len(text)] = text
    name = safe(picture.across).center(width).rstrip()
    return [
        Text(" " * (margin + 1) + "└" + "".join(rule), _FAINT),
        Text("".join(numbers).rstrip(), _FAINT),
        Text(" " * (margin + 2) + name, _FAINT),
    ]


def _key(picture: Picture, width: int, plain: bool) -> list[Text]:
    """What each line and mark is, in rows of as many."""
    parts = [_sample(line, plain) for line in picture.lines if line.name]
    parts += [_named(mark, plain) for mark in picture.marks if mark.name]
    room = max((part.cell_len for part in parts), default=0) + 3
    fit = max((width + 3) // room, 1)
    each = math.ceil(len(parts) / math.ceil(len(parts) / fit)) if parts else 1
    rows = [parts[at : at + each] for at in range(0, len(parts), each)]
    return [Text("  ") + Text().join([*(_padded(part, room) for part in row[:-1]), row[-1]]) for row in rows]


def _padded(text: Text, width: int) -> Text:
    padded = text.copy()
    padded.pad_right(max(width - text.cell_len, 0))
    return padded


def _sample(line: Line, plain: bool) -> Text:
    if plain:
        return Text(_letter(line) * 4 + " " + safe(line.name))
    canvas = Canvas(4, 1, plain=False)
    canvas.line([(0.0, 2.0), (7.0, 2.0)], owner=0, pattern=_PATTERNS[line.stroke][line.hue])
    drawn = "".join(canvas.cell(0, column)[0] for column in range(4))
    return Text(drawn, HUES[line.hue]) + Text(" " + safe(line.name), "default")


def _named(mark: Mark, plain: bool) -> Text:
    return Text(_SHAPES[mark.shape][plain], f"bold {HUES[mark.hue]}") + Text(" " + safe(mark.name), "default")


def _ready(text: Text, plain: bool) -> Text:
    """A line that is never wrapped, in ASCII where there is nothing else."""
    text.no_wrap, text.overflow = True, "crop"
    if plain:
        boxes = str.maketrans("┤│└─┬┈", "+|+-+ ")
        return Text(plain_text(text.plain.translate(boxes)).rstrip(), no_wrap=True, overflow="crop")
    return text
