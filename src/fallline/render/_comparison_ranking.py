"""The ranking of recipes as a table in a terminal, laid out by the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fallline.render._comparison_fields import Fields, compared, fields_of, heading_of, intervals, is_number
from fallline.render._comparison_text import ready, verbatim
from fallline.render._marks import safe
from fallline.render.comparison import Comparison, Place
from fallline.render.names import metric_name
from fallline.render.number import plural, short

__all__ = ["ranking"]


def ranking(comparison: Comparison, most: int, width: int, plain: bool) -> RenderableType:
    """The table in the first of its layouts that fits, and what is said under it."""
    places = comparison.places[:most]
    fields = fields_of(places)
    joined = _Layout(joined=True, interval=False)
    known = any(place.low is not None for place in places)
    layouts = [_Layout(joined=whole, interval=known) for whole in (False, True)]
    rows = next(
        (rows for layout in layouts if _across(rows := _rows(comparison, places, fields, layout)) <= width), None
    )
    notes = [ready(verbatim(note, "dim"), plain) for note in _notes(comparison, places, fields)]
    return Group(_places(places, rows or _rows(comparison, places, fields, joined), plain), *notes)


@dataclass(frozen=True)
class _Layout:
    """Whether the fields of a place share a column, and whether its interval has one."""

    joined: bool
    interval: bool


@dataclass(frozen=True)
class _Column:
    """A column of the ranking; one that may be folded needs no more than 24 characters."""

    head: str
    cells: tuple[str, ...]
    folds: bool = False

    @property
    def width(self) -> int:
        wide = max(map(cell_len, (*self.head.split("\n"), *self.cells)), default=0)
        return min(wide, 24) if self.folds else wide


def _rows(comparison: Comparison, places: Sequence[Place], fields: Fields, layout: _Layout) -> list[_Column]:
    """The columns of the ranking, after the places' own numbers."""
    texts = intervals(places)
    columns = [
        _Column(_split(safe(name)), tuple(safe(row[at]) for row in fields.rows)) for at, name in enumerate(fields.names)
    ]
    if layout.joined:
        whole = tuple(safe(", ".join(text for text in row if text)) for row in fields.rows)
        columns = [_Column(safe(", ".join(fields.names)), whole, folds=True)]
    columns.append(_Column(safe(heading_of(comparison)), tuple(mean for mean, _, _ in texts)))
    if layout.interval:
        ends = tuple(
            f"{low} to {high}" if place.low is not None else "-"
            for place, (_, low, high) in zip(places, texts, strict=True)
        )
        columns.append(_Column("95 % interval", ends))
    return columns


def _across(columns: Sequence[_Column]) -> int:
    """Characters that the ranking needs."""
    return 7 + sum(column.width + 2 for column in columns)


def _places(places: Sequence[Place], columns: Sequence[_Column], plain: bool) -> Table:
    """The ranking; a sign stands before the chosen place and before those that are level with the best."""
    table = Table(box=None if plain else box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    if plain:
        table.padding = (0, 2, 0, 0)
    table.add_column("", justify="right", no_wrap=True)
    for column in columns:
        right = all(map(is_number, column.cells))
        head = ready(Text(column.head), plain)
        table.add_column(head, justify="right" if right else "left", no_wrap=not column.folds, overflow="fold")
    for at, place in enumerate(places):
        style = "bold" if place.chosen or place.rank == 1 else "dim" if place.distinguishable else ""
        cells = (f"{_sign(place)} {place.rank:,}", *(column.cells[at] for column in columns))
        table.add_row(*(ready(Text(cell, style), plain) for cell in cells))
    return table


def _split(name: str) -> str:
    """A heading of several words, in two lines: above short numbers it is the widest."""
    first, _, rest = name.partition(" ")
    return f"{first}\n{rest}" if rest else name


def _sign(place: Place) -> str:
    return "▸" if place.chosen else "≈" if place.distinguishable is False else " "


def _notes(comparison: Comparison, places: Sequence[Place], fields: Fields) -> list[str]:
    """The lines under the ranking."""
    said = []
    if fields.common:
        said.append("all of these: " + ", ".join(f"{name} {text}" for name, text in fields.common))
    rest = len(comparison.places) - len(places)
    if asked := compared(comparison):
        others = max(comparison.level - 1, 0)
        said.append(f"≈ not distinguishable from the best: {others:,} of the {asked:,} compared with it in pairs")
    if rest > 0:
        last = comparison.places[-1]
        tail = f", down to {metric_name(comparison.metric)} {short(last.mean)}" if last.mean is not None else ""
        said.append(f"{plural(rest, 'more recipe')} follow{'s' if rest == 1 else ''}{tail}")
    return said
