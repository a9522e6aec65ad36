"""A comparison as tables and small drawings for a terminal: rich renderables that fit the width they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from fallline.render._comparison_blocks import CALM, heat_axis, heat_row, spark
from fallline.render._comparison_curves import Course, course_of
from fallline.render._comparison_fields import decades_text, steps_text, tail
from fallline.render._comparison_grid import Grid, grid_of
from fallline.render._comparison_ranking import ranking
from fallline.render._comparison_text import padded, ready, verbatim
from fallline.render._comparison_words import NO_TOLERANCE, unscored
from fallline.render._marks import clipped, safe
from fallline.render._window import Window
from fallline.render.comparison import Comparison
from fallline.render.names import metric_name
from fallline.render.number import aligned, plural, short
from fallline.render.report import Report
from fallline.render.terminal import scores_table

__all__ = [
    "comparison_summary",
    "curve_lines",
    "heat_table",
    "ranking_table",
    "timings_table",
    "tolerance_table",
]

_WIDEST = 110
"""Drawings that run over more columns than this gain nothing."""
_NAME = 20
"""Characters of an optimizer's name, at most."""
_RECIPE = 34
"""Characters of a recipe beside its curve, at most."""


class _Fitted:
    """Something that is laid out when the width is known: what ``draw`` gives for a width, in ASCII or not."""

    def __init__(self, draw: Callable[[int, bool], RenderableType]) -> None:
        self._draw = draw

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._draw(options.max_width, options.ascii_only)


def comparison_summary(report: Report, comparison: Comparison) -> RenderableType:
    """All that `compare` says at its end: title, facts, ranking, heat map, tolerance, curves, scores, conclusion.

    The plan was said before the training.
    """
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        *report.facts,
        ("speed", f"{steps_text(comparison.model_steps_per_second)} model-steps a second"),
    ):
        facts.add_row(verbatim(name, "dim"), verbatim(value))
    parts: list[RenderableType] = [verbatim(report.title, "bold"), facts]
    for drawn, draw in (
        (comparison.places, ranking_table),
        (comparison.heat, heat_table),
        (comparison.tolerances, tolerance_table),
        (comparison.curves, curve_lines),
    ):
        if drawn:
            parts += [Text(), draw(comparison)]
    parts.append(Text())
    if report.scores:
        parts += [scores_table(report), Text()]
    return Group(*parts, verbatim(report.conclusion, "bold"))


def timings_table(comparison: Comparison) -> RenderableType:
    """What each part of the job took."""
    table = _table("part")
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    seconds = [taken for _, taken in comparison.timings]
    total = sum(seconds)
    for (name, taken), text in zip(comparison.timings, aligned(seconds, 3), strict=True):
        table.add_row(verbatim(name), f"{text} s", f"{taken / total if total else 0:.0%}")
    table.add_row("together", f"{short(total, 3)} s", "")
    return table


def ranking_table(comparison: Comparison, most: int = 15) -> RenderableType:
    """The first places, best first.

    Args:
        comparison: The comparison.
        most: How many places.

    Returns:
        The table: what is equal for all of them stands below it. Where the fields do not fit beside each other,
        they share a column; where the interval does not either, it is left out.
    """
    return _Fitted(lambda width, plain: ranking(comparison, most, width, plain))


def heat_table(comparison: Comparison) -> RenderableType:
    """The metric by optimizer and learning rate: a row of blocks for each optimizer, and its best cell."""
    return _Fitted(lambda width, plain: _heat(comparison, min(width, _WIDEST), plain))


def tolerance_table(comparison: Comparison) -> RenderableType:
    """How far each optimizer's learning rate may be off."""
    table = _table("optimizer")
    for name in ("tolerance", "learning rates", "lowest loss at"):
        table.add_column(verbatim(name), justify="right", no_wrap=True)
    decades = aligned([each.decades for each in comparison.tolerances], 2)
    for each, width in zip(comparison.tolerances, decades, strict=True):
        rates = "-" if each.rates is None else f"{short(each.rates[0], 3)} to {short(each.rates[1], 3)}"
        tolerated = "-" if each.decades is None else decades_text(width)
        table.add_row(verbatim(tail(each.optimizer, _NAME)), tolerated, rates, short(each.best_rate))
    key = "tolerance: learning rates within 1.1 times the lowest validation loss"
    if any(each.decades is None for each in comparison.tolerances):
        key += f"; {NO_TOLERANCE}"
    return Group(table, verbatim(key, "dim"))


