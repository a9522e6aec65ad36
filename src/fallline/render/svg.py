"""A `Picture` as static SVG: for notebooks and the docs, in the colours of the text around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fallline.render._parts import escaped
from fallline.render._theme import HUES
from fallline.render._ticks import across_ticks, tick_texts, up_ticks
from fallline.render.picture import Line, Mark, Picture

__all__ = ["line_chart"]

_LEFT, _RIGHT, _BOTTOM = 48, 14, 42
_ROW, _LETTER, _SAMPLE = 20, 6.8, 28
"""Of the key above the drawing: a row's height, about a letter's width, the width of a line's sample."""
_QUIET = 'font-size="12" fill="currentColor" fill-opacity=".75"'
_RULE = 'stroke="currentColor" stroke-opacity=".14"'
_EDGE = 'stroke="currentColor" stroke-opacity=".45"'


def line_chart(picture: Picture, *, width: int = 560, height: int = 260) -> str:
    """The picture as an ``<svg>`` element, without script, style sheet or fonts of its own.

    Args:
        picture: The picture.
        width: Pixels across, at most: it shrinks with what holds it.
        height: Pixels down of the drawing itself, without key, numbers and names.

    Returns:
        The element. Axes and words take the colour of the text around them, light or dark.
    """
    return _Chart(picture, width, height).svg()


@dataclass(frozen=True)
class _Chart:
    picture: Picture
    width: int
    height: int

    @property
    def across(self) -> int:
        """Pixels across of the drawing itself."""
        return self.width - _LEFT - _RIGHT

    def svg(self) -> str:
        rows = _key_rows(self.picture, self.width)
        top = _ROW * len(rows) + 8
        total = top + self.height + _BOTTOM
        key = "".join(_key_row(row, number) for number, row in enumerate(rows))
        marks = "".join(self._mark(mark) for mark in self.picture.marks)
        # an svg in an svg cuts its content off at its edges, which a clip path could not do without an id
        return (
            f'<svg class="picture" viewBox="0 0 {self.width} {total}" width="{self.width}" height="{total}" role="img" '
            'style="max-width:100%;height:auto;font-family:inherit;font-variant-numeric:tabular-nums">'
            f"<title>{escaped(self.picture.title)}</title>{key}"
            f'<g transform="translate({_LEFT} {top})">{self._axes()}'
            f'<svg width="{self.across}" height="{self.height}">{self._lines()}</svg>{marks}</g></svg>'
        )

    def _axes(self) -> str:
        """Rules with their numbers, the two axes, and what they measure."""
        place = self.picture.scaled(self.across, self.height)
        left, _, bottom, top = self.picture.window
        parts = []
        places = across_ticks(self.picture, 9)
        for x, text in zip([place(x, top)[0] for x in places], tick_texts(places), strict=True):
            parts.append(f'<path d="M{x:.1f},0V{self.height}" {_RULE}/>')
            parts.append(f'<text x="{x:.1f}" y="{self.height + 17}" text-anchor="middle" {_QUIET}>{text}</text>')
        places = up_ticks(self.picture, 6)
        for value, text in zip(places, tick_texts(places), strict=True):
            y = place(left, value)[1]
            look = _EDGE if value == 0 and bottom < 0 else _RULE
            parts.append(f'<path d="M0,{y:.1f}H{self.across}" {look}/>')
            parts.append(f'<text x="-7" y="{y + 4:.1f}" text-anchor="end" {_QUIET}>{text}</text>')
        parts.append(f'<path d="M0,0V{self.height}H{self.across}" fill="none" {_EDGE}/>')
        name = escaped(self.picture.across)
        middle = self.across / 2
        parts.append(f'<text x="{middle:.0f}" y="{self.height + 36}" text-anchor="middle" {_QUIET}>{name}</text>')
        return "".join(parts)

    def _lines(self) -> str:
        contours = "".join(
            f'<path d="{self._path(line)}" fill="none" stroke="currentColor" stroke-opacity=".3"/>'
            for line in self.picture.contours
        )
        return contours + "".join(self._line(line) for line in reversed(self.picture.lines))

    def _line(self, line: Line) -> str:
        drawn = f'<path d="{self._path(line)}" fill="none" {_stroke(line)}/>'
        if not line.steps:
            return drawn
        place = self.picture.scaled(self.across, self.height)
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>'
            for x, y in (place(*p) for part in line.points() for p in part)
        )
        return f'{drawn}<g fill="{HUES[line.hue]}">{dots}</g>'

    def _path(self, line: Line) -> str:
        place = self.picture.scaled(self.across, self.height)
        parts = []
        for part in line.points():
            # far outside a browser's arithmetic ends, and nobody sees the difference
            drawn = [(x, min(max(y, -9999.0), 9999.0)) for x, y in (place(*point) for point in part)]
            parts.append("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in drawn))
        return "".join(parts)

    def _mark(self, mark: Mark) -> str:
        x, y = self.picture.scaled(self.across, self.height)(mark.x, mark.y)
        return _shape(mark, x, y)


def _stroke(line: Line) -> str:
    dashes = ' stroke-dasharray="5 4"' if line.stroke == "dashed" else ""
    thick = 1.4 if line.steps else 2.2 if line.stroke == "solid" else 1.6
    return f'stroke="{HUES[line.hue]}" stroke-width="{thick}" stroke-linejoin="round"{dashes}'


def _shape(mark: Mark, x: float, y: float) -> str:
    colour = HUES[mark.hue]
    if mark.shape == "cross":
        return f'<path d="M{x - 4.5:.1f},{y - 4.5:.1f}l9,9m0,-9l-9,9" stroke="{colour}" stroke-width="2.4"/>'
    fill = colour if mark.shape == "dot" else "none"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'


def _key_rows(picture: Picture, width: int) -> list[list[tuple[float, Line | Mark]]]:
    """What has a name, in rows of as many, with how far from the left each stands."""
    items = [item for item in (*picture.lines, *picture.marks) if item.name]
    room = _SAMPLE + 18 + _LETTER * max((len(item.name) for item in items), default=0)
    fit = max(int((width - _LEFT + 18) / room), 1)
    rows = math.ceil(len(items) / fit)
    each = math.ceil(len(items) / rows) if rows else 1
    return [
        [(_LEFT + room * place, item) for place, item in enumerate(items[at : at + each])]
        for at in range(0, len(items), each)
    ]


def _key_row(row: list[tuple[float, Line | Mark]], number: int) -> str:
    y = _ROW * number + 11
    parts = []
    for x, item in row:
        if isinstance(item, Line):
            parts.append(f'<path d="M{x:.0f},{y}h{_SAMPLE - 6}" {_stroke(item)}/>')
        else:
            parts.append(_shape(item, x + 14, y))
        parts.append(
            f'<text x="{x + _SAMPLE:.0f}" y="{y + 4}" font-size="13" fill="currentColor">{escaped(item.name)}</text>'
        )
    return "".join(parts)
