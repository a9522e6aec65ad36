"""A card of the catalogue, and lists of them, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import groupby

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from fallline.render._marks import safe
from fallline.render._plain import plain_text
from fallline.render.formula import readable
from fallline.render.picture import Picture
from fallline.render.plot import Plot
from fallline.render.sheet import OptionLine, Sheet

__all__ = ["CardView", "ListView", "as_text"]

_WIDEST = 100
"""Text that runs over more columns than this is hard to read."""
_INDENT = "   "


class CardView:
    """A card as a rich renderable.

    Args:
        sheet: What it shows.
        picture: Its picture, where there is one.
    """

    def __init__(self, sheet: Sheet, picture: Picture | None) -> None:
        self._sheet, self._picture = sheet, picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, _WIDEST)
        narrow = options.update(width=width)
        for part in self._parts(width, options.ascii_only):
            yield from console.render(part, narrow)

    def _parts(self, width: int, plain: bool) -> list[RenderableType]:
        sheet = self._sheet
        head = _text(sheet.name, plain, "bold") + Text("  ") + _text(sheet.subtitle, plain, "dim")
        parts: list[RenderableType] = [head, _text(sheet.summary, plain), Text()]
        parts += [_formula(sheet, width - len(_INDENT), plain), Text()]
        if self._picture is not None:
            parts += [_text(self._picture.title, plain, "bold"), Plot(self._picture)]
            parts += [_text(self._picture.caption, plain, "dim"), Text()]
        parts += [_facts(sheet, plain)]
        if sheet.options:
            parts += [Text(), _options(sheet.options, plain)]
        return parts


class ListView:
    """Many cards, by kind, as a rich renderable.

    Args:
        sheets: The cards, those of a kind together.
        titles: Kind → what stands over its list.
        left_out: Names that the catalogue leaves out, each with its reason.
    """

    def __init__(
        self, sheets: Sequence[Sheet], *, titles: Mapping[str, str], left_out: Mapping[str, str] | None = None
    ) -> None:
        self._sheets, self._titles, self._left_out = sheets, titles, left_out or {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = options.ascii_only
        narrow = options.update(width=min(options.max_width, _WIDEST + 20))
        parts: list[RenderableType] = []
        for kind, sheets in groupby(self._sheets, key=lambda sheet: sheet.kind):
            parts += [_text(self._titles[kind], plain, "bold"), _list(list(sheets), plain), Text()]
        if self._left_out:
            parts += [_text("left out of torch's", plain, "bold"), *_reasons(self._left_out, plain), Text()]
        for part in parts:
            yield from console.render(part, narrow)


def as_text(view: RenderableType, *, width: int = 80) -> str:
    """A renderable without colours, as a plain string."""
    file = StringIO()
    Console(file=file, width=width, color_system=None, legacy_windows=False, highlight=False).print(view)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _formula(sheet: Sheet, width: int, plain: bool) -> Text:
    """The formula, readable where that can be done, else as LaTeX."""
    lines = None if plain else readable(sheet.formula, width=width)
    if lines is None:
        return _text(sheet.formula, plain)
    return Text("\n".join(_INDENT + safe(line) if line else "" for line in lines), no_wrap=True)


def _facts(sheet: Sheet, plain: bool) -> Table:
    """When and when not, then all else."""
    grid = _two_columns()
    grid.add_row(_text("when", plain, "dim"), _text(sheet.when, plain))
    grid.add_row(_text("pitfalls", plain, "dim"), _hanging(sheet.pitfalls, plain))
    for name, text in sheet.facts:
        grid.add_row(_text(name, plain, "dim"), _text(text, plain))
    grid.add_row(_text("use", plain, "dim"), _text("  or  ".join(sheet.write), plain))
    grid.add_row(_text("source", plain, "dim"), _text(sheet.source, plain))
    return grid


def _hanging(sentences: Sequence[str], plain: bool) -> Table:
    """Sentences with a dot before each, whose further lines do not run under it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, overflow="crop", min_width=1)
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row("-" if plain else "·", _text(sentence, plain))
    return grid


def _options(options: Sequence[OptionLine], plain: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("option", no_wrap=True, overflow="crop")
    table.add_column("default", overflow="fold")
    table.add_column("allowed", overflow="fold")
    table.add_column("meaning", ratio=1)
    for option in options:
        table.add_row(
            _text(option.flag, plain),
            _text(option.default, plain),
            _text(option.allowed, plain),
            _text(option.meaning, plain) + _text(option.note, plain, "dim"),
        )
    return table


def _list(sheets: Sequence[Sheet], plain: bool) -> Table:
    """One row a card: its name, what it is, and of a loss the tasks."""
    table = _two_columns()
    for sheet in sheets:
        tasks = _text(f"  for {', '.join(sheet.tasks)}" if sheet.tasks else "", plain, "dim")
        table.add_row(_text(sheet.name, plain), _text(sheet.summary, plain) + tasks)
    return table


def _reasons(left_out: Mapping[str, str], plain: bool) -> list[Text]:
    """The names that are left out for one reason, and the reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        reasons.setdefault(reason, []).append(name)
    return [_text(", ".join(found), plain) + _text(f": {why}", plain, "dim") for why, found in reasons.items()]


def _two_columns() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="crop")
    table.add_column(overflow="fold")
    return table


def _text(text: str, plain: bool, style: str = "") -> Text:
    """``text`` as it is: no markup is read, and what would steer the terminal becomes a replacement mark."""
    return Text(plain_text(safe(text)) if plain else safe(text), style=style)
