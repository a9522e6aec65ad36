"""The words over each figure: a title that says what is seen, and a caption that says how to read it."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import NamedTuple

from fallline.render._marks import clipped
from fallline.render.number import plural, short
from fallline.render.report import Report

__all__ = [
    "MANY_CLASSES",
    "MOST_POINTS",
    "Words",
    "class_pairs",
    "of_curves",
    "of_matrix",
    "of_rates",
    "of_scatter",
]

MANY_CLASSES = 8
"""More classes than this leave room for a count in each cell, but not for its share."""
MOST_POINTS = 5000
"""A scatter plot shows at most so many points."""


class Words(NamedTuple):
    """What is written over a figure, as plain text."""

    title: str
    caption: str


def of_curves(report: Report) -> Words:
    """The words over the learning curves."""
    rates = sorted({run.learning_rate for run in report.runs})
    title = "Validation loss, epoch by epoch"
    if len(rates) > 1:
        title += f", at {len(rates)} learning rates"
    if (best := report.chosen) is None:
        return Words(title, " ".join(["No run had a finite validation loss.", *_diverged(report)]))
    word = "Lowest at" if best is report.lowest else "Chosen:"
    caption = (
        f"{word} learning rate {short(best.learning_rate)}, with {short(best.lowest)} after epoch "
        f"{best.best_epoch:,} of {best.epochs:,} (dot). Its training loss is dashed."
    )
    return Words(title, " ".join([caption, *_lower(report), *_diverged(report)]))


def of_rates(report: Report) -> Words:
    """The words over the loss against the learning rate."""
    title = "Lowest validation loss at each learning rate"
    best = report.chosen
    if best is None or best.lowest is None:
        return Words(title, " ".join(["No run had a finite validation loss.", *_diverged(report)]))
    caption = f"{short(best.learning_rate)} is best, with {short(best.lowest)}."
    if best is not report.lowest:
        caption = f"Chosen: {short(best.learning_rate)}, with {short(best.lowest)}."
    return Words(title, " ".join([caption, *_basin(report), *_lower(report), *_diverged(report)]))


def of_scatter(report: Report) -> Words:
    """The words over the predicted against the true numbers."""
    rows = len(report.truth)
    title = f"Predicted against true {clipped(report.target, 40)}, {plural(rows, 'test row')}"
    if not rows:
        return Words(title, "There are no predictions to show.")
    errors = [abs(p - t) for t, p in zip(report.truth, report.prediction, strict=True)]
    caption = f"On the line a prediction is exact. Half of them are off by at most {short(statistics.median(errors))}."
    if rows > MOST_POINTS:
        caption += f" {MOST_POINTS:,} of the {rows:,} rows are drawn, evenly spaced through the test split."
    return Words(title, caption)


def of_matrix(report: Report) -> Words:
    """The words over the confusion matrix."""
    pairs = class_pairs(report)
    title = f"Predicted against true {clipped(report.target, 40)}, {plural(len(pairs), 'test row')}"
    if not pairs:
        return Words(title, "There are no predictions to show.")
    shares = "Percentages are shares" if len(report.classes) <= MANY_CLASSES else "Colour is the share"
    right = sum(t == p for t, p in pairs)
    caption = f"{right:,} of {len(pairs):,} are right. {shares} of the true class."
    mistakes = Counter((t, p) for t, p in pairs if t != p)
    if mistakes and len(report.classes) > 2:
        (t, p), count = min(mistakes.items(), key=lambda item: (-item[1], item[0]))
        true, predicted = clipped(report.classes[t], 30), clipped(report.classes[p], 30)
        caption += f" Most frequent mistake: {true} taken for {predicted} ({count:,})."
    return Words(title, caption)


def class_pairs(report: Report) -> list[tuple[int, int]]:
    """The true and the predicted class id of each test row."""
    return [(round(t), round(p)) for t, p in zip(report.truth, report.prediction, strict=True)]


def _diverged(report: Report) -> list[str]:
    """A sentence on the diverged runs, if there are any."""
    lost = [run.learning_rate for run in report.runs if run.diverged]
    kept = [run.learning_rate for run in report.runs if not run.diverged]
    if not lost:
        return []
    if len(lost) == 1:
        return [f"1 run diverged (×), at {short(lost[0])}."]
    if not kept:
        return [f"All {len(lost)} runs diverged (×)."]
    where = f", from {short(min(lost))} on" if min(lost) > max(kept) else ""
    return [f"{len(lost)} runs diverged (×){where}."]


def _lower(report: Report) -> list[str]:
    """A sentence on the run of the lowest loss, where that is not the chosen one."""
    lowest = report.lowest
    if lowest is None or lowest is report.chosen:
        return []
    return [f"The lowest loss is {short(lowest.lowest)}, at {short(lowest.learning_rate)}."]


def _basin(report: Report) -> list[str]:
    """A sentence on the neighbouring learning rates that do almost as well, for losses above zero."""
    best, ladder = report.chosen, report.ladder
    if best is None or best.lowest is None or best.lowest <= 0 or len(ladder) < 3:
        return []
    good = [not run.diverged and run.lowest is not None and run.lowest <= 1.05 * best.lowest for run in ladder]
    here = ladder.index(best)
    first = here
    while first > 0 and good[first - 1]:
        first -= 1
    last = here
    while last + 1 < len(ladder) and good[last + 1]:
        last += 1
    if first == last:
        return ["No neighbour comes within 5 % of it."]
    return [f"Within 5 % of it: {short(ladder[first].learning_rate)} to {short(ladder[last].learning_rate)}."]
