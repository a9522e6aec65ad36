"""What a report shows, as plain data: what crosses the border between studies and rendering."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Report", "RunLine", "TargetRows"]


@dataclass(frozen=True)
class RunLine:
    """One run of the ladder.

    Args:
        run: The run's number.
        learning_rate: The optimizer's step size.
        outcome: The code of the run's end ("finished", "stopped", "diverged", …).
        message: The outcome as a sentence.
        epochs: Epochs begun.
        best_epoch: The epoch of the lowest validation loss, counted from 1; 0 where there is none.
        validation_loss: The lowest validation loss; None where it never was finite.
        training: Training loss of each epoch.
        validation: Validation loss of each epoch.
    """

    run: int
    learning_rate: float
    outcome: str
    message: str
    epochs: int
    best_epoch: int
    validation_loss: float | None
    training: tuple[float, ...]
    validation: tuple[float, ...]

    @property
    def diverged(self) -> bool:
        """Whether the run ended in a loss that is not finite, or never had one that was."""
        return self.outcome == "diverged" or self.lowest is None

    @property
    def lowest(self) -> float | None:
        """The lowest validation loss where that is a finite number, else None."""
        loss = self.validation_loss
        return loss if loss is not None and math.isfinite(loss) else None


@dataclass(frozen=True)
class TargetRows:
    """One of several targets that are numbers.

    Args:
        target: Its name.
        truth: Its value in each test row, in its own unit.
        prediction: The prediction for each test row, like ``truth``.
    """

    target: str
    truth: tuple[float, ...]
    prediction: tuple[float, ...]


@dataclass(frozen=True)
class Report:
    """All that a report of a training ladder shows.

    Args:
        title: What was trained on what ("heart: target").
        conclusion: One plain sentence that the numbers support.
        facts: Names and values of what was given ("rows", "181 training, 61 validation, 61 test").
        metrics: The columns of ``scores``.
        scores: Test scores by metric; first the chosen network, then the baselines.
        loss: Name of the loss that the runs made small.
        runs: The runs of the ladder.
        best: The number (`RunLine.run`) of the chosen run; None where no run had a finite loss.
        classes: The target's classes; empty for a target that is a number.
        truth: The target of each test row: class ids, or numbers in the target's own unit; empty for several targets.
        prediction: The prediction for each test row, like ``truth``.
        target: Name of the target column.
        recipe: Names and values of the chosen recipe's fields.
        treatment: What was done to each column: rows of ``column``, ``kind``, ``treatment``, ``features``.
        notes: Announcements, one sentence each.
        versions: What the study was made with.
        several: Each target, where there are several that are numbers.
    """

    title: str
    conclusion: str
    facts: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]
    scores: tuple[tuple[str, dict[str, float | None]], ...]
    loss: str
    runs: tuple[RunLine, ...]
    best: int | None
    classes: tuple[str, ...]
    truth: tuple[float, ...]
    prediction: tuple[float, ...]
    target: str
    recipe: tuple[tuple[str, str], ...]
    treatment: tuple[dict[str, str], ...]
    notes: tuple[str, ...]
    versions: str
    several: tuple[TargetRows, ...] = ()

    @property
    def chosen(self) -> RunLine | None:
        """The chosen run."""
        return next((run for run in self.runs if run.run == self.best), None)

    @property
    def lowest(self) -> RunLine | None:
        """The run of the lowest loss: the chosen one, unless a metric has chosen another."""
        known = [run for run in self.runs if run.lowest is not None]
        return min(known, key=lambda run: (run.lowest, run.run != self.best), default=None)

    @property
    def ladder(self) -> tuple[RunLine, ...]:
        """The runs from the lowest learning rate to the highest."""
        return tuple(sorted(self.runs, key=lambda run: (run.learning_rate, run.run)))
