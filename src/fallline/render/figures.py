"""The figures of a report: pure functions from a `Report` to plotly figures."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from fallline.render import _captions, _theme, _traces
from fallline.render._marks import clipped
from fallline.render._theme import ACCENT, plain
from fallline.render._window import Window, padded
from fallline.render.report import Report

__all__ = ["confusion_matrix", "learning_curves", "loss_against_rate", "predicted_against_true"]

_TOP_EDGE = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
"""A hidden axis on which 1 is the top edge, wherever the visible one is zoomed to."""
_MARGIN = {"l": 60, "r": 24, "t": 20, "b": 52}
_NO_LOSS = "No run had a finite validation loss."
_NO_ROWS = "There are no predictions to show."


def learning_curves(report: Report) -> go.Figure:
    """Validation loss by epoch, one line a run.

    Lines are coloured by learning rate on a logarithmic scale. The chosen run is drawn in the accent colour,
    with its training loss dashed and its best epoch marked. Diverged runs end in a cross, at the top edge
    where their last finite loss lies beyond it.

    Args:
        report: The report; a loss that is not finite leaves a gap.

    Returns:
        The figure. The loss axis is logarithmic where all losses are above zero and span a factor above 8; it
        ends at the largest loss of the runs that did not diverge.
    """
    window = Window.around(report)
    rates = [run.learning_rate for run in report.runs]
    many = len(set(rates)) > 1
    margin = {**_MARGIN, "t": 46 if many else 20}
    figure = go.Figure(layout=_theme.frame(_captions.of_curves(report), height=460, margin=margin))
    _add_runs(figure, report, window)
    longest = max((run.epochs for run in report.runs), default=1)
    _add_best(figure, report, window.log, longest)
    figure.update_xaxes(_theme.axis("epoch"), range=_epoch_range(longest), dtick=1 if longest < 10 else None)
    figure.update_yaxes(_loss_axis(_loss_name(report), window))
    figure.update_layout(yaxis2=_TOP_EDGE)
    if many:
        # plotly shifts the title up by about the height of a horizontal colour bar
        figure.update_layout(coloraxis=_theme.colour_bar(rates), title_pad_t=26)
        figure.add_annotation(_theme.BAR_NAME)
        figure.add_trace(_traces.BAR)
    return figure if window.low is not None else _says(figure, _NO_LOSS)


def loss_against_rate(report: Report) -> go.Figure:
    """The lowest validation loss of each run against its learning rate.

    Args:
        report: The report. A diverged run is a cross at the top edge, whatever it reached before.

    Returns:
        The figure, with a logarithmic axis of learning rates; the chosen run is in the accent colour.
    """
    best = report.chosen
    kept = [run for run in report.ladder if not run.diverged or (run is best and run.lowest is not None)]
    window = Window.over([run.lowest for run in kept if run.lowest is not None])
    figure = go.Figure(layout=_theme.frame(_captions.of_rates(report), height=420, margin=_MARGIN))
    figure.add_trace(_traces.rate_points(kept, _traces.colours(report)))
    figure.add_trace(_traces.rate_crosses([run for run in report.ladder if run.diverged]))
    if best is not None and best.lowest is not None:
        figure.add_trace(_traces.best_rate(best))
        share = report.ladder.index(best) / max(len(report.ladder) - 1, 1)
        x = math.log10(best.learning_rate)
        figure.add_annotation(_traces.pointer(best, _word(report), x=x, log=window.log, share=share))
    figure.update_xaxes(_theme.rate_axis([run.learning_rate for run in report.runs]))
    figure.update_yaxes(
        _theme.axis(f"lowest {_loss_name(report)}", log=window.log, grows=True),
        range=window.range(),
        nticks=window.ticks,
    )
    figure.update_layout(yaxis2=_TOP_EDGE)
    return figure if window.low is not None else _says(figure, _NO_LOSS)


def predicted_against_true(report: Report) -> go.Figure:
    """The prediction for each test row against the truth, in the target's own unit.

    Args:
        report: The report of a task whose target is a number.

    Returns:
        The figure, with equal ranges on both axes and the line of exact predictions. Of more than 5,000 rows,
        5,000 at equal distances in the test split are drawn, and the caption says so.
    """
    rows = _thinned(len(report.truth), _captions.MOST_POINTS)
    truth = [report.truth[row] for row in rows]
    prediction = [report.prediction[row] for row in rows]
    finite = [value for value in (*truth, *prediction) if math.isfinite(value)]
    ends = padded(min(finite), max(finite), below=0.05) if finite else [0.0, 1.0]
    figure = go.Figure(layout=_theme.frame(_captions.of_scatter(report), height=420, margin=_MARGIN))
    figure.add_trace(_traces.points(truth, prediction))
    if finite:
        figure.add_trace(_traces.exact(ends))
    figure.update_xaxes(_theme.axis(f"true {_target(report)}"), range=ends)
    figure.update_yaxes(_theme.axis(f"predicted {_target(report)}", grows=True), range=ends)
    return figure if finite else _says(figure, _NO_ROWS)


def confusion_matrix(report: Report) -> go.Figure:
    """How often each class was predicted for each class.

    Args:
        report: The report of a classification.

    Returns:
        The figure: true classes down, predicted classes across, both in the order of ``report.classes``.
        Cells are coloured by their share of the true class. They hold the count, up to 8 classes with the
        share, above 20 classes nothing (the hover text holds all).
    """
    names = report.classes
    counts = [[0] * len(names) for _ in names]
    for true, predicted in _captions.class_pairs(report):
        counts[true][predicted] += 1
    height = max(420, min(140 + 34 * len(names), 1000))
    figure = go.Figure(layout=_theme.frame(_captions.of_matrix(report), height=height, margin=_MARGIN))
    figure.add_trace(_traces.cells(counts, names))
    ticks = {"tickvals": list(range(len(names))), "ticktext": [plain(clipped(name, 20)) for name in names]}
    quiet = {"showgrid": False, "showline": False, "ticks": ""}
    figure.update_xaxes({**_theme.axis(f"predicted {_target(report)}", grows=True), **ticks, **quiet})
    figure.update_yaxes(
        {**_theme.axis(f"true {_target(report)}", grows=True), **ticks, **quiet, "autorange": "reversed"}
    )
    return figure if report.truth else _says(figure, _NO_ROWS)


def _add_runs(figure: go.Figure, report: Report, window: Window) -> None:
    """Draw the runs that were not chosen, and the crosses of all that diverged."""
    shades = _traces.colours(report)
    for run in report.ladder:
        if run.run != report.best:
            figure.add_trace(_traces.curve(run, split="validation", line={"color": shades[run.run], "width": 1.6}))
    for run in report.ladder:
        if run.diverged:
            figure.add_trace(_traces.crash(run, window, shades[run.run]))


def _add_best(figure: go.Figure, report: Report, log: bool, longest: int) -> None:
    """Draw the chosen run over the others."""
    best = report.chosen
    if best is None or best.lowest is None:
        return
    figure.add_trace(_traces.curve(best, split="training", line={"color": ACCENT, "width": 1.8, "dash": "5px,3px"}))
    figure.add_trace(_traces.curve(best, split="validation", line={"color": ACCENT, "width": 3}))
    figure.add_trace(_traces.best_epoch(best))
    share = best.best_epoch / max(longest, 1)
    figure.add_annotation(_traces.pointer(best, _word(report), x=best.best_epoch, log=log, share=share))


def _word(report: Report) -> str:
    """What the chosen run is: the best by its loss, or chosen by another metric."""
    return "best" if report.chosen is report.lowest else "chosen"


def _epoch_range(longest: int) -> list[float]:
    return padded(1, longest, below=0.02, above=0.02) if longest > 1 else [0, 2]


def _loss_axis(title: str, window: Window) -> dict[str, Any]:
    look = _theme.axis(title, log=window.log, grows=True)
    return {**look, "range": window.range(), "nticks": window.ticks}


def _loss_name(report: Report) -> str:
    return f"validation loss ({plain(clipped(report.loss, 30))})"


def _target(report: Report) -> str:
    return plain(clipped(report.target, 30))


def _thinned(rows: int, most: int) -> list[int]:
    """At most ``most`` of the row numbers, at equal distances from the first on."""
    return [index * rows // most for index in range(most)] if rows > most else list(range(rows))


def _says(figure: go.Figure, sentence: str) -> go.Figure:
    """Write ``sentence`` where there is nothing to draw, and no numbers beside it."""
    figure.update_yaxes(showticklabels=False, ticks="", showgrid=False)
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 15})
    return figure