def curve_lines(comparison: Comparison) -> RenderableType:
    """The validation loss of each optimizer's best recipe by epoch: a row of blocks each, and its lowest loss."""
    return _Fitted(lambda width, plain: _curves(comparison, min(width, _WIDEST), plain))


def _heat(comparison: Comparison, width: int, plain: bool) -> RenderableType:
    """The rows of blocks, their axis and their key."""
    grid = grid_of(comparison)
    names = [tail(safe(row.optimizer), _NAME) for row in grid.rows]
    values = aligned([row.best.cell.value if row.best else None for row in grid.rows])
    side = max(map(cell_len, names), default=0)
    ends = [
        f"{value} at {short(row.best.cell.learning_rate)}" if row.best else "-"
        for row, value in zip(grid.rows, values, strict=True)
    ]
    across = max(width - side - max(map(cell_len, ends), default=0) - 4, 12)
    title = f"{metric_name(comparison.metric)} by optimizer and learning rate"
    lines = [verbatim(title, "bold")]
    for at, (row, name, end) in enumerate(zip(grid.rows, names, ends, strict=True)):
        cells = heat_row(row, grid, across, plain=plain)
        cells.pad_right(across - cells.cell_len)
        style = "bold" if at == 0 and row.best is not None else ""
        lines.append(Text(padded(name, side), style) + Text("  ") + cells + Text("  ") + Text(end, style))
    margin = " " * (side + 2)
    lines += [Text(margin) + line for line in heat_axis(grid, across, plain=plain)]
    lines.append(Text(margin + clipped(_key(grid, comparison, plain), max(width - side - 2, 20)), "dim"))
    return Group(*(ready(line, plain) for line in lines))


def _key(grid: Grid, comparison: Comparison, plain: bool) -> str:
    """What the blocks mean."""
    if grid.good is None or grid.bad is None:
        return unscored(comparison)
    bad, good = aligned([grid.bad, grid.good])
    edge = (" or less" if comparison.higher else " or more") if grid.cut else ""
    low, high = ("1", "8") if plain else ("▁", "█")
    lost = any(box.lost for row in grid.rows for box in row.boxes)
    return f"{low} {bad}{edge}   {high} {good}" + ("   × all runs diverged" if lost else "")


def _curves(comparison: Comparison, width: int, plain: bool) -> RenderableType:
    courses = [course_of(curve) for curve in comparison.curves]
    shown = [[loss for loss in course.mean if loss == loss] for course in courses]
    shared = Window.over([loss for losses in shown for loss in losses]) if comparison.loss else None
    names = [clipped(safe(curve.label or curve.optimizer), _RECIPE) for curve in comparison.curves]
    ends = _ends(courses)
    side, behind = max(map(cell_len, names), default=0), max(map(cell_len, ends), default=0)
    across = max(width - side - behind - 4, 8)
    longest = max((len(course.mean) for course in courses), default=1)
    lines = [verbatim(_curves_title(comparison, longest), "bold")]
    for course, name, losses, end in zip(courses, names, shown, ends, strict=True):
        window = shared or Window.over(losses)
        room = max(round(min(across, longest) * len(course.mean) / longest), 1)
        drawn = _spark(course, window, room, plain)
        lines.append(
            Text(padded(name, side) + "  ") + Text(padded(drawn, min(across, longest)), CALM) + Text("  " + end)
        )
    return Group(*(ready(line, plain) for line in lines))


def _spark(course: Course, window: Window, room: int, plain: bool) -> str:
    if window.low is None or window.high is None:
        return "x" if plain else "×"
    return spark(course.mean, window.low, window.high, room, log=window.log, plain=plain)


def _curves_title(comparison: Comparison, longest: int) -> str:
    scale = "" if comparison.loss else ", each on its own scale"
    return f"validation loss, {plural(longest, 'epoch')}: each optimizer's best recipe{scale}"


def _ends(courses: Sequence[Course]) -> list[str]:
    """What stands after each curve: its lowest loss."""
    return [f"lowest {loss}" for loss in aligned([course.lowest for course in courses])]


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(verbatim(first), overflow="fold")
    return table
