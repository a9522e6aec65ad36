"""A report as tables for a terminal: rich renderables that fit the width they are given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from fallline.render._legible import Legible
from fallline.render._marks import safe
from fallline.render._treatment import FIELDS, MANY, grouped
from fallline.render._window import logarithmic
from fallline.render.names import best_rows, column, heading, model_name
from fallline.render.number import aligned, short
from fallline.render.report import Report

__all__ = ["ladder_table", "notes_list", "scores_table", "studies_table", "summary", "treatment_table"]

_BAR = 14
_BLOCKS = " ▏▎▍▌▋▊▉█"
_ROOMY = 120
"""From this width on the list of studies is spread over more columns."""


def summary(report: Report) -> RenderableType:
    """All that `train` says at its end: title, facts, ladder, scores, conclusion."""
    facts = Table.grid(padding=(0, 2))
    for name, value in report.facts:
        facts.add_row(_text(name, "dim"), _text(value))
    parts: list[RenderableType] = [_text(report.title, "bold"), facts, Text(), ladder_table(report), Text()]
    if report.scores:
        parts += [scores_table(report), Text()]
    return Legible(Group(*parts, _text(report.conclusion, "bold")))


def scores_table(report: Report) -> RenderableType:
    """The test scores of the network and the baselines; a star stands at the best of each column."""
    table = _table("test score")
    for metric in report.metrics:
        table.add_column(_text(heading(metric)), justify="right")
    columns = [_starred(report, metric) for metric in report.metrics]
    for row, (name, _) in enumerate(report.scores):
        table.add_row(_text(model_name(name)), *(cells[row] for cells in columns))
    return Legible(Group(table, _text("↑ higher is better, ↓ lower is better, * best of its column", "dim")))


def ladder_table(report: Report) -> Table:
    """One line a learning rate: its lowest validation loss with a bar, its epochs, its outcome."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(_text("learning rate"), justify="right", no_wrap=True)
    table.add_column(_text("validation loss"), justify="right", no_wrap=True)
    table.add_column(Text(), no_wrap=True)
    table.add_column(_text("best epoch"), justify="right")
    table.add_column(_text("outcome"))
    runs, word = report.ladder, "best" if report.chosen is report.lowest else "chosen"
    losses = aligned([run.lowest for run in runs])
    bars = _bars([None if run.diverged else run.lowest for run in runs])
    for run, loss, bar in zip(runs, losses, bars, strict=True):
        best = run.run == report.best
        style = "bold" if best else ""
        epoch = f"{run.best_epoch:,} of {run.epochs:,}" if run.lowest is not None else f"- of {run.epochs:,}"
        table.add_row(
            _text(("▸ " if best else "") + short(run.learning_rate), style),
            _text(loss, style),
            _text(bar, "" if best else "dim"),
            _text(epoch, style),
            _text(run.outcome + (f", {word}" if best else ""), style),
        )
    return table


def treatment_table(report: Report) -> RenderableType:
    """What was done to each column; more than 20 columns are shown in groups treated alike."""
    many = len(report.treatment) > MANY
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in FIELDS:
        table.add_column(_text(name), justify="right" if name == "features" else "left", overflow="fold")
    for row in grouped(report.treatment) if many else report.treatment:
        table.add_row(*(_text(str(row.get(name, ""))) for name in FIELDS))
    if not many:
        return Legible(table)
    return Legible(Group(table, _text(f"{len(report.treatment):,} columns, in groups treated alike", "dim")))


def notes_list(notes: Sequence[str]) -> RenderableType:
    """What was said of the data and the job, a line each."""
    return Legible(Group(*(_text(f"· {note}", "dim") for note in notes)))


def studies_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The studies on this disk.

    Args:
        rows: For each study ``name``, ``created`` (as text), ``task``, ``target``, ``rows``,
            ``learning_rate``, ``metric``, ``score``, ``baseline`` (name of the best one) and
            ``baseline_score``; what is missing or None is shown as "-".

    Returns:
        The table: one line a study from 120 columns on, two lines below that.
    """
    return Legible(_Studies(tuple(rows)))


class _Studies:
    """The list of studies, laid out when the width is known."""

    def __init__(self, rows: tuple[Mapping[str, Any], ...]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _studies(self._rows, between="  " if options.max_width >= _ROOMY else "\n")


def _studies(rows: Sequence[Mapping[str, Any]], *, between: str) -> Table:
    """The table, with two related values in each cell, beside or under each other."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(_text("study"), overflow="fold", min_width=_name_width(rows))
    table.add_column(_text("predicts"), overflow="fold")
    table.add_column(_text("rows"), justify="right", no_wrap=True)
    table.add_column(_text("best rate"), justify="right", no_wrap=True)
    table.add_column(_text("test score, best baseline"))
    for row in rows:
        created = str(row.get("created") or "-").replace("T", " ")[:16]
        metric = row.get("metric") or ""
        score = f"{heading(metric)} {short(row.get('score'))}".strip()
        baseline = f"{model_name(row.get('baseline') or '')} {short(row.get('baseline_score'))}".strip()
        table.add_row(
            _text(str(row.get("name") or "-")) + between + _text(created, "dim"),
            _text(str(row.get("target") or "-")) + between + _text(str(row.get("task") or "-"), "dim"),
            _text(short(row.get("rows"))),
            _text(short(row.get("learning_rate"))),
            _text(score) + between + _text(baseline, "dim"),
        )
    return table


def _name_width(rows: Sequence[Mapping[str, Any]]) -> int:
    """Room for the names, which are there to be copied, as long as it leaves some for the rest."""
    return min(max((len(str(row.get("name") or "-")) for row in rows), default=0), 32)


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(_text(first))
    return table


def _starred(report: Report, metric: str) -> list[Text]:
    """The cells of a column, all with room for the star."""
    best = best_rows(report, metric)
    texts = aligned(column(report, metric))
    return [_text(f"{text} *", "bold") if row in best else _text(f"{text}  ") for row, text in enumerate(texts)]


def _bars(losses: Sequence[float | None]) -> list[str]:
    """A bar for each loss, from a sliver at the lowest to full at the highest; a cross for None."""
    known = [loss for loss in losses if loss is not None]
    log = logarithmic(known)
    heights = [None if loss is None else math.log(loss) if log else loss for loss in losses]
    low = min((height for height in heights if height is not None), default=0.0)
    width = max((height for height in heights if height is not None), default=0.0) - low
    return ["×" if height is None else _bar((height - low) / width if width else 0.0) for height in heights]


def _bar(share: float) -> str:
    eighths = max(round(share * 8 * _BAR), 1)
    return _BLOCKS[8] * (eighths // 8) + _BLOCKS[eighths % 8].strip()


def _text(text: str, style: str = "") -> Text:
    """``text`` as it is: no markup is read, and what would steer the terminal becomes a replacement mark."""
    return Text(safe(text), style=style)
